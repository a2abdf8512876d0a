/**
 * What an event starts.
 *
 * I1  At most one run per function and event: the first trigger that matches starts it.
 * I2  An invocation goes to the function it names, and a schedule's tick to the function of the schedule; both go to triggers on their
 *     event's name too, but not twice to one function.
 * I3  A function that is not started has an outcome with a reason, but for those whose triggers don't name the event.
 *
 * It takes two steps, because what is to be read from the store depends on the functions: `targetsOfEvent`, then `decideEvent`.
 *
 * Spec: semantics 2, 3.3; wire 4.4.16.
 */
import type { FunctionRow } from "../app/app-row.ts";
import type { Guard } from "../change/change.ts";
import type { DecideContext } from "../decision/decision.ts";
import { SCHEDULED_TIMER, scheduleOf } from "../cron/schedule-event.ts";
import type { ExpressionEvent } from "../expression/index.ts";
import { flowKeysOf } from "../flow/flow-keys.ts";
import { type CellView, type FlowDecision, type FlowPlan, flowPlanOf } from "../flow/flow-plan.ts";
import type { EventTarget } from "../flow/event-target.ts";
import { addOutcome } from "../flow/outcome.ts";
import { planEvent } from "../flow/plan-event.ts";
import { FUNCTION_INVOKED, refusedEvent } from "../run/lifecycle-events.ts";
import { matchTrigger } from "../trigger/match-trigger.ts";
import type { EventOutcome, EventRow } from "./event-row.ts";
import { invocationOf } from "./invocation.ts";

export type EventInput = {
  readonly event: EventRow;
  /** The event's body, parsed. */
  readonly parsed: ExpressionEvent;
  /** Functions that have a trigger whose name matches. */
  readonly candidates: readonly FunctionRow[];
  /** The function that an invocation or a tick of a schedule names, if there is one. */
  readonly named?: FunctionRow;
};

/** Functions that an event is to start, and what is known already about the others. */
export type EventTargets = {
  readonly event: EventRow;
  readonly targets: readonly EventTarget[];
  readonly outcomes: readonly Pick<EventOutcome, "functionId" | "reason" | "detail">[];
  /** Who waits for a function that does not exist, and how it was called. */
  readonly notFound?: { readonly correlationId: string; readonly target: string };
  /** Keys of the cells that `decideEvent` will look at. */
  readonly cellKeys: readonly string[];
};

/** Finds the functions that an event is to start. */
export function targetsOfEvent(input: EventInput, now: number): EventTargets {
  const { event, parsed, named } = input;
  const targets: EventTarget[] = [];
  const outcomes: EventTargets["outcomes"][number][] = [];
  if (named !== undefined) targets.push(namedTarget(input, named, now));
  for (const candidate of input.candidates) {
    if (candidate.id === named?.id) continue;
    const match = matchTrigger(candidate.definition.triggers, parsed, now);
    if (match.kind === "matched") targets.push({ ...bareTarget(input, candidate, now), ...waiterOf(input) });
    else if (match.kind === "error") outcomes.push({ functionId: candidate.id, reason: "expression-error", detail: match.message });
    else outcomes.push({ functionId: candidate.id, reason: "expression-false" });
  }
  const notFound = named === undefined && event.name === FUNCTION_INVOKED ? unknownTarget(parsed) : {};
  return { event, targets, outcomes, cellKeys: targets.flatMap(cellKeysOf), ...notFound };
}

/** What is read besides the cells. `duplicates`: the run that the event's id has started before, by function. */
export type EventFacts = { readonly duplicates: ReadonlyMap<string, string> };

/** Decides an event. */
export function decideEvent(targets: EventTargets, facts: EventFacts & { readonly cells: CellView }, ctx: DecideContext): FlowDecision {
  const plan = flowPlanOf(ctx, facts.cells);
  plan.guards.push(unprocessed(targets.event.id));
  planEventTargets(plan, targets, facts);
  return plan;
}

/** The guard of whatever an event causes. */
export function unprocessed(eventId: string): Guard {
  return { kind: "event-unprocessed", eventId };
}

/** Plans everything that an event starts. The plan must have the guard `unprocessed`. */
export function planEventTargets(plan: FlowPlan, { event, targets, outcomes, notFound }: EventTargets, { duplicates }: EventFacts): void {
  plan.changes.push({ kind: "mark-event-processed", eventId: event.id });
  for (const outcome of outcomes) addOutcome(plan, { event, ...outcome });
  for (const target of targets) {
    const duplicateOf = duplicates.get(target.function.id);
    planEvent(plan, duplicateOf === undefined ? target : { ...target, duplicateOf });
  }
  if (notFound === undefined) return;
  const { correlationId, target: slug } = notFound;
  const refusal = refusedEvent({ correlationId, event, slug, reason: "function-unknown" }, plan.ctx);
  plan.changes.push({ kind: "insert-event", event: refusal });
}

function namedTarget(input: EventInput, named: FunctionRow, now: number): EventTarget {
  const target = { ...bareTarget(input, named, now), ...waiterOf(input) };
  return input.event.name === SCHEDULED_TIMER ? { ...target, ...scheduleOf(named, input.parsed) } : target;
}

function bareTarget({ event, parsed }: EventInput, row: FunctionRow, now: number): EventTarget {
  return { function: row, event, parsed, keys: flowKeysOf(row, { event: parsed, now }) };
}

function waiterOf({ event, parsed }: EventInput): { readonly correlationId?: string } {
  const { correlationId } = event.name === FUNCTION_INVOKED ? invocationOf(parsed) : {};
  return correlationId === undefined ? {} : { correlationId };
}

/** Nobody waits where there is no correlation id. */
function unknownTarget(parsed: ExpressionEvent): Pick<EventTargets, "notFound"> {
  const { target = "", correlationId } = invocationOf(parsed);
  return correlationId === undefined ? {} : { notFound: { correlationId, target } };
}

function cellKeysOf({ keys, overlapKey }: EventTarget): readonly string[] {
  const all = Object.values(keys);
  return overlapKey === undefined ? all : [...all, overlapKey];
}
