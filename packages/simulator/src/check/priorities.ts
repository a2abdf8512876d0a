/**
 * Priority: a run's place in its lane is what its event says; and where the store never fails, of the runs that wait for their start in a
 * lane the first goes first.
 */
import type { RunRow } from "@pawl/engine";
import { hasSoundStore } from "../world/scenario.ts";
import { ofKind, type CheckContext, type Checker } from "./checker.ts";
import { latenessMs } from "./lateness.ts";

type Start = { readonly run: RunRow; readonly waitsFrom: number; readonly calledAt: number };

/** Makes the checker. */
export function checkPriorities({ mirror, programs, scenario, now, report }: CheckContext): Checker {
  const waitsFrom = new Map<string, number>();
  const calledAt = new Map<string, number>();
  const checkScore = ({ id, functionId, eventIds, queuedAt, score }: RunRow): void => {
    const n = mirror.events.get(eventIds[0] ?? "")?.data.n;
    const seconds = (programs.get(functionId)?.flow.prioritySeconds ?? 0) * (typeof n === "number" ? n : 0);
    if (score !== queuedAt - seconds * 1_000)
      report(`run ${id} has the score ${score}, scheduled at ${queuedAt} with ${seconds} s of priority`);
  };
  return {
    committing: ({ changeSet, at }) => {
      for (const { run } of ofKind(changeSet, "insert-run")) checkScore(run);
      for (const { item } of ofKind(changeSet, "insert-item"))
        if (item.kind === "start") waitsFrom.set(item.runId, Math.max(item.dueAt, at));
    },
    callBegan: ({ itemId, body: { ctx } }) => {
      if (itemId.endsWith("/start") && !calledAt.has(ctx.run_id)) calledAt.set(ctx.run_id, now());
    },
    ended: () => {
      if (!hasSoundStore(scenario)) return;
      const late = latenessMs(scenario);
      const starts = [...calledAt].flatMap(([runId, at]): readonly Start[] => {
        const run = mirror.runs.get(runId);
        return run === undefined ? [] : [{ run, waitsFrom: waitsFrom.get(runId) ?? at, calledAt: at }];
      });
      for (const lane of Map.groupBy(starts, ({ run }) => run.lane).values()) {
        for (const first of lane)
          for (const later of lane)
            if (first.run.score < later.run.score && first.waitsFrom + late < later.calledAt && later.calledAt + late < first.calledAt)
              report(`run ${later.run.id} went before run ${first.run.id}, which waited and comes first in the lane ${first.run.lane}`);
      }
    },
  };
}
