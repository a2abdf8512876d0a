/**
 * A step's stored result never changes: the first write wins, positions are 0, 1, 2 …, no finished step is forgotten, and what apps are
 * sent is what was stored.
 */
import type { StepRow } from "@pawl/engine";
import type { CheckContext, Checker } from "./checker.ts";
import { ofKind } from "./checker.ts";

/** Makes the checker. */
export function checkFirstWrite({ mirror, report }: CheckContext): Checker {
  const finishedOf = (runId: string): number => [...mirror.stepsOf(runId).values()].filter((step) => step.endedAt !== undefined).length;
  const checkPut = (step: StepRow): void => {
    const old = mirror.stepsOf(step.runId).get(step.id);
    if (old?.endedAt === undefined) return;
    if (old.result !== step.result || old.position !== step.position || old.endedAt !== step.endedAt)
      report(`the result of step ${step.id} of run ${step.runId} changed from ${old.result} to ${step.result}`);
  };
  return {
    committing: ({ changeSet }) => {
      for (const { step } of ofKind(changeSet, "put-step")) checkPut(step);
      for (const { runId, stepId } of ofKind(changeSet, "delete-step"))
        if (mirror.stepsOf(runId).get(stepId)?.endedAt !== undefined) report(`the finished step ${stepId} of run ${runId} was deleted`);
    },
    committed: ({ changeSet }) => {
      for (const { step } of ofKind(changeSet, "put-step")) {
        if (step.endedAt === undefined) continue;
        const count = finishedOf(step.runId);
        if (step.position === undefined || step.position >= count)
          report(`step ${step.id} of run ${step.runId} is at position ${step.position}, but only ${count} have finished`);
      }
    },
    callBegan: ({ body: { steps, ctx } }) => {
      const stored = mirror.stepsOf(ctx.run_id);
      for (const [stepId, value] of Object.entries(steps)) {
        const result = stored.get(stepId)?.result;
        if (result === undefined || JSON.stringify(JSON.parse(result)) !== JSON.stringify(value))
          report(`run ${ctx.run_id} was sent ${JSON.stringify(value)} for step ${stepId}, but stored is ${result}`);
      }
    },
  };
}
