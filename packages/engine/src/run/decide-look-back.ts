/**
 * What follows from the search for events that came before a wait began.
 *
 * I1  The first event that matches ends the wait, as if it came now; the search is made once. Of a search, a time-out and an event that
 *     comes meanwhile, the first to commit wins.
 * I2  An event is used up for a wait if it started the run, or had ended another of its steps when the wait began. Which came first is told
 *     by the order of steps and not by instants: a whole wait can begin and end within one millisecond.
 * I3  Where the search is the wait's only item, the wait ends with it (op/wait.ts, I4).
 *
 * Spec: semantics 14, no. 4.
 */
import type { Decision } from "../decision/decision.ts";
import type { EventRow } from "../event/event-row.ts";
import type { PauseRow } from "../pause/pause-row.ts";
import { type ItemRow, stepsDoneAtWait } from "../queue/item-row.ts";
import { isFinished } from "../step/step-row.ts";
import { decideResume } from "./decide-resume.ts";
import { endWait } from "./decide-timer.ts";
import { decisionOf, draftOf, type RunEnvironment } from "./draft.ts";
import type { RunState } from "./run-state.ts";

export type LookBackInput = {
  readonly item: ItemRow;
  readonly generation: number;
  /** Events that match, the oldest first, each with its pause. */
  readonly found: readonly { readonly pause: PauseRow; readonly event: EventRow }[];
};

/** Ends the wait with the first event that the run has not used before; else drops the search, or ends the wait without an event (I3). */
export function decideLookBack(state: RunState, { item, generation, found }: LookBackInput, env: RunEnvironment): Decision {
  const draft = draftOf(state, env);
  const guard = { kind: "item-leased", itemId: item.id, generation } as const;
  const done = { kind: "delete-item", itemId: item.id } as const;
  const step = state.steps.get(item.stepId ?? "");
  if (state.run.endedAt !== undefined || step === undefined || isFinished(step))
    return { guards: [guard, ...draft.guards], changes: [done], trace: [] };
  const match = found.find(({ event }) => isUnused(state, { item, event }));
  if (match !== undefined) {
    const { pause, event } = match;
    const resumed = decideResume(state, { pause, resumption: { kind: "event", eventId: event.id, body: event.body } }, env);
    if (resumed !== undefined) return { ...resumed, guards: [guard, ...resumed.guards], changes: [...resumed.changes, done] };
  }
  if (step.itemId !== item.id) return { guards: [guard, ...draft.guards], changes: [done], trace: [] };
  draft.guards.push(guard);
  endWait(draft, step);
  return decisionOf(draft, { id: item.id, keep: false });
}

/** Whether a wait that looks back can have an event (I2). */
export function isUnused({ run, steps }: RunState, { item, event }: { readonly item: ItemRow; readonly event: EventRow }): boolean {
  if (run.eventIds.includes(event.id)) return false;
  const stepsDone = stepsDoneAtWait(item);
  for (const { matchedEventId, position } of steps.values())
    if (matchedEventId === event.id && position !== undefined && position < stepsDone) return false;
  return true;
}
