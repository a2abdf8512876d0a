/** Named timers of one call: each is set at most once at a time, and all end with the call. */
import type { Runtime } from "../client/runtime.ts";

/**
 * `idle`: the function is busy with something that is no step. `interval`: results wait in the buffer. `target`: the step that the server asked for
 * has not been reached.
 */
export type AlarmName = "idle" | "interval" | "target";

export class Alarms {
  private readonly runtime: Runtime;
  private readonly cancels = new Map<AlarmName, () => void>();

  constructor(runtime: Runtime) {
    this.runtime = runtime;
  }

  /** Calls back after `ms`, unless cleared before. Does nothing while the alarm is set. */
  set(name: AlarmName, ms: number, callback: () => void): void {
    if (this.cancels.has(name)) return;
    const fire = (): void => {
      this.cancels.delete(name);
      callback();
    };
    this.cancels.set(name, this.runtime.setTimer(ms, fire));
  }

  clear(name: AlarmName): void {
    this.cancels.get(name)?.();
    this.cancels.delete(name);
  }

  clearAll(): void {
    for (const cancel of this.cancels.values()) cancel();
    this.cancels.clear();
  }
}
