/**
 * What a step's body, or the whole function in the end, saw of earlier steps is what is stored: no result depends on one that was lost. And
 * what the function returned is stored.
 *
 * Left out: functions that checkpoint, in worlds where a request can arrive twice. There two executions of one call save steps side by
 * side under the same lease, which the protocol can't tell apart.
 */
import { tokenOf } from "../app/executions.ts";
import { type Program, statementsOf } from "../app/program.ts";
import { ofKind, type CheckContext, type Checker } from "./checker.ts";

/** Makes the checker. */
export function checkSeenOutputs({ mirror, programs, scenario, report }: CheckContext): Checker {
  const checkSeen = (what: string, { runId, seen }: { readonly runId: string; readonly seen: Readonly<Record<string, number>> }): void => {
    const slug = mirror.runs.get(runId)?.functionId ?? "";
    if ((programs.get(slug)?.checkpointSteps ?? 0) > 0 && scenario.app.repeat > 0) return;
    for (const [stepId, token] of Object.entries(seen)) {
      const stored = mirror.stepsOf(runId).get(stepId)?.result;
      if (stored === undefined || tokenOf(JSON.parse(stored)) !== token)
        report(`${what} of run ${runId} saw execution ${token} of step ${stepId}, but stored is ${stored}`);
    }
  };
  return {
    committed: ({ changeSet }) => {
      for (const { step } of ofKind(changeSet, "put-step"))
        if (step.endedAt !== undefined && !mirror.copiedSteps.has(`${step.runId}/${step.id}`))
          checkSeen(`step ${step.id}`, { runId: step.runId, seen: seenBy(step.result) });
      for (const { run } of ofKind(changeSet, "update-run")) {
        if (run.status !== "COMPLETED") continue;
        const output = outputOf(run.output, programs.get(run.functionId));
        if (output === null) report(`run ${run.id} is completed without what its function returned`);
        else if (!hasOverlaps(programs.get(run.functionId))) checkSeen("the end", { runId: run.id, seen: output });
      }
    },
  };
}

/** What a function returned; an endpoint answers with it. */
function outputOf(text = "null", program?: Program): Readonly<Record<string, number>> | null {
  const output = JSON.parse(text) as Readonly<Record<string, number>> | { readonly body: string } | null;
  const isAnswer = program?.isEndpoint === true && output !== null && typeof output["body"] === "string";
  return (isAnswer ? JSON.parse(output["body"]) : output) as Readonly<Record<string, number>> | null;
}

/** Calls of a race, and of request version 1, overlap: two of them may run the same step, and one of them the end. */
function hasOverlaps(program: Program | undefined): boolean {
  if (program === undefined || program.requestVersion === 1) return true;
  for (const statement of statementsOf(program.body)) if (statement.kind === "parallel" && statement.mode === "race") return true;
  return false;
}

function seenBy(result: string | undefined): Readonly<Record<string, number>> {
  const value = JSON.parse(result ?? "null") as { readonly data?: { readonly seen?: Readonly<Record<string, number>> } | null } | null;
  return value?.data?.seen ?? {};
}
