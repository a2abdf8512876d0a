/**
 * What follows from the search for events that came before a wait began.
 *
 * I1  The first event that matches ends the wait, as if it came now; the search is made once. Of a search, a time-out and an event that
 *     comes meanwhile, the first to commit wins.
 *
 * Spec: semantics 14, no. 4.
 */
import type { Decision } from "../decision/decision.ts";
import type { EventRow } from "../event/event-row.ts";
import { mayMatchRun } from "../event/match-pause.ts";
import type { PauseRow } from "../pause/pause-row.ts";
import type { ItemRow } from "../queue/item-row.ts";
import { isFinished } from "../step/step-row.ts";
import { decideResume } from "./decide-resume.ts";
import type { RunEnvironment } from "./draft.ts";
import type { RunState } from "./run-state.ts";

export type LookBackInput = {
  readonly item: ItemRow;
  readonly generation: number;
  /** Events that match, the oldest first, each with its pause. */
  readonly found: readonly { readonly pause: PauseRow; readonly event: EventRow }[];
};

/** Ends the wait with the first event that the run has not used before, or drops the search. */
export function decideLookBack(state: RunState, { item, generation, found }: LookBackInput, env: RunEnvironment): Decision {
  const guard = { kind: "item-leased", itemId: item.id, generation } as const;
  const done = { kind: "delete-item", itemId: item.id } as const;
  const step = item.stepId === undefined ? undefined : state.steps.get(item.stepId);
  const isWaiting = state.run.endedAt === undefined && step !== undefined && !isFinished(step);
  const match = isWaiting ? found.find((candidate) => mayMatchRun(state, candidate)) : undefined;
  const resumption = match && ({ kind: "event", eventId: match.event.id, body: match.event.body } as const);
  const decision = match && resumption && decideResume(state, { pause: match.pause, resumption }, env);
  if (decision === undefined)
    return { guards: [guard, { kind: "run-version", runId: state.run.id, version: state.run.version }], changes: [done], trace: [] };
  return { ...decision, guards: [guard, ...decision.guards], changes: [...decision.changes, done] };
}
