/**
 * A step's stored result never changes: the first write wins, positions are 0, 1, 2 …, no finished step is forgotten, and no answer
 * counts to a call that was sent something else than what is stored by then. (A result may be sent shortly before its commit.)
 */
import type { StepRow } from "@pawl/engine";
import type { CheckContext, Checker } from "./checker.ts";
import { ofKind } from "./checker.ts";

type Sent = { readonly runId: string; readonly sent: readonly (readonly [stepId: string, value: string])[] };

/** Makes the checker. */
export function checkFirstWrite({ mirror, report }: CheckContext): Checker {
  const finishedOf = (runId: string): number => [...mirror.stepsOf(runId).values()].filter((step) => step.endedAt !== undefined).length;
  const checkPut = (step: StepRow): void => {
    const old = mirror.stepsOf(step.runId).get(step.id);
    if (old?.endedAt === undefined) return;
    if (old.result !== step.result || old.position !== step.position || old.endedAt !== step.endedAt)
      report(`the result of step ${step.id} of run ${step.runId} changed from ${old.result} to ${step.result}`);
  };
  const sentTo = new Map<string, Sent>();
  const checkAnswer = (key: string): void => {
    const { runId, sent } = sentTo.get(key) ?? { runId: "", sent: [] };
    for (const [stepId, value] of sent) {
      const result = mirror.stepsOf(runId).get(stepId)?.result;
      if (result === undefined || JSON.stringify(JSON.parse(result)) !== value)
        report(`an answer counts for run ${runId} that was made with ${value} for step ${stepId}, but stored is ${result}`);
    }
  };
  return {
    committing: ({ changeSet }) => {
      for (const guard of changeSet.guards) if (guard.kind === "item-leased") checkAnswer(`${guard.itemId} ${guard.generation}`);
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
    fetched: ({ runId, itemId, generation, steps }) => {
      const sent = Object.entries(steps).map(([stepId, value]) => [stepId, JSON.stringify(value)] as const);
      sentTo.set(`${itemId} ${generation}`, { runId, sent });
    },
    callBegan: ({ itemId, body: { steps, ctx } }) => {
      const sent = Object.entries(steps).map(([stepId, value]) => [stepId, JSON.stringify(value)] as const);
      sentTo.set(`${itemId} ${ctx.generation_id}`, { runId: ctx.run_id, sent });
    },
  };
}
