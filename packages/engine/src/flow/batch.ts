/**
 * Batches: events collected until they are enough, or the first has waited long enough; then one run for all of them.
 *
 * I1  An open batch has a cell and an item; the decision that fills it deletes the cell and lets its item come at once, so that the next
 *     event begins another batch.
 * I2  An event is in one batch, in the order of arrival, and in the run that the batch becomes.
 * I3  A batch becomes a run `timeoutMs` after its first event at the latest, whatever the function's configuration says by then.
 *
 * Spec: semantics 6.6.
 */
import { isUlid } from "@pawl/protocol";
import type { FunctionRow } from "../app/app-row.ts";
import { invocationOf } from "../event/invocation.ts";
import type { EventRow } from "../event/event-row.ts";
import type { ExpressionEvent } from "../expression/index.ts";
import { itemIdOf } from "../queue/item-row.ts";
import { FUNCTION_INVOKED } from "../run/lifecycle-events.ts";
import type { RunRow } from "../run/run-row.ts";
import { flowItem } from "./flow-item.ts";
import { type FlowPlan, readCell, writeCell } from "./flow-plan.ts";
import type { EventTarget } from "./event-target.ts";
import { addOutcome } from "./outcome.ts";
import { planStart } from "./plan-start.ts";

/** Bytes of events after which a batch is full. */
export const BATCH_BYTES_MAX: number = 10 * 1024 * 1024;

/** State of an open batch's cell. */
export type BatchState = {
  readonly batchId: string;
  readonly count: number;
  readonly bytes: number;
  /** When it becomes a run, full or not. */
  readonly dueAt: number;
};

/** Puts an event into the open batch, or begins one with it. */
export function planBatch(plan: FlowPlan, { event, function: row }: EventTarget, key: string): void {
  const { now, random } = plan.ctx;
  const { sizeMax, timeoutMs } = row.definition.batch ?? { sizeMax: 1, timeoutMs: 0 };
  const open = readCell<BatchState>(plan, key);
  const before = open ?? { batchId: `${key}|${random.ulid(now)}`, count: 0, bytes: 0, dueAt: now + timeoutMs };
  const state: BatchState = { ...before, count: before.count + 1, bytes: before.bytes + event.body.length };
  const { batchId } = state;
  plan.changes.push({ kind: "insert-batch-event", batchEvent: { batchId, position: before.count, eventId: event.id } });
  const isFull = state.count >= sizeMax || state.bytes >= BATCH_BYTES_MAX;
  if (!isFull) writeCell(plan, { key, kind: "batch", functionId: row.id }, state);
  else if (open !== undefined) plan.changes.push({ kind: "delete-cell", key });
  const item = flowItem({ key: batchId, kind: "batch", functionId: row.id, dueAt: isFull ? now : state.dueAt });
  if (open === undefined) plan.changes.push({ kind: "insert-item", item });
  else if (isFull) plan.changes.push({ kind: "reschedule-item", item });
  addOutcome(plan, { event, functionId: row.id, reason: "batched", detail: JSON.stringify({ batchId, until: item.dueAt }) });
}

/** The cell of the batch, which it may have left already. */
export function batchCellKeyOf(batchId: string): string {
  return batchId.slice(0, batchId.lastIndexOf("|"));
}

/** What people know a run's batch by: a ULID, whose time is when the batch began. Undefined for a run of no batch, and for a repeated one. */
export function batchUlidOf({ functionId, idempotencyKey = "" }: Pick<RunRow, "functionId" | "idempotencyKey">): string | undefined {
  const id = idempotencyKey.slice(idempotencyKey.lastIndexOf("|") + 1);
  return idempotencyKey.startsWith(`batch|${functionId}`) && isUlid(id) ? id : undefined;
}

/** The batch is over: its events start a run. */
export function planBatchEnd(
  plan: FlowPlan,
  input: { readonly batchId: string; readonly function: FunctionRow | undefined; readonly events: readonly EventRow[] },
): void {
  const { batchId, function: row, events } = input;
  const key = batchCellKeyOf(batchId);
  if (readCell<BatchState>(plan, key)?.batchId === batchId) plan.changes.push({ kind: "delete-cell", key });
  plan.changes.push({ kind: "delete-item", itemId: itemIdOf.flow(batchId) }, { kind: "delete-batch", batchId });
  const [first] = events;
  if (row === undefined || first === undefined) return;
  if (row.archivedAt !== undefined) {
    for (const event of events) addOutcome(plan, { event, functionId: row.id, reason: "function-archived" });
    return;
  }
  const correlationIds = events.flatMap((event) => correlationOf(event));
  const parsed = JSON.parse(first.body) as ExpressionEvent;
  planStart(plan, { function: row, events, parsed, batchId, ...(correlationIds.length === 0 ? {} : { correlationIds }) });
}

function correlationOf(event: EventRow): readonly string[] {
  if (event.name !== FUNCTION_INVOKED) return [];
  const { correlationId } = invocationOf(JSON.parse(event.body) as ExpressionEvent);
  return correlationId === undefined ? [] : [correlationId];
}
