/**
 * What an event starts.
 *
 * I1  At most one run per function and event: the first trigger that matches starts it.
 * I2  An invocation goes to the function it names and to triggers on its event name, but not twice to one function.
 * I3  A function that is not started has an outcome with a reason, but for those whose triggers don't name the event.
 *
 * Spec: semantics 2, 3.3; wire 4.4.16.
 */
import { IDEMPOTENCY_MS } from "@pawl/protocol";
import type { FunctionRow } from "../app/app-row.ts";
import type { Change, Guard } from "../change/change.ts";
import type { DecideContext, Decision } from "../decision/decision.ts";
import type { ExpressionEvent } from "../expression/index.ts";
import { type ScheduledRun, scheduleRun } from "../run/schedule-run.ts";
import { FUNCTION_FINISHED, FUNCTION_INVOKED } from "../run/lifecycle-events.ts";
import type { TraceEntry } from "../trace/trace-entry.ts";
import { matchTrigger } from "../trigger/match-trigger.ts";
import type { EventOutcome, EventRow } from "./event-row.ts";

export type EventInput = {
  readonly event: EventRow;
  /** The event's body, parsed. */
  readonly parsed: ExpressionEvent;
  /** Functions that have a trigger whose name matches. */
  readonly candidates: readonly FunctionRow[];
  /** For an invocation: the function that it names, if there is one. */
  readonly invoked?: FunctionRow;
  /** Functions that the event's id has started already, with the run. */
  readonly duplicates: ReadonlyMap<string, string>;
};

/** What to do about an event. Runs that were created come along with their states. */
export type EventDecision = Decision & { readonly runs: readonly ScheduledRun[] };

/** Decides an event. */
export function decideEvent(input: EventInput, ctx: DecideContext): EventDecision {
  const { event } = input;
  const plan: Plan = {
    guards: [{ kind: "event-unprocessed", eventId: event.id }],
    changes: [{ kind: "mark-event-processed", eventId: event.id }],
    trace: [],
    runs: [],
  };
  if (event.name === FUNCTION_INVOKED) planInvocation(plan, input, ctx);
  for (const candidate of input.candidates) {
    if (candidate.id === input.invoked?.id) continue;
    planTrigger(plan, { ...input, function: candidate }, ctx);
  }
  return plan;
}

type Plan = { readonly guards: Guard[]; readonly changes: Change[]; readonly trace: TraceEntry[]; readonly runs: ScheduledRun[] };
type ForFunction = EventInput & { readonly function: FunctionRow };

function planTrigger(plan: Plan, input: ForFunction, ctx: DecideContext): void {
  const match = matchTrigger(input.function.definition.triggers, input.parsed, ctx.now);
  if (match.kind === "matched") return planRun(plan, input, ctx);
  if (match.kind === "error") return addOutcome(plan, input, { reason: "expression-error", detail: match.message, at: ctx.now });
  addOutcome(plan, input, { reason: "expression-false", at: ctx.now });
}

function planInvocation(plan: Plan, input: EventInput, ctx: DecideContext): void {
  if (input.invoked !== undefined) return planRun(plan, { ...input, function: input.invoked }, ctx);
  const event = invocationFailed(input, ctx);
  if (event !== undefined) plan.changes.push({ kind: "insert-event", event });
}

function planRun(plan: Plan, input: ForFunction, ctx: DecideContext): void {
  const { event, function: target } = input;
  const duplicateOf = input.duplicates.get(target.id);
  if (duplicateOf !== undefined) return addOutcome(plan, input, { reason: "duplicate-event-id", detail: duplicateOf, at: ctx.now });
  const isKeyed = event.externalId !== event.id;
  if (isKeyed)
    plan.guards.push({ kind: "idempotency-free", functionId: target.id, key: event.externalId, since: ctx.now - IDEMPOTENCY_MS });
  const correlationId = event.name === FUNCTION_INVOKED ? invocationOf(input.parsed).correlationId : undefined;
  const run = scheduleRun(
    {
      function: target,
      event,
      parsed: input.parsed,
      ...(isKeyed ? { idempotencyKey: event.externalId } : {}),
      ...(correlationId === undefined ? {} : { correlationId }),
    },
    ctx,
  );
  plan.changes.push(...run.changes);
  plan.trace.push(run.trace);
  plan.runs.push(run);
}

function addOutcome(
  plan: Plan,
  { event, function: { id: functionId } }: ForFunction,
  outcome: Omit<EventOutcome, "eventId" | "functionId">,
): void {
  plan.changes.push({ kind: "insert-event-outcome", outcome: { eventId: event.id, functionId, ...outcome } });
  const { reason, detail } = outcome;
  plan.trace.push({
    kind: "event-outcome",
    eventId: event.id,
    eventName: event.name,
    functionId,
    reason,
    ...(detail === undefined ? {} : { detail }),
  });
}

/** Who is invoked, and who waits. */
export function invocationOf(parsed: ExpressionEvent): { readonly target?: string; readonly correlationId?: string } {
  const data = parsed.data as { readonly _inngest?: { readonly fn_id?: unknown; readonly correlation_id?: unknown } } | undefined;
  const { fn_id: target, correlation_id: correlationId } = data?._inngest ?? {};
  return { ...(typeof target === "string" ? { target } : {}), ...(typeof correlationId === "string" ? { correlationId } : {}) };
}

/** Tells the invoker that there is no such function; nobody waits where there is no correlation id. */
function invocationFailed({ event, parsed }: EventInput, { now, random }: DecideContext): EventRow | undefined {
  const { target, correlationId } = invocationOf(parsed);
  if (correlationId === undefined) return undefined;
  const message = `could not find function with ID: ${target ?? ""}`;
  const id = random.ulid(now);
  const data = `{"_inngest":{"status":"Failed"},"correlation_id":${JSON.stringify(correlationId)},"error":{"error":${JSON.stringify(message)},"message":${JSON.stringify(message)},"name":"Error"},"event":${event.body},"events":[${event.body}],"function_id":${JSON.stringify(target ?? "")},"run_id":""}`;
  const body = `{"data":${data},"id":"${id}","name":"${FUNCTION_FINISHED}","ts":${now},"user":{}}`;
  return { id, externalId: id, name: FUNCTION_FINISHED, ts: now, receivedAt: now, body, isInternal: true, isProcessed: false };
}
