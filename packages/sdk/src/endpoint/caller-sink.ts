/**
 * Events to the caller, in the answer to its own request.
 *
 * I1  A caller that is gone changes nothing for the handler: what is written then is dropped.
 * I2  A comment is written from time to time, because proxies cut connections that are silent.
 */
import type { Runtime } from "../client/runtime.ts";
import type { StreamSink } from "./stream.ts";

/** Bytes that wait for a slow caller before `pipe` waits, too. */
const WAITING_BYTES_MAX = 256 * 1_024;

/** Interval of comments, milliseconds: below the idle limit of all known proxies. */
const COMMENT_MS = 15_000;

export class CallerSink implements StreamSink {
  readonly body: ReadableStream<Uint8Array>;
  readonly #encoder = new TextEncoder();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  readonly #runtime: Runtime;
  #waiting: (() => void)[] = [];
  #stopComments: () => void;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#stopComments = runtime.setTimer(COMMENT_MS, () => this.#comment());
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#wake(),
        cancel: () => this.#leave(),
      },
      { highWaterMark: WAITING_BYTES_MAX, size: (chunk) => chunk?.byteLength ?? 0 },
    );
  }

  write(events: string): void {
    this.#controller?.enqueue(this.#encoder.encode(events));
  }

  async ready(): Promise<void> {
    if ((this.#controller?.desiredSize ?? 1) > 0) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Nothing more will come. */
  end(): void {
    this.#controller?.close();
    this.#leave();
  }

  /** Keeps I2. Behind what waits for a slow caller, it would only make the queue longer. */
  #comment(): void {
    this.#stopComments = this.#runtime.setTimer(COMMENT_MS, () => this.#comment());
    if ((this.#controller?.desiredSize ?? 0) > 0) this.write(":\n\n");
  }

  /** Keeps I1. */
  #leave(): void {
    this.#stopComments();
    this.#controller = undefined;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
