/**
 * A run that has not ended has an item, and each of its unfinished steps has its own; once the faults are over, every run ends: whatever
 * the simulated functions wait for has a time-out.
 */
import type { CheckerContext, CheckerKind } from "./checker.ts";

export const nothingStuck: CheckerKind = {
  name: "nothing-stuck",
  open: (context) => ({
    afterCommit: ({ changes }) => {
      for (const change of changes) if (change.kind === "update-run" || change.kind === "insert-run") checkRun(context, change.run.id);
    },
    ended: () => {
      for (const { id, functionId, status } of context.ledger.liveRuns()) {
        const items = [...(context.ledger.itemsOfRun.get(id) ?? [])];
        context.fail(`run ${id} of ${functionId} is ${status} and nothing moves it; its items: ${items.join(", ")}`);
      }
    },
  }),
};

function checkRun({ ledger, fail }: CheckerContext, runId: string): void {
  const run = ledger.runs.get(runId);
  if (run === undefined || run.endedAt !== undefined) return;
  if ((ledger.itemsOfRun.get(runId)?.size ?? 0) === 0) return fail(`run ${runId} goes on and has no item`);
  for (const step of ledger.stepsOf(runId)) {
    if (step.endedAt === undefined && !ledger.items.has(step.itemId)) fail(`step ${step.name} of run ${runId} is ${step.status} and has no item`);
  }
}
