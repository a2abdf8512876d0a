/**
 * Events to the caller, in the answer to its own request.
 *
 * I1  A caller that is gone changes nothing for the handler: what is written then is dropped.
 */
import type { StreamSink } from "./stream.ts";

/** Bytes that wait for a slow caller before `pipe` waits, too. */
const WAITING_BYTES_MAX = 256 * 1_024;

export class CallerSink implements StreamSink {
  readonly body: ReadableStream<Uint8Array>;
  readonly #encoder = new TextEncoder();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #waiting: (() => void)[] = [];

  constructor() {
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

  /** Keeps I1. */
  #leave(): void {
    this.#controller = undefined;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
