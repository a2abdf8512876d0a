/** Time as the services see it. Production: the system's clock. Simulator: virtual time. */
export interface Clock {
  /** Milliseconds since the epoch. Never goes back by more than the system's clock does. */
  now(): number;
  /** Calls back once, `delayMs` from now at the earliest. Timers never keep the process alive by themselves. */
  setTimer(delayMs: number, callback: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}

/** Longest delay of the system's timers; longer ones are cut, so callers must check the time when called back. */
const TIMER_MS_MAX = 2_147_000_000;

/** The system's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(delayMs, callback) {
    const handle = setTimeout(callback, Math.min(Math.max(delayMs, 0), TIMER_MS_MAX));
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};
