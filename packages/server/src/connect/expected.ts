/**
 * Calls that workers had when the server before this one stopped: they are not made anew while their worker may come back with them.
 *
 * I1  A call waits for its worker at most `WAIT_MS`: one that extends its lease comes within `CONNECT_EXTEND_MS` of its connection.
 * I2  What nobody has come back with `EXPECTED_MS` after the start is not expected any more.
 *
 * Spec: wire 9.5, 9.8; semantics 12.1.
 */
import { CONNECT_EXTEND_MS } from "@pawl/protocol";
import type { Clock, Timer } from "../ports/clock.ts";

const WAIT_MS: number = 2 * CONNECT_EXTEND_MS;
export const EXPECTED_MS = 60_000;

export class Expected {
  readonly #clock: Clock;
  readonly #keys = new Set<string>();
  readonly #waiting = new Map<string, (isFound: boolean) => void>();
  #timer: Timer | undefined;
  #isStopping = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Before the first call. */
  expect(keys: readonly string[]): void {
    for (const key of keys) this.#keys.add(key);
    if (keys.length > 0) this.#timer = this.#clock.setTimer(EXPECTED_MS, () => this.#keys.clear());
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** Somebody has come with it: it is expected no more, and the call that waits goes on. */
  found(key: string): void {
    this.#keys.delete(key);
    this.#waiting.get(key)?.(true);
  }

  /** Resolves with whether somebody has come; at once where nobody is expected. A call that has waited in vain, or has ended, expects nobody. */
  wait(key: string, signal: AbortSignal): Promise<boolean> {
    if (!this.#keys.has(key) || signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (isFound: boolean): void => {
        timer.cancel();
        signal.removeEventListener("abort", giveUp);
        this.#waiting.delete(key);
        resolve(isFound);
      };
      const giveUp = (): void => {
        if (!this.#isStopping) this.#keys.delete(key);
        end(false);
      };
      const timer = this.#clock.setTimer(WAIT_MS, giveUp);
      signal.addEventListener("abort", giveUp);
      this.#waiting.set(key, end);
    });
  }

  /** From now on calls end because the server stops. */
  drain(): void {
    this.#isStopping = true;
  }

  /** Returns what is still expected. */
  stop(): readonly string[] {
    this.#timer?.cancel();
    for (const end of this.#waiting.values()) end(false);
    return [...this.#keys];
  }
}
