/**
 * A run ends once, with one terminal status, and says so once: nothing changes it afterwards, no work of it is left, and exactly one
 * `inngest/function.finished` is stored with its end.
 */
import { FUNCTION_FAILED, FUNCTION_FINISHED } from "@pawl/engine";
import { isTerminalStatus } from "@pawl/protocol";
import { ofKind, type CheckContext, type Checker } from "./checker.ts";

/** Makes the checker. */
export function checkRunEnd({ mirror, report }: CheckContext): Checker {
  const told = new Map<string, number>();
  return {
    committing: ({ changeSet }) => {
      for (const { run } of ofKind(changeSet, "update-run")) {
        const old = mirror.runs.get(run.id);
        if (old?.endedAt !== undefined) report(`run ${run.id} was changed after it had ended as ${old.status}`);
        if (isTerminalStatus(run.status) !== (run.endedAt !== undefined))
          report(`run ${run.id} is ${run.status} with the end ${run.endedAt}`);
        if (old?.startedAt !== undefined && run.startedAt !== old.startedAt) report(`the start of run ${run.id} changed`);
      }
      for (const { event } of ofKind(changeSet, "insert-event")) {
        if (event.name !== FUNCTION_FINISHED || mirror.events.has(event.id)) continue;
        const runId = (JSON.parse(event.body) as { readonly data: { readonly run_id: string } }).data.run_id;
        told.set(runId, (told.get(runId) ?? 0) + 1);
      }
    },
    committed: ({ changeSet }) => {
      for (const { run } of ofKind(changeSet, "update-run")) {
        if (run.endedAt === undefined) continue;
        if (mirror.itemsOf(run.id).size > 0)
          report(`run ${run.id} has ended, but has items: ${[...mirror.itemsOf(run.id).keys()].join(", ")}`);
        if (mirror.pausesOf(run.id).size > 0)
          report(`run ${run.id} has ended, but has pauses: ${[...mirror.pausesOf(run.id).keys()].join(", ")}`);
      }
    },
    ended: () => {
      for (const { id, endedAt, eventName } of mirror.runs.values()) {
        const isSilent = eventName === FUNCTION_FINISHED || eventName === FUNCTION_FAILED;
        const expected = endedAt === undefined || isSilent ? 0 : 1;
        if ((told.get(id) ?? 0) !== expected) report(`the end of run ${id} was told ${told.get(id) ?? 0} times instead of ${expected}`);
      }
    },
  };
}
