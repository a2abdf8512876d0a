/**
 * What a handler sends to its caller while it works.
 *
 * I1  A chunk that was sent within a step counts when the step's result is stored, and not when the step fails: the caller is told which.
 * I2  A chunk that was sent outside of steps is sent once: while remembered steps are replayed, it is not sent again. Those after the last
 *     finished step are sent again when the handler is, and so they count when the next step has finished.
 * I3  Sending never fails the handler, and never waits for a caller that is gone.
 *
 * Source: wire-protocol 7.9, sdk 19.
 */
import { jsonText } from "../json/json-text.ts";
import type { Execution } from "../run/execution.ts";
import { enclosingStep } from "../run/nesting.ts";
import { eventText } from "./sse.ts";

/** Text that comes bit by bit. */
export type PipeSource = ReadableStream<string | Uint8Array> | AsyncIterable<string> | (() => AsyncIterable<string>);

export type StreamTools = {
  /** Sends a value, which must be expressible as JSON. Does nothing when the caller didn't ask for a stream. */
  push(data: unknown): void;
  /** Sends text while it comes, chunk by chunk; resolves to all of it. */
  pipe(source: PipeSource): Promise<string>;
};

/** Where events go. */
export type StreamSink = {
  write(events: string): void;
  /** Resolves when there is room for more. */
  ready(): Promise<void>;
};

/** Beginning of an op's text, as `run/op-text.ts` writes it. */
const OP_HEAD = /^\{"op":"(\w+)","id":"([^"]+)"/;

/** Whether the handler will be called again from the same place: no step has finished, and none is waited for. */
export function isSameAgain(ops: readonly string[]): boolean {
  return ops.some((op) => {
    const name = OP_HEAD.exec(op)?.[1];
    return name === "StepError" || name === "DiscoveryRequest";
  });
}

/** Key of what is sent outside of steps. */
const OUTSIDE = null;

export class EndpointStream implements StreamTools {
  readonly #sink: StreamSink | undefined;
  readonly #isForStep: boolean;
  /** Steps of which chunks were sent that don't count yet. */
  readonly #open = new Set<string | null>();
  /** Finished steps when the last chunk outside of steps was sent. */
  #finishedBefore = 0;
  #execution: Execution | undefined;

  /** Without a sink nothing is sent. `isForStep`: the call runs one step only, and all around it is a repetition. */
  constructor(sink: StreamSink | undefined, { isForStep = false }: { readonly isForStep?: boolean } = {}) {
    this.#sink = sink;
    this.#isForStep = isForStep;
  }

  /** The execution whose handler sends. */
  attach(execution: Execution): void {
    this.#execution = execution;
  }

  readonly push = (data: unknown): void => this.#send(data, this.#place());

  readonly pipe = async (source: PipeSource): Promise<string> => {
    const place = this.#place();
    let text = "";
    for await (const chunk of textsOf(typeof source === "function" ? source() : source)) {
      text += chunk;
      this.#send(chunk, place);
      await this.#sink?.ready();
    }
    return text;
  };

  /** Results have been stored, or are about to be (keeps I1). */
  settle(ops: readonly string[]): void {
    if (this.#open.size === 0) return;
    for (const op of ops) {
      const [, name, hash = ""] = OP_HEAD.exec(op) ?? [];
      if (name === "StepRun") this.#close("commit", hash);
      else if (name === "StepError" || name === "StepFailed") this.#close("rollback", hash);
    }
    this.#commitEarlier();
  }

  /** The call of the handler has ended: what it sent outside of steps counts, or it will send it again. */
  end(kind: "commit" | "rollback"): void {
    this.#close(kind, OUTSIDE);
  }

  /** What was sent before the last finished step (keeps I2). */
  #commitEarlier(): void {
    if (this.#finishedBefore < this.#finished()) this.#close("commit", OUTSIDE);
  }

  #finished(): number {
    return this.#execution?.finishedSteps ?? 0;
  }

  #send(data: unknown, place: string | null | undefined): void {
    if (this.#sink === undefined || place === undefined) return;
    const text = jsonText(data, "The streamed value");
    if (place === OUTSIDE) {
      this.#commitEarlier();
      this.#finishedBefore = this.#finished();
    }
    this.#open.add(place);
    const step = place === OUTSIDE ? "" : `,"hashedStepId":${JSON.stringify(place)}`;
    this.#sink.write(`event: inngest.stream\ndata: {"data":${text}${step}}\n\n`);
  }

  /** Hash of the step that is running; undefined: what is sent here was sent before (keeps I2). */
  #place(): string | null | undefined {
    if (this.#execution === undefined) return OUTSIDE;
    const frame = enclosingStep(this.#execution);
    if (frame !== undefined) return frame.hash;
    return this.#isForStep || this.#execution.isReplaying ? undefined : OUTSIDE;
  }

  #close(kind: "commit" | "rollback", place: string | null): void {
    if (this.#open.delete(place)) this.#sink?.write(eventText(`inngest.${kind}`, { hashedStepId: place }));
  }
}

async function* textsOf(source: Exclude<PipeSource, () => unknown>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of source instanceof ReadableStream ? chunksOf(source) : source) {
    const text = typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    if (text !== "") yield text;
  }
}

/** Not every platform can iterate over a stream. */
async function* chunksOf(stream: ReadableStream<string | Uint8Array>): AsyncGenerator<string | Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
