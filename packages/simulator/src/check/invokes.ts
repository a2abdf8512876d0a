/** The parent of an invoked run resumes once, with exactly what the child's end says. */
import type { RunRow, StepRow } from "@pawl/engine";
import type { CheckContext, Checker } from "./checker.ts";

/** Makes the checker. */
export function checkInvokes({ mirror, report }: CheckContext): Checker {
  const checkStep = (step: StepRow, children: readonly RunRow[]): void => {
    const where = `the invoke step ${step.id} of run ${step.runId}`;
    if (children.length > 1) report(`${where} started ${children.length} runs`);
    const [child] = children;
    if (step.endedAt === undefined || step.status === "timed_out") return;
    if (child === undefined) return report(`${where} is ${step.status} without a run`);
    if (child.endedAt === undefined) return report(`${where} is ${step.status}, but run ${child.id} has not ended`);
    const isSame =
      child.status === "COMPLETED" ? step.status === "completed" && step.result === `{"data":${child.output}}` : step.status === "failed";
    if (!isSame) report(`${where} is ${step.status} with ${step.result}, but run ${child.id} is ${child.status} with ${child.output}`);
  };
  return {
    ended: () => {
      const children = Map.groupBy(mirror.runs.values(), ({ correlationId }) => correlationId);
      for (const runId of mirror.runs.keys())
        for (const step of mirror.stepsOf(runId).values())
          if (step.kind === "invoke") checkStep(step, children.get(`${runId}.${step.id}`) ?? []);
    },
  };
}
