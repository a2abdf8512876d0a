/**
 * Answers to requests of before this server's start: their workers worked on while it was away.
 *
 * I1  An answer is for one attempt of one queue item, which the request said and the answer says again. It is used for the next call of
 *     just that, or for the one that is under way; what was decided meanwhile has made it another attempt, or another item.
 * I2  It is confirmed when what follows from it is stored, or after `CONNECT_RETURN_MS`: what no call has asked for until then may never be
 *     asked for. It is kept for a while longer, in memory: what is lost with it is made anew.
 * I3  What is kept is bounded in number and bytes; what does not fit is confirmed and made anew.
 *
 * Spec: wire 9.6; semantics 12.1.
 */
import { CONNECT_RETURN_MS, type WorkerReply } from "@pawl/protocol";
import { parseJson } from "../http/ui/stored-json.ts";
import { isRecord } from "../json.ts";
import type { Clock, Timer } from "../ports/clock.ts";

const COUNT_MAX = 1_000;
const BYTES_MAX: number = 64 * 1024 * 1024;
const KEPT_MS = 60_000;

export type EarlyAnswer = { readonly reply: WorkerReply; readonly isStored: (isStored: boolean) => void };

type Kept = EarlyAnswer & { readonly timers: readonly Timer[] };

export class EarlyAnswers {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Keeps an answer. Resolves with whether its worker may forget it. */
  keep(key: string, reply: WorkerReply): Promise<boolean> {
    this.#forget(key);
    if (this.#kept.size >= COUNT_MAX || this.#bytes + reply.body.length > BYTES_MAX) return Promise.resolve(true);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timers = [this.#clock.setTimer(CONNECT_RETURN_MS, () => resolve(true)), this.#clock.setTimer(KEPT_MS, () => this.#forget(key))];
    this.#kept.set(key, { reply, isStored: resolve, timers });
    this.#bytes += reply.body.length;
    return promise;
  }

  /** The answer for a call, which is then the caller's. */
  take(key: string): EarlyAnswer | undefined {
    const kept = this.#kept.get(key);
    if (kept !== undefined) this.#remove(key, kept);
    return kept;
  }

  /** Lets all go, for the server that comes after. */
  stop(): void {
    for (const key of this.#kept.keys()) this.take(key)?.isStored(false);
  }

  #forget(key: string): void {
    this.take(key)?.isStored(true);
  }

  #remove(key: string, { reply, timers }: Kept): void {
    for (const timer of timers) timer.cancel();
    this.#kept.delete(key);
    this.#bytes -= reply.body.length;
  }
}

/** What a request says of itself, for its answer to say again. Texts: some SDKs read it as a map of texts. */
export function systemContextOf({ jobId, attempt }: { readonly jobId: string; readonly attempt: number }): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ job_id: jobId, attempt: String(attempt) }));
}

/** What calls and answers of the same attempt of the same item have in common. */
export function answerKey({ jobId, attempt }: { readonly jobId: string; readonly attempt: number | string }): string {
  return `${jobId} ${attempt}`;
}

/** The item of a key. */
export function jobOfKey(key: string): string {
  return key.slice(0, key.lastIndexOf(" "));
}

/** The key that an answer says; undefined where it says none, or that its call was told to stop: another one is being made. */
export function keyOfAnswer({ systemTraceCtx, noRetry, body }: WorkerReply): string | undefined {
  return noRetry && isOfStoppedCall(body) ? undefined : contextKey(systemTraceCtx);
}

/** The key in what workers say again of a request; undefined where it is not there. */
export function contextKey(systemTraceCtx: Uint8Array): string | undefined {
  const context = parseJson(new TextDecoder().decode(systemTraceCtx));
  if (!isRecord(context)) return undefined;
  const { job_id: jobId, attempt } = context;
  return typeof jobId === "string" && typeof attempt === "string" ? answerKey({ jobId, attempt }) : undefined;
}

/** What SDKs answer whose checkpoint was refused with 409. */
function isOfStoppedCall(body: Uint8Array): boolean {
  const error = parseJson(new TextDecoder().decode(body));
  return isRecord(error) && error["name"] === "StaleDispatchError";
}
