/**
 * Waiting for the end of a run.
 *
 * I1  Nothing polls: the run's own change ends the wait, or the time-out does.
 * I2  An end between the caller's last look and the wait is not missed: first it watches, then it looks.
 */
import type { RunRow } from "@pawl/engine";
import type { Engine } from "../core/engine.ts";

export type Wait = { readonly timeoutMs: number; readonly signal: AbortSignal };

/** The run as it is when it has ended, or when the time is up; undefined where there is none. */
export async function waitForRun(engine: Engine, runId: string, { timeoutMs, signal }: Wait): Promise<RunRow | undefined> {
  const ended = Promise.withResolvers<RunRow | undefined>();
  const stop = (): void => ended.resolve(undefined);
  const unwatch = engine.live.watch((change) => {
    if (change.kind === "run" && change.run.id === runId && change.run.endedAt !== undefined) ended.resolve(change.run);
  });
  const timer = engine.clock.setTimer(timeoutMs, stop);
  signal.addEventListener("abort", stop, { once: true });
  try {
    const known = await runOf(engine, runId);
    if (known === undefined || known.endedAt !== undefined || signal.aborted || timeoutMs === 0) return known;
    return (await ended.promise) ?? (await runOf(engine, runId));
  } finally {
    unwatch();
    timer.cancel();
    signal.removeEventListener("abort", stop);
  }
}

async function runOf({ store }: Engine, runId: string): Promise<RunRow | undefined> {
  const [run] = await store.history.runsByIds([runId]);
  return run;
}
