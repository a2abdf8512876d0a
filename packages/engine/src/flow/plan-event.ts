/**
 * The way of an event to a run of one function: rate limit and idempotency, then debounce or batch, then the run.
 *
 * I1  Rate limit and idempotency key both admit an event, and then both count it, or neither does.
 * I2  A debounced event that is limited does not prolong the debounce.
 *
 * Spec: semantics 3.3, 6.4, 6.9.
 */
import { IDEMPOTENCY_MS, type ReasonCode } from "@pawl/protocol";
import { planBatch } from "./batch.ts";
import { planDebounce } from "./debounce.ts";
import type { EventTarget } from "./event-target.ts";
import { type FlowPlan, writeCell } from "./flow-plan.ts";
import { refuse } from "./outcome.ts";
import { planStart } from "./plan-start.ts";
import { admitRate, type RateRule, type RateState } from "./rate-window.ts";

/** Plans what an event does for one function. */
export function planEvent(plan: FlowPlan, target: EventTarget): void {
  const { function: row, event, keys } = target;
  const isRefusedByPause = row.paused !== undefined && row.paused.mode !== "hold";
  const isHeld = !isRefusedByPause && (keys.debounce !== undefined || (keys.batch !== undefined && target.cron === undefined));
  if (!isHeld && target.duplicateOf !== undefined)
    return refuse(plan, target, { reason: "duplicate-event-id", detail: target.duplicateOf });
  if (!isRefusedByPause) {
    if (!admit(plan, target)) return;
    if (keys.debounce !== undefined) return planDebounce(plan, target, keys.debounce);
    if (keys.batch !== undefined && target.cron === undefined) return planBatch(plan, target, keys.batch);
  }
  const isKeyed = event.externalId !== event.id;
  if (isKeyed)
    plan.guards.push({ kind: "idempotency-free", functionId: row.id, key: event.externalId, since: plan.ctx.now - IDEMPOTENCY_MS });
  planStart(plan, {
    function: row,
    events: [event],
    parsed: target.parsed,
    ...(isKeyed ? { idempotencyKey: event.externalId } : {}),
    ...(target.correlationId === undefined ? {} : { correlationIds: [target.correlationId] }),
    ...(target.cron === undefined ? {} : { cron: target.cron }),
    ...(keys.singleton === undefined ? {} : { singletonKey: keys.singleton }),
    ...(target.overlapKey === undefined ? {} : { overlapKey: target.overlapKey }),
  });
}

type Limit = { readonly key: string; readonly rule: RateRule; readonly reason: ReasonCode };

/** Counts the event where both limits have room (I1). */
function admit(plan: FlowPlan, target: EventTarget): boolean {
  const limits = limitsOf(target);
  const admitted: { readonly limit: Limit; readonly state: RateState; readonly expiresAt: number }[] = [];
  for (const limit of limits) {
    const result = admitRate(rateState(plan, limit.key), limit.rule, plan.ctx.now);
    if (result.kind === "refused") {
      refuse(plan, target, { reason: limit.reason, detail: detailOf(limit, result.nextAt) });
      return false;
    }
    admitted.push({ limit, state: result.state, expiresAt: result.expiresAt });
  }
  for (const { limit, state, expiresAt } of admitted)
    writeCell(plan, { key: limit.key, kind: "rate", functionId: target.function.id, expiresAt }, state);
  return true;
}

function limitsOf({ function: { definition }, keys }: EventTarget): readonly Limit[] {
  const limits: Limit[] = [];
  if (definition.rateLimit !== undefined && keys.rateLimit !== undefined)
    limits.push({ key: keys.rateLimit, rule: definition.rateLimit, reason: "rate-limit" });
  if (keys.idempotency !== undefined)
    limits.push({ key: keys.idempotency, rule: { limit: 1, periodMs: IDEMPOTENCY_MS }, reason: "idempotency-key" });
  return limits;
}

/** The window, also one that has expired: a rule whose period was made longer counts what is left of it. */
function rateState(plan: FlowPlan, key: string): RateState {
  const cell = plan.cells.get(key);
  plan.guards.push({ kind: "cell-version", key, version: cell?.version ?? 0 });
  return cell === undefined ? [] : (JSON.parse(cell.state) as RateState);
}

/** For people and programs: which limit, and when it has room again. */
function detailOf({ rule }: Limit, nextAt: number): string {
  return JSON.stringify({ limit: rule.limit, periodMs: rule.periodMs, nextAt });
}
