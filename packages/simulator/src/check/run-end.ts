/**
 * A run ends once, with one terminal status, and says so once: nothing changes it afterwards, no work of it is left, and exactly one
 * `inngest/function.finished` is stored with its end; of a batch one, and one more for each that waits for it. A run that is skipped has
 * ended before it began, and is told only to who waits.
 */
import { FUNCTION_FAILED, FUNCTION_FINISHED, FUNCTION_INVOKED, type RunRow } from "@pawl/engine";
import { isTerminalStatus } from "@pawl/protocol";
import { ofKind, type CheckContext, type Checker } from "./checker.ts";
import { factsOf } from "./event-facts.ts";

/** Makes the checker. */
export function checkRunEnd({ mirror, report }: CheckContext): Checker {
  const told = new Map<string, number>();
  const expectedOf = (run: RunRow): number => {
    const { endedAt, eventName, eventIds, status, rerunOf } = run;
    if (endedAt === undefined || eventName === FUNCTION_FINISHED || eventName === FUNCTION_FAILED) return 0;
    if (rerunOf !== undefined) return status === "SKIPPED" ? 0 : 1;
    const events = eventIds.map((id) => mirror.events.get(id));
    const waiting = events.filter((event) => event?.row.name === FUNCTION_INVOKED && event.data._inngest?.correlation_id !== undefined);
    if (status === "SKIPPED") return waiting.length;
    return eventIds.length === 1 ? 1 : 1 + waiting.length;
  };
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
        const runId = factsOf(event).run_id ?? "";
        told.set(runId, (told.get(runId) ?? 0) + 1);
      }
    },
    committed: ({ changeSet }) => {
      for (const { run } of ofKind(changeSet, "insert-run"))
        if (isTerminalStatus(run.status) && (run.endedAt === undefined || mirror.itemsOf(run.id).size > 0))
          report(`run ${run.id} is ${run.status} from the beginning, but has no end or something to do`);
      for (const { run } of ofKind(changeSet, "update-run")) {
        if (run.endedAt === undefined) continue;
        if (mirror.itemsOf(run.id).size > 0)
          report(`run ${run.id} has ended, but has items: ${[...mirror.itemsOf(run.id).keys()].join(", ")}`);
        if (mirror.pausesOf(run.id).size > 0)
          report(`run ${run.id} has ended, but has pauses: ${[...mirror.pausesOf(run.id).keys()].join(", ")}`);
      }
    },
    ended: () => {
      for (const run of mirror.runs.values()) {
        const count = told.get(run.id) ?? 0;
        if (count !== expectedOf(run)) report(`the end of run ${run.id} was told ${count} times instead of ${expectedOf(run)}`);
      }
    },
  };
}
