/**
 * The events that tell of a run's end: `inngest/function.finished` always, and `.failed` or `.cancelled`.
 *
 * I1  Runs that were started by `function.finished` or `function.failed` make neither, so that handlers can't feed themselves.
 * I2  Bodies are canonical JSON, put together out of texts that are canonical already.
 *
 * Spec: wire 8.7; semantics 1.11, 8.2.
 */
import { canonicalJson } from "@pawl/protocol";
import type { EventRow } from "../event/event-row.ts";
import type { Draft, RunEnd } from "./draft.ts";

export const FUNCTION_FINISHED = "inngest/function.finished";
export const FUNCTION_FAILED = "inngest/function.failed";
export const FUNCTION_CANCELLED = "inngest/function.cancelled";
export const FUNCTION_INVOKED = "inngest/function.invoked";

const STATUS_WORD = { COMPLETED: "Completed", FAILED: "Failed", CANCELLED: "Cancelled" } as const;

/** Events of a run that ends now. */
export function lifecycleEvents(draft: Draft, end: RunEnd): readonly EventRow[] {
  const { run, env } = draft;
  if (run.eventName === FUNCTION_FINISHED || run.eventName === FUNCTION_FAILED) return [];
  const data = lifecycleData(draft, end);
  const finishedId = env.ctx.random.ulid(env.ctx.now);
  const events = [eventOf(draft, { name: FUNCTION_FINISHED, id: finishedId, externalId: finishedId, data })];
  if (end.status === "FAILED")
    events.push(eventOf(draft, { name: FUNCTION_FAILED, id: env.ctx.random.ulid(env.ctx.now), externalId: run.id, data }));
  if (end.status === "CANCELLED")
    events.push(eventOf(draft, { name: FUNCTION_CANCELLED, id: env.ctx.random.ulid(env.ctx.now), externalId: run.id, data }));
  return events;
}

function lifecycleData({ run, state, env }: Draft, end: RunEnd): string {
  const parts = [`"_inngest":{"status":"${STATUS_WORD[end.status]}"}`];
  if (run.correlationId !== undefined) parts.push(`"correlation_id":${JSON.stringify(run.correlationId)}`);
  if (end.error !== undefined) parts.push(`"error":${canonicalJson(end.error)}`);
  parts.push(
    `"event":${state.events[0] ?? "{}"}`,
    `"events":[${state.events.join(",")}]`,
    `"function_id":${JSON.stringify(env.function.slug)}`,
  );
  if (end.output !== undefined) parts.push(`"result":${end.output}`);
  parts.push(`"run_id":${JSON.stringify(run.id)}`);
  return `{${parts.join(",")}}`;
}

function eventOf(
  { env }: Draft,
  { name, id, externalId, data }: { readonly name: string; readonly id: string; readonly externalId: string; readonly data: string },
): EventRow {
  const { now } = env.ctx;
  const body = `{"data":${data},"id":${JSON.stringify(externalId)},"name":${JSON.stringify(name)},"ts":${now},"user":{}}`;
  return { id, externalId, name, ts: now, receivedAt: now, body, isInternal: true, isProcessed: false };
}
