/**
 * Time limits of whole runs: none is cancelled by them before its time; and where nothing fails, none goes on beyond it.
 */
import { isOfBatch, type RunRow } from "@pawl/engine";
import { isClean } from "../world/scenario.ts";
import { ofKind, type CheckContext, type Checker } from "./checker.ts";
import { latenessMs } from "./lateness.ts";

const START = "(timeouts.start)";
const FINISH = "(timeouts.finish)";

/** Makes the checker. */
export function checkRunTimeouts({ mirror, programs, scenario, now, report }: CheckContext): Checker {
  const clean = isClean(scenario);
  const firstCallAt = new Map<string, number>();
  const startBy = (run: RunRow, startMs: number): number => {
    const ts = !isOfBatch(run) ? (mirror.events.get(run.eventIds[0] ?? "")?.row.ts ?? 0) : 0;
    return (run.rerunOf === undefined ? Math.max(run.queuedAt, ts) : run.queuedAt) + startMs;
  };
  const checkCancelled = (run: RunRow, at: number): void => {
    const { startMs, finishMs } = programs.get(run.functionId)?.flow ?? {};
    if (run.endReason?.includes(START) === true) {
      if (startMs === undefined || at < startBy(run, startMs)) report(`run ${run.id} was cancelled before its time to start was over`);
      if (clean && firstCallAt.has(run.id)) report(`run ${run.id} was cancelled for not starting, but it had`);
    }
    if (run.endReason?.includes(FINISH) !== true) return;
    if (finishMs === undefined || run.startedAt === undefined || at < run.startedAt + finishMs)
      report(`run ${run.id} was cancelled before its time to end was over`);
  };
  const checkPrompt = (run: RunRow): void => {
    const { startMs, finishMs } = programs.get(run.functionId)?.flow ?? {};
    const late = latenessMs(scenario);
    const startedAt = firstCallAt.get(run.id) ?? run.endedAt ?? Infinity;
    if (startMs !== undefined && startedAt > startBy(run, startMs) + late)
      report(`run ${run.id} started ${startedAt - startBy(run, startMs)} ms after its time to start was over`);
    const end = finishMs === undefined || run.startedAt === undefined ? Infinity : run.startedAt + finishMs;
    if ((run.endedAt ?? 0) > end + late) report(`run ${run.id} ended ${(run.endedAt ?? 0) - end} ms after its time was over`);
  };
  return {
    callBegan: ({ body: { ctx } }) => {
      if (!firstCallAt.has(ctx.run_id)) firstCallAt.set(ctx.run_id, now());
    },
    committing: ({ changeSet, at }) => {
      for (const { run } of ofKind(changeSet, "update-run")) if (run.status === "CANCELLED") checkCancelled(run, at);
    },
    ended: () => {
      if (clean) for (const run of mirror.runs.values()) if (run.status !== "SKIPPED") checkPrompt(run);
    },
  };
}
