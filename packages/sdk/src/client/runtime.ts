/**
 * What the SDK takes from its surroundings: time, timers, randomness. Replaceable, so that tests and the embedded engine run on a virtual clock.
 */
export type Runtime = {
  /** Unix milliseconds. */
  now(): number;
  /** Milliseconds from an arbitrary start, with fractions; never goes back. For durations. */
  elapsed(): number;
  /** Calls back after at least `ms`. The result cancels it. A timer doesn't keep the process alive by itself. */
  setTimer(ms: number, callback: () => void): () => void;
  randomBytes(count: number): Uint8Array;
};

/** The real surroundings. */
export const systemRuntime: Runtime = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  setTimer(ms, callback) {
    const handle: unknown = setTimeout(callback, ms);
    return () => clearTimeout(handle as ReturnType<typeof setTimeout>);
  },
  randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
};

/** Resolves after `ms`. */
export function delay(runtime: Runtime, ms: number): Promise<void> {
  return new Promise((resolve) => void runtime.setTimer(ms, resolve));
}
