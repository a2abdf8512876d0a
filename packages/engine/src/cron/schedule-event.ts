/**
 * The event of a schedule's tick. It goes through the event log like any other, so a tick is never lost and every limit of the function
 * applies to it.
 *
 * I1  Its external id is the tick's time, which is the run's idempotency key: two schedules of a function that tick together start one run.
 *
 * Spec: semantics 1.11, 2.5.
 */
import { canonicalJson } from "@pawl/protocol";
import type { FunctionRow } from "../app/app-row.ts";
import type { DecideContext } from "../decision/decision.ts";
import type { EventRow } from "../event/event-row.ts";
import { formatTimestamp } from "../expression/timestamp-text.ts";
import type { ExpressionEvent } from "../expression/index.ts";
import { overlapKeyOf } from "../flow/flow-keys.ts";
import { expressionHash } from "../queue/lane.ts";
import type { CronTrigger } from "../registration/function-definition.ts";

export const SCHEDULED_TIMER = "inngest/scheduled.timer";

/** Key of a schedule: its queue item belongs to it. */
export function scheduleKeyOf(functionId: string, cron: string): string {
  return `cron|${functionId}|${expressionHash(cron)}`;
}

/** The function's schedule with a key; undefined where the function does not have it any more. */
export function scheduleByKey({ id, definition }: FunctionRow, key: string): CronTrigger | undefined {
  for (const trigger of definition.triggers) if (trigger.kind === "cron" && scheduleKeyOf(id, trigger.cron) === key) return trigger;
  return undefined;
}

/** The event of a tick. `tick` and `fireAt` are ms since the epoch; the run starts at `fireAt`. */
export function scheduleEvent(
  input: { readonly functionId: string; readonly cron: string; readonly tick: number; readonly fireAt: number },
  { now, random }: DecideContext,
): EventRow {
  const { functionId, cron, tick, fireAt } = input;
  const externalId = rfc3339(tick);
  const data = { cron, scheduledAt: externalId, fireAt: rfc3339(fireAt), _inngest: { fn_id: functionId } };
  const body = canonicalJson({ name: SCHEDULED_TIMER, data, id: externalId, ts: fireAt, user: {} });
  const id = random.ulid(now);
  return { id, externalId, name: SCHEDULED_TIMER, ts: fireAt, receivedAt: now, body, isInternal: true, isProcessed: false };
}

/** What a tick's event says about the schedule of the function that it names. */
export function scheduleOf(row: FunctionRow, parsed: ExpressionEvent): { readonly cron?: string; readonly overlapKey?: string } {
  const { cron } = (parsed.data ?? {}) as { readonly cron?: unknown };
  if (typeof cron !== "string") return {};
  const trigger = row.definition.triggers.find((candidate) => candidate.kind === "cron" && candidate.cron === cron);
  const isAlone = trigger?.kind === "cron" && trigger.overlap === false;
  return { cron, ...(isAlone ? { overlapKey: overlapKeyOf(row.id, cron) } : {}) };
}

function rfc3339(at: number): string {
  return formatTimestamp(BigInt(at) * 1_000_000n);
}
