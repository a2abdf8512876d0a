/** No timer early: no item is worked on, no sleep ends and no wait times out before its time. No run starts before its event says. */
import { isOfBatch } from "@pawl/engine";
import { ofKind, type CheckContext, type Checker } from "./checker.ts";

/** Makes the checker. */
export function checkTimers({ mirror, now, report }: CheckContext): Checker {
  return {
    claimed: ({ itemId }) => {
      const item = mirror.item(itemId);
      if (item === undefined) report(`the item ${itemId} was claimed, but is not stored`);
      // A debounce may be put off while its item is taken up; then it goes on (see debounces.ts).
      else if (item.kind !== "debounce" && item.dueAt > now())
        report(`the item ${itemId} was claimed ${item.dueAt - now()} ms before it is due`);
    },
    committing: ({ changeSet, at }) => {
      for (const { step } of ofKind(changeSet, "put-step")) {
        const old = mirror.stepsOf(step.runId).get(step.id);
        const isTimer = step.endedAt !== undefined && (old?.kind === "sleep" || step.status === "timed_out");
        if (isTimer && (old?.until ?? 0) > at) report(`step ${step.id} of run ${step.runId} ended ${(old?.until ?? 0) - at} ms early`);
      }
      for (const { item } of ofKind(changeSet, "insert-item")) {
        if (item.kind !== "start") continue;
        const run = ofKind(changeSet, "insert-run").find((change) => change.run.id === item.runId)?.run;
        // Of a batch's events, none says when; and what people start again starts now.
        const [eventId] = run === undefined || isOfBatch(run) || run.rerunOf !== undefined ? [] : run.eventIds;
        const ts = mirror.events.get(eventId ?? "")?.row.ts ?? 0;
        if (item.dueAt < ts) report(`run ${item.runId} starts ${ts - item.dueAt} ms before its event happens`);
      }
    },
  };
}
