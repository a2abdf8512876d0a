/**
 * Puts texts together that are published bit by bit.
 *
 * I1  At most STREAMS_MAX are open; a start beyond that ends the oldest with an error.
 * I2  A piece whose start was missed belongs to no stream and is dropped.
 */
import type { RawMessage } from "./message.ts";

const STREAMS_MAX = 100;

type Open = { readonly stream: ReadableStream<string>; readonly controller: ReadableStreamDefaultController<string> };

export class TextStreams {
  readonly #open = new Map<string, Open>();

  /** The stream that a message belongs to; undefined where it is to be dropped. */
  take({ kind, streamId = "", data }: RawMessage): ReadableStream<string> | undefined {
    if (kind === "datastream-start") return this.#start(streamId);
    const open = this.#open.get(streamId);
    if (kind === "chunk") quietly(() => open?.controller.enqueue(String(data)));
    else this.#end(streamId);
    return open?.stream;
  }

  /** The connection is gone: what is open has no end. */
  fail(error: Error): void {
    for (const { controller } of this.#open.values()) quietly(() => controller.error(error));
    this.#open.clear();
  }

  #start(streamId: string): ReadableStream<string> {
    if (this.#open.size >= STREAMS_MAX) this.#dropOldest();
    let controller!: ReadableStreamDefaultController<string>;
    const stream = new ReadableStream<string>({
      start(given) {
        controller = given;
      },
    });
    this.#open.set(streamId, { stream, controller });
    return stream;
  }

  #end(streamId: string): void {
    const open = this.#open.get(streamId);
    this.#open.delete(streamId);
    quietly(() => open?.controller.close());
  }

  #dropOldest(): void {
    const [id, open] = this.#open.entries().next().value ?? [];
    if (id === undefined) return;
    this.#open.delete(id);
    quietly(() => open?.controller.error(new Error("Too many streams are open at the same time.")));
  }
}

/** A reader that has gone away is no error. */
function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // The stream was cancelled by its reader.
  }
}
