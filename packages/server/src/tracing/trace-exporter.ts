/**
 * Sends the traces of ended runs to a collector, by OTLP over HTTP with JSON.
 *
 * I1  Exporting is beside the engine's work: it never waits, and a collector that fails costs a bounded number of remembered run ids. What
 *     is too much, or fails again and again, is dropped and counted.
 * I2  Runs are read from the store when their batch is sent, so memory holds no spans but those of one batch.
 *
 * A run that ends just before the process is killed is not exported.
 *
 * Spec: https://opentelemetry.io/docs/specs/otlp/#otlphttp.
 */
import type { Store } from "@pawl/store";
import type { Engine } from "../core/engine.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { type ExportedSpan, exportedSpans, type Names } from "./run-spans.ts";

/** Sends a body; resolves with the status of the answer. Rejects when none came. */
export type SendTraces = (body: string) => Promise<number>;

export type TraceExporterOptions = {
  readonly send: SendTraces;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly version: string;
  /** `service.name` of the resource. Default `pawl`. */
  readonly serviceName?: string;
};

const QUEUE_MAX = 20_000;
/** Runs in one request. */
const BATCH_MAX = 200;
/** Time for which runs are collected before they are sent. */
const COLLECT_MS = 1_000;
const TRIES_MAX = 5;
const RETRY_MS = 1_000;

export class TraceExporter {
  readonly #options: TraceExporterOptions;
  readonly #queue: string[] = [];
  #source: { readonly store: Pick<Store, "history">; readonly names: Names } | undefined;
  #unwatch: () => void = () => {};
  #timer: Timer | undefined;
  #sending: Promise<void> | undefined;
  #isStopping = false;
  /** Ends a wait before another try. */
  #wake: () => void = () => {};
  /** Runs whose traces were sent, and those whose were not: the collector failed, or there were too many. */
  exported = 0;
  dropped = 0;

  constructor(options: TraceExporterOptions) {
    this.#options = options;
  }

  /** Whose runs are exported. Once. */
  attach({ store, registry, live }: Pick<Engine, "store" | "registry" | "live">): void {
    this.#source = { store, names: registry };
    this.#unwatch = live.watch((change) => {
      if (change.kind === "run" && change.run.endedAt !== undefined) this.#add(change.run.id);
    });
  }

  /** Sends what is left, once, and nothing more. */
  async stop(): Promise<void> {
    this.#unwatch();
    this.#isStopping = true;
    this.#timer?.cancel();
    this.#wake();
    await this.#sending;
    await this.#drain();
  }

  #add(runId: string): void {
    if (this.#queue.length >= QUEUE_MAX) this.dropped += 1;
    else this.#queue.push(runId);
    this.#arm(this.#queue.length >= BATCH_MAX ? 0 : COLLECT_MS);
  }

  #arm(delayMs: number): void {
    if (this.#isStopping || this.#sending !== undefined || (this.#timer !== undefined && delayMs > 0)) return;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.setTimer(delayMs, () => {
      this.#timer = undefined;
      this.#sending = this.#drain().finally(() => {
        this.#sending = undefined;
        if (this.#queue.length > 0) this.#arm(COLLECT_MS);
      });
    });
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const runIds = this.#queue.splice(0, BATCH_MAX);
      const isSent = await this.#sendBatch(runIds).catch((error: unknown) => {
        this.#options.logger.error({ error: String(error) }, "reading runs for the export of their traces failed");
        return false;
      });
      if (isSent) this.exported += runIds.length;
      else this.dropped += runIds.length;
      // A collector that fails must not hold up the end.
      if (!isSent && this.#isStopping) this.dropped += this.#queue.splice(0).length;
    }
  }

  async #sendBatch(runIds: readonly string[]): Promise<boolean> {
    const spans: ExportedSpan[] = [];
    for (const runId of new Set(runIds)) {
      const detail = await this.#source?.store.history.runDetail(runId);
      if (detail !== undefined && this.#source !== undefined) spans.push(...exportedSpans(detail, this.#source.names));
    }
    if (spans.length === 0) return true;
    const body = this.#bodyOf(spans);
    for (let tries = 1; ; tries++) {
      const outcome = await this.#try(body);
      if (outcome === "taken") return true;
      if (outcome === "refused" || tries >= TRIES_MAX || this.#isStopping) return false;
      await this.#wait(RETRY_MS * 2 ** (tries - 1));
    }
  }

  async #try(body: string): Promise<"taken" | "refused" | "again"> {
    const { send, logger } = this.#options;
    try {
      const status = await send(body);
      if (status >= 200 && status < 300) return "taken";
      logger.warn({ status }, "the collector of traces refused them");
      return status === 429 || status >= 500 ? "again" : "refused";
    } catch (error) {
      logger.warn({ error: String(error) }, "the collector of traces can't be reached");
      return "again";
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.setTimer(ms, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #bodyOf(spans: readonly ExportedSpan[]): string {
    const { serviceName = "pawl", version } = this.#options;
    const attributes = [
      { key: "service.name", value: { stringValue: serviceName } },
      { key: "service.version", value: { stringValue: version } },
    ];
    return JSON.stringify({ resourceSpans: [{ resource: { attributes }, scopeSpans: [{ scope: { name: "pawl", version }, spans }] }] });
  }
}
