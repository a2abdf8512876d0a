/**
 * `GET /ready`: whether the server should get work. Open to anyone, as probes have no keys; it tells nothing but that.
 *
 * I1  200 only while the engine works and the store has just committed; else 503 with a code: `starting`, `draining`, `store-unavailable`.
 * I2  However many ask, one question goes to the store at a time.
 */
import type { Store } from "@pawl/store";
import type { FastifyInstance } from "fastify";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { sendError } from "./errors.ts";

/** A store that takes longer is as good as none. Below the usual time-out of probes, so that the reason arrives. */
const STORE_MS_MAX = 800;

export type ReadinessOptions = {
  readonly store: Pick<Store, "apply">;
  readonly clock: Clock;
  readonly logger: Logger;
};

export type Ready = { readonly isReady: true } | { readonly isReady: false; readonly code: string; readonly message: string };

const STARTING: Ready = { isReady: false, code: "starting", message: "The server reads what is stored and has not begun to work." };
const DRAINING: Ready = { isReady: false, code: "draining", message: "The server is stopping: it finishes what is in progress." };
const UNAVAILABLE: Ready = { isReady: false, code: "store-unavailable", message: "The store does not answer; the server's log says more." };

export class Readiness {
  readonly #options: ReadinessOptions;
  #phase: "starting" | "working" | "draining" = "starting";
  #asking: Promise<boolean> | undefined;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** The engine has started. */
  started(): void {
    this.#phase = "working";
  }

  /** The server is about to stop. */
  drain(): void {
    this.#phase = "draining";
  }

  async check(): Promise<Ready> {
    if (this.#phase === "starting") return STARTING;
    if (this.#phase === "draining") return DRAINING;
    this.#asking ??= this.#storeAnswers().finally(() => (this.#asking = undefined));
    return (await this.#asking) ? { isReady: true } : UNAVAILABLE;
  }

  /** An empty commit: it is done when what was handed over before it is. */
  async #storeAnswers(): Promise<boolean> {
    const { store, clock, logger } = this.#options;
    const answer = Promise.withResolvers<boolean>();
    const timer = clock.setTimer(STORE_MS_MAX, () => {
      logger.warn({ waitedMs: STORE_MS_MAX }, "the store does not answer: not ready");
      answer.resolve(false);
    });
    store.apply({ guards: [], changes: [] }).then(
      () => answer.resolve(true),
      (error: unknown) => {
        logger.warn({ error: String(error) }, "the store failed: not ready");
        answer.resolve(false);
      },
    );
    try {
      return await answer.promise;
    } finally {
      timer.cancel();
    }
  }
}

/** The route, for `createHttpServer`. */
export function readyRoutes(readiness: Pick<Readiness, "check">): (app: FastifyInstance) => void {
  return (app) => {
    app.get("/ready", async (_request, reply) => {
      const ready = await readiness.check();
      void reply.header("cache-control", "no-store");
      if (ready.isReady) return { status: 200, message: "OK" };
      const { code, message } = ready;
      return sendError(reply, { status: 503, code, message });
    });
  };
}
