/**
 * What a step's body saw of earlier steps is what is stored: no result depends on one that was lost.
 *
 * Left out: functions that checkpoint, in worlds where a request can arrive twice. There two executions of one call save steps side by
 * side under the same lease, which the protocol can't tell apart.
 */
import { tokenOf } from "../app/fake-app.ts";
import { ofKind, type CheckContext, type Checker } from "./checker.ts";

/** Makes the checker. */
export function checkSeenOutputs({ mirror, programs, scenario, report }: CheckContext): Checker {
  return {
    committed: ({ changeSet }) => {
      for (const { step } of ofKind(changeSet, "put-step")) {
        const slug = mirror.runs.get(step.runId)?.functionId ?? "";
        const hasTwins = (programs.get(slug)?.checkpointSteps ?? 0) > 0 && scenario.app.repeat > 0;
        if (step.endedAt === undefined || hasTwins) continue;
        for (const [stepId, token] of Object.entries(seenBy(step.result))) {
          const stored = mirror.stepsOf(step.runId).get(stepId)?.result;
          if (stored === undefined || tokenOf(JSON.parse(stored)) !== token)
            report(`step ${step.id} of run ${step.runId} saw execution ${token} of step ${stepId}, but stored is ${stored}`);
        }
      }
    },
  };
}

function seenBy(result: string | undefined): Readonly<Record<string, number>> {
  const value = JSON.parse(result ?? "null") as { readonly data?: { readonly seen?: Readonly<Record<string, number>> } | null } | null;
  return value?.data?.seen ?? {};
}
