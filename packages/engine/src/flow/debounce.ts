/**
 * Debounce: of the events that come close together, the newest one starts a run when they have ceased.
 *
 * I1  While a debounce goes on, its cell and its item exist both; the decision that fires it deletes both.
 * I2  It fires once, with the event whose `ts` is the greatest; of equal ones, the last that came.
 * I3  It fires `periodMs` after the last event that it accepted, and `timeoutMs` after the first at the latest.
 * I4  It does not fire before its cell says, even where its item was taken up just before another event put it off.
 * I5  An event that another one takes the place of has an outcome that says so; its invoker is told that there is no run for it.
 *
 * Spec: semantics 6.5. The server it describes adds about a second to the period; this one does not.
 */
import type { FunctionRow } from "../app/app-row.ts";
import type { EventRow } from "../event/event-row.ts";
import type { ExpressionEvent } from "../expression/index.ts";
import { itemIdOf } from "../queue/item-row.ts";
import { flowItem } from "./flow-item.ts";
import { flowKeysOf } from "./flow-keys.ts";
import { type FlowPlan, readCell, writeCell } from "./flow-plan.ts";
import type { EventTarget } from "./event-target.ts";
import { addOutcome, refuse } from "./outcome.ts";
import { planStart } from "./plan-start.ts";

/** State of a debounce's cell. */
export type DebounceState = {
  readonly eventId: string;
  readonly eventName: string;
  readonly ts: number;
  /** When the first event came. */
  readonly firstAt: number;
  /** When it ends, unless another event comes. */
  readonly dueAt: number;
  readonly correlationId?: string;
};

/** Takes an event into the debounce, or begins one with it. */
export function planDebounce(plan: FlowPlan, target: EventTarget, key: string): void {
  const { event, function: row, correlationId } = target;
  const { now } = plan.ctx;
  const held = readCell<DebounceState>(plan, key);
  if (held !== undefined && event.ts < held.ts) return refuse(plan, target, { reason: "debounce-older-event", detail: held.eventId });
  if (held !== undefined) supersede(plan, { row, held, by: event });
  const firstAt = held?.firstAt ?? now;
  const { periodMs, timeoutMs } = row.definition.debounce ?? { periodMs: 0 };
  const dueAt = Math.max(now, Math.min(now + periodMs, timeoutMs === undefined ? Infinity : firstAt + timeoutMs));
  const state: DebounceState = {
    eventId: event.id,
    eventName: event.name,
    ts: event.ts,
    firstAt,
    dueAt,
    ...(correlationId === undefined ? {} : { correlationId }),
  };
  writeCell(plan, { key, kind: "debounce", functionId: row.id }, state);
  const item = flowItem({ key, kind: "debounce", functionId: row.id, dueAt });
  plan.changes.push({ kind: held === undefined ? "insert-item" : "reschedule-item", item });
  addOutcome(plan, { event, functionId: row.id, reason: "debounced", detail: JSON.stringify({ until: dueAt }) });
}

function supersede(
  plan: FlowPlan,
  { row, held, by }: { readonly row: FunctionRow; readonly held: DebounceState; readonly by: EventRow },
): void {
  const event = { id: held.eventId, name: held.eventName };
  if (held.correlationId === undefined)
    return addOutcome(plan, { event, functionId: row.id, reason: "debounce-superseded", detail: by.id });
  // The event itself is in the log; who waits learns its id and name.
  const bare: EventRow = { ...by, ...event, body: JSON.stringify(event) };
  refuse(plan, { event: bare, function: row, correlationId: held.correlationId }, { reason: "debounce-superseded", detail: by.id });
}

/** The debounce is over: its event starts a run. `event` is undefined where it is not in the log any more. */
export function planDebounceEnd(
  plan: FlowPlan,
  input: {
    readonly key: string;
    readonly function: FunctionRow | undefined;
    readonly event?: EventRow;
    readonly parsed?: ExpressionEvent;
  },
): void {
  const held = readCell<DebounceState>(plan, input.key);
  const { function: row, event, parsed } = input;
  // An event has come while the item was taken up: it has put the end off.
  if (row !== undefined && held !== undefined && held.dueAt > plan.ctx.now) {
    const item = flowItem({ key: input.key, kind: "debounce", functionId: row.id, dueAt: held.dueAt });
    plan.changes.push({ kind: "reschedule-item", item });
    return;
  }
  plan.changes.push({ kind: "delete-item", itemId: itemIdOf.flow(input.key) });
  if (held === undefined) return;
  plan.changes.push({ kind: "delete-cell", key: input.key });
  if (row === undefined || event === undefined || parsed === undefined) return;
  const target = { function: row, event, ...(held.correlationId === undefined ? {} : { correlationId: held.correlationId }) };
  if (row.archivedAt !== undefined) return refuse(plan, target, { reason: "function-archived" });
  const { singleton } = flowKeysOf(row, { event: parsed, now: plan.ctx.now });
  planStart(plan, {
    function: row,
    events: [event],
    parsed,
    ...(held.correlationId === undefined ? {} : { correlationIds: [held.correlationId] }),
    ...(singleton === undefined ? {} : { singletonKey: singleton }),
  });
}
