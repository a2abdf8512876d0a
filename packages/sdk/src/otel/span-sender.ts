/**
 * Sends ended spans to the server.
 *
 * I1  Nobody waits for it. What is too much, or can't be delivered, is dropped and counted.
 * I2  One request at a time.
 */
import type { TracedCall } from "../run/tracing.ts";
import { exportBody, type EndedSpan } from "./otlp-json.ts";

const QUEUE_MAX = 4_096;
/** Spans of one request: well below the 8 MiB that servers take. */
const BATCH_MAX = 512;
/** Time for which spans are collected, in milliseconds. */
const COLLECT_MS = 500;

type Ended = { readonly call: TracedCall; readonly span: EndedSpan };

export class SpanSender {
  private queue: Ended[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private sending: Promise<void> | undefined;
  /** Spans that were not sent. */
  dropped = 0;

  add(ended: Ended): void {
    if (this.queue.length >= QUEUE_MAX) this.dropped += 1;
    else this.queue.push(ended);
    if (this.queue.length >= BATCH_MAX) void this.flush();
    else this.startTimer();
  }

  /** Resolves when everything is sent or dropped. Never rejects. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.sending ??= this.sendAll().finally(() => {
      this.sending = undefined;
    });
    return this.sending;
  }

  private startTimer(): void {
    if (this.timer !== undefined || this.sending !== undefined) return;
    this.timer = setTimeout(() => void this.flush(), COLLECT_MS);
    // A process that has nothing else to do may end.
    (this.timer as { unref?: () => void }).unref?.();
  }

  private async sendAll(): Promise<void> {
    while (this.queue.length > 0) {
      const owner = this.queue[0]?.call.owner;
      const batch = this.queue.filter(({ call }) => call.owner === owner).slice(0, BATCH_MAX);
      const taken = new Set(batch);
      this.queue = this.queue.filter((ended) => !taken.has(ended));
      await this.sendBatch(batch);
    }
  }

  private async sendBatch(batch: readonly Ended[]): Promise<void> {
    try {
      const reply = await batch[0]?.call.send(exportBody(batch.map(({ span }) => span)));
      if (reply === undefined || reply.status >= 300) this.dropped += batch.length;
    } catch {
      this.dropped += batch.length;
    }
  }
}
