/**
 * Events to a caller that listens at the server, because its run went on without it.
 *
 * I1  Events arrive in the order in which they were written: one request at a time carries all that came meanwhile.
 * I2  Each call of the endpoint tells first which run it is about.
 * I3  What can't be sent is dropped with a warning: nobody may be listening, and the answer is stored anyway.
 *
 * Source: wire-protocol 7.9, 10.5.
 */
import { HEADER } from "@pawl/protocol";
import type { Connection } from "../client/connection.ts";
import type { Logger } from "../logger.ts";
import { eventText } from "./sse.ts";
import type { StreamSink } from "./stream.ts";

/** Characters that wait before `pipe` waits, too; also about what one request carries. Below the server's limit for a request. */
const WAITING_CHARS_MAX = 128 * 1_024;

export type TeeOptions = { readonly connection: Connection; readonly runId: string; readonly logger: Logger };

export class TeeSink implements StreamSink {
  readonly #options: TeeOptions;
  #waiting: string;
  #sending: Promise<void> | undefined;

  constructor(options: TeeOptions) {
    this.#options = options;
    this.#waiting = eventText("inngest.metadata", { runId: options.runId });
  }

  write(events: string): void {
    this.#waiting += events;
    this.#sending ??= this.#send();
  }

  async ready(): Promise<void> {
    if (this.#waiting.length >= WAITING_CHARS_MAX) await this.#sending;
  }

  /** Resolves when everything has been sent. */
  async drained(): Promise<void> {
    await this.#sending;
  }

  /** Keeps I1 and I3. */
  async #send(): Promise<void> {
    const { connection, runId, logger } = this.#options;
    const path = `v1/realtime/publish/tee?channel=${encodeURIComponent(runId)}`;
    const headers = { [HEADER.contentType]: "application/octet-stream" };
    // What is written in the same turn goes with the same request.
    await Promise.resolve();
    while (this.#waiting !== "") {
      const body = this.#waiting;
      this.#waiting = "";
      try {
        const reply = await connection.callApi({ method: "POST", path, headers, body });
        if (reply.status >= 300) logger.warn(`The stream of run ${runId} was refused (HTTP ${reply.status}: ${reply.body.slice(0, 500)}).`);
      } catch (error) {
        logger.warn(`The stream of run ${runId} could not be sent.`, error);
      }
    }
    this.#sending = undefined;
  }
}
