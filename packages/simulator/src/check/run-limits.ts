/**
 * Limits on whole runs: at no instant are more runs of a key under way, from the first call to the end.
 *
 * A call whose node has died before the start of its run was stored doesn't count: the next node can't know of it.
 */
import type { RunRow } from "@pawl/engine";
import { keyOf } from "../app/flow-options.ts";
import type { CheckContext, Checker } from "./checker.ts";

/** Makes the checker. */
export function checkRunLimits({ mirror, programs, report }: CheckContext): Checker {
  /** The node that last called for a run. */
  const calledBy = new Map<string, number>();
  /** Runs that were called for, by key. */
  const underway = new Map<string, Set<string>>();
  const keyFor = (run: RunRow): string | undefined => {
    const limit = programs.get(run.functionId)?.flow.runLimit;
    if (limit === undefined) return undefined;
    return `${run.functionId} for ${keyOf(limit, mirror.events.get(run.eventIds[0] ?? "")?.data ?? {}) ?? "none"}`;
  };
  let newestNode = 0;
  const countsNow = (runId: string): boolean => {
    const run = mirror.runs.get(runId);
    if (run === undefined || run.endedAt !== undefined) return false;
    return run.startedAt !== undefined || calledBy.get(runId) === newestNode;
  };
  return {
    callBegan: ({ node, slug, body: { ctx } }) => {
      const run = mirror.runs.get(ctx.run_id);
      const limit = programs.get(slug)?.flow.runLimit?.limit;
      const key = run === undefined ? undefined : keyFor(run);
      if (run === undefined || limit === undefined || key === undefined || node < newestNode) return;
      newestNode = node;
      calledBy.set(run.id, node);
      const runs = underway.get(key) ?? new Set();
      underway.set(key, runs.add(run.id));
      const counting = [...runs].filter(countsNow);
      if (counting.length > limit) report(`${counting.length} runs of ${key} are under way, ${limit} may be: ${counting.join(", ")}`);
    },
  };
}
