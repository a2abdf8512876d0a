/**
 * After every commit, a live run has an item, every unfinished step has the item that will finish it, and what waits for something from
 * outside has its pause. In the end, every run has ended and nothing is left to do; no debounce or batch is open and no singleton is held.
 *
 * Runs that are held back (by a throttle, a limit on runs, a pause) have their first item all the time, and their turn in the end.
 */
import type { CellKind, Change } from "@pawl/engine";
import type { CheckContext, Checker } from "./checker.ts";

/** Makes the checker. */
export function checkNothingStuck({ mirror, report }: CheckContext): Checker {
  const checkRun = (runId: string): void => {
    const run = mirror.runs.get(runId);
    if (run === undefined || run.endedAt !== undefined) return;
    const items = mirror.itemsOf(runId);
    if (items.size === 0) report(`run ${runId} has not ended, but has no item`);
    for (const step of mirror.stepsOf(runId).values()) {
      if (step.endedAt !== undefined) continue;
      if (!items.has(step.itemId))
        report(`step ${step.id} (${step.status}) of run ${runId} waits for the item ${step.itemId}, which is not there`);
      // A signal's pause may have been taken over by another run; then the time-out ends the step.
      const needsPause = step.kind === "wait-for-event" || step.kind === "invoke";
      if (needsPause && !mirror.pausesOf(runId).has(`${runId}/${step.id}`)) report(`step ${step.id} of run ${runId} waits without a pause`);
    }
  };
  return {
    committed: ({ changeSet: { changes } }) => {
      for (const runId of new Set(changes.map(runOf).filter((id) => id !== undefined))) checkRun(runId);
    },
    ended: () => {
      for (const { id, endedAt, status } of mirror.runs.values()) {
        if (endedAt !== undefined) continue;
        const items = [...mirror.itemsOf(id).values()].map((item) => `${item.id} due at ${item.dueAt}`);
        report(`run ${id} is ${status} for ever; its items: ${items.join(", ")}`);
      }
      for (const { id, runId } of mirror.items()) if (!mirror.runs.has(runId)) report(`the item ${id} is left`);
      for (const { key, kind } of mirror.cells.values()) if (!isKept(kind)) report(`the cell ${key} is left`);
      for (const batchId of mirror.batches.keys()) report(`the events of the batch ${batchId} are left`);
      for (const { row, isProcessed } of mirror.events.values())
        if (!isProcessed) report(`event ${row.id} (${row.name}) is never processed`);
    },
  };
}

/** Cells that end by themselves, or stay. */
function isKept(kind: CellKind): boolean {
  return kind === "api-key" || kind === "rate" || kind === "throttle" || kind === "bulk";
}

function runOf(change: Change): string | undefined {
  switch (change.kind) {
    case "insert-run":
    case "update-run":
      return change.run.id;
    case "put-step":
      return change.step.runId;
    case "insert-item":
    case "reschedule-item":
    case "amend-item":
      return change.item.runId;
    case "delete-item":
      return change.itemId.split("/")[0];
    case "delete-pause":
      return change.pauseId.split("/")[0];
    case "delete-run-work":
      return change.runId;
    default:
      return undefined;
  }
}
