/**
 * What an event did for a function where it did not simply start a run.
 *
 * I1  Nothing is dropped in silence: there is an outcome with a reason, and whoever waits for the run is told.
 */
import type { ReasonCode } from "@pawl/protocol";
import type { EventRow } from "../event/event-row.ts";
import { refusedEvent } from "../run/lifecycle-events.ts";
import type { EventTarget } from "./event-target.ts";
import type { FlowPlan } from "./flow-plan.ts";

/** Notes what an event did for a function, where it did not simply start a run. */
export function addOutcome(
  plan: FlowPlan,
  outcome: {
    readonly event: Pick<EventRow, "id" | "name">;
    readonly functionId: string;
    readonly reason: ReasonCode;
    readonly detail?: string;
  },
): void {
  const { event, functionId, reason, detail } = outcome;
  const details = detail === undefined ? {} : { detail };
  plan.changes.push({
    kind: "insert-event-outcome",
    outcome: { eventId: event.id, functionId, reason, at: plan.ctx.now, ...details },
  });
  plan.trace.push({ kind: "event-outcome", eventId: event.id, eventName: event.name, functionId, reason, ...details });
}

/** An event that starts nothing: an outcome, and word to whoever invoked the function. */
export function refuse(
  plan: FlowPlan,
  { event, function: row, correlationId }: Pick<EventTarget, "event" | "function" | "correlationId">,
  why: { readonly reason: ReasonCode; readonly detail?: string },
): void {
  addOutcome(plan, { event, functionId: row.id, ...why });
  if (correlationId === undefined) return;
  plan.changes.push({
    kind: "insert-event",
    event: refusedEvent({ correlationId, event, slug: row.slug, reason: why.reason }, plan.ctx),
  });
}
