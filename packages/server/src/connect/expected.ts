/**
 * Calls that workers had when the server before this one stopped: they are not made anew while their worker may come back with them, and
 * what it saves meanwhile is saved.
 *
 * I1  A call waits for its worker at most `WAIT_MS`: one that extends its lease comes within `CONNECT_EXTEND_MS` of its connection.
 * I2  What nobody has come back with `EXPECTED_MS` after the start is not expected any more, and neither is what was made anew.
 *
 * Spec: wire 7.3, 9.5, 9.8; semantics 12.1.
 */
import { CONNECT_EXTEND_MS } from "@pawl/protocol";
import type { Clock, Timer } from "../ports/clock.ts";
import type { HandedOver } from "../ports/handed-over.ts";
import { answerKey, jobOfKey } from "./early-answers.ts";

const WAIT_MS: number = 2 * CONNECT_EXTEND_MS;
export const EXPECTED_MS = 60_000;

/** One attempt of a queue item, by the generation with which a worker was asked for it. */
export type HandedOverCall = { readonly jobId: string; readonly attempt: number; readonly generation: number };

type Entry = {
  readonly call: HandedOverCall;
  /** Its worker has come back with it, or with its answer. */
  isFound: boolean;
  readonly called: PromiseWithResolvers<void>;
  /** Ends the wait of the call. */
  end: ((isFound: boolean) => void) | undefined;
};

export class Expected implements HandedOver {
  readonly #clock: Clock;
  /** By item. */
  readonly #entries = new Map<string, Entry>();
  #timer: Timer | undefined;
  #isStopping = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Before the first call. */
  expect(calls: readonly HandedOverCall[]): void {
    for (const call of calls) this.#entries.set(call.jobId, { call, isFound: false, called: Promise.withResolvers(), end: undefined });
    if (calls.length > 0) this.#timer = this.#clock.setTimer(EXPECTED_MS, () => this.#expire());
  }

  /** The call that is expected under a key, and that nobody has come with. */
  get(key: string): HandedOverCall | undefined {
    const entry = this.#entries.get(jobOfKey(key));
    return entry === undefined || entry.isFound || answerKey(entry.call) !== key ? undefined : entry.call;
  }

  has(itemId: string, generation: number | undefined): boolean {
    const entry = this.#entries.get(itemId);
    return entry !== undefined && (generation === undefined || generation === entry.call.generation);
  }

  called(itemId: string): Promise<void> {
    return this.#entries.get(itemId)?.called.promise ?? Promise.resolve();
  }

  /** Somebody has come with it: the call that waits goes on. */
  found(key: string): void {
    const entry = this.#entries.get(jobOfKey(key));
    if (entry === undefined) return;
    entry.isFound = true;
    entry.end?.(true);
  }

  /** Its call is over, or is made anew. */
  forget(key: string): void {
    const jobId = jobOfKey(key);
    this.#entries.get(jobId)?.called.resolve();
    this.#entries.delete(jobId);
  }

  /** The call is made. Resolves with whether somebody has come with it; at once where nobody is expected. */
  wait(key: string, signal: AbortSignal): Promise<boolean> {
    const entry = this.#entries.get(jobOfKey(key));
    entry?.called.resolve();
    if (entry === undefined || this.get(key) === undefined || signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (isFound: boolean): void => {
        timer.cancel();
        signal.removeEventListener("abort", giveUp);
        entry.end = undefined;
        resolve(isFound);
      };
      const giveUp = (): void => {
        if (!this.#isStopping) this.forget(key);
        end(false);
      };
      const timer = this.#clock.setTimer(WAIT_MS, giveUp);
      signal.addEventListener("abort", giveUp);
      entry.end = end;
    });
  }

  /** From now on calls end because the server stops. */
  drain(): void {
    this.#isStopping = true;
  }

  /** Returns what is still expected. */
  stop(): readonly HandedOverCall[] {
    this.#timer?.cancel();
    const entries = [...this.#entries.values()];
    for (const { end, called } of entries) {
      called.resolve();
      end?.(false);
    }
    return entries.map(({ call }) => call);
  }

  /** Keeps I2. */
  #expire(): void {
    for (const { call, isFound, end } of this.#entries.values()) if (!isFound && end === undefined) this.forget(answerKey(call));
  }
}
