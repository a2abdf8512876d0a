/**
 * In a world without faults, a step's body runs once, and again only after it failed.
 *
 * Left out: races, and request version 1, which asks after every step. There calls that ask what is next overlap, and two of them may
 * run the same step.
 */
import { statementsOf } from "../app/program.ts";
import { isClean } from "../world/scenario.ts";
import type { CheckContext, Checker } from "./checker.ts";

/** Makes the checker. */
export function checkExecutions({ mirror, programs, scenario, report }: CheckContext): Checker {
  if (!isClean(scenario)) return {};
  const done = new Set<string>();
  return {
    executed: ({ runId, slug, stepId, isOk }) => {
      const program = programs.get(mirror.runs.get(runId)?.functionId ?? "");
      if (program?.slug !== slug || program.requestVersion === 1) return;
      for (const statement of statementsOf(program.body)) if (statement.kind === "parallel" && statement.mode === "race") return;
      const key = `${runId}/${stepId}`;
      if (done.has(key)) report(`the body of step ${stepId} of run ${runId} runs again after it was done`);
      if (isOk) done.add(key);
    },
  };
}
