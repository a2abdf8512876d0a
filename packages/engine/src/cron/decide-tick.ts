/**
 * What follows when a schedule's item is due: the tick's event, and the next tick.
 *
 * I1  An item is due at a tick's nominal time, so it holds the schedule's position; tick and next position commit together. No tick
 *     is made twice, and none is forgotten but those that the policy for missed ones drops.
 * I2  A schedule that its function does not have any more ends at its next tick; registering it again begins anew.
 *
 * Missed ticks (the server was down): `one` makes the latest of them, once; `all` makes each; `skip` makes none.
 *
 * Spec: semantics 2.5.
 */
import type { FunctionRow } from "../app/app-row.ts";
import type { DecideContext, Decision } from "../decision/decision.ts";
import { flowItem } from "../flow/flow-item.ts";
import type { ItemRow } from "../queue/item-row.ts";
import type { CronTrigger } from "../registration/function-definition.ts";
import { jitterOf } from "./jitter.ts";
import { lastTick, nextTick } from "./next-tick.ts";
import { scheduleByKey, scheduleEvent, scheduleKeyOf } from "./schedule-event.ts";

/** A tick that comes later than this was missed. */
export const TICK_LATE_MS_MAX = 60_000;

export type TickInput = {
  readonly item: ItemRow;
  readonly generation: number;
  /** The function, if it is registered. */
  readonly function: FunctionRow | undefined;
};

/** Decides a due tick. */
export function decideTick({ item, generation, function: row }: TickInput, ctx: DecideContext): Decision {
  const guards = [{ kind: "item-leased", itemId: item.id, generation } as const];
  const trigger = row === undefined || row.archivedAt !== undefined ? undefined : scheduleByKey(row, item.runId);
  if (row === undefined || trigger === undefined) return { guards, changes: [{ kind: "delete-item", itemId: item.id }], trace: [] };
  const { made, next } = ticksOf(trigger, item.dueAt, ctx.now);
  const position =
    next === undefined
      ? ({ kind: "delete-item", itemId: item.id } as const)
      : ({ kind: "reschedule-item", item: { ...item, dueAt: next } } as const);
  if (made === undefined) return { guards, changes: [position], trace: [] };
  const fireAt = made + (trigger.jitterMs === undefined ? 0 : jitterOf(`${item.runId}|${String(made)}`, trigger.jitterMs));
  const event = scheduleEvent({ functionId: row.id, cron: trigger.cron, tick: made, fireAt }, ctx);
  return { guards, changes: [{ kind: "insert-event", event }, position], trace: [] };
}

/** The item of a schedule that is new; undefined where it never ticks. */
export function scheduleItem(row: FunctionRow, { cron }: CronTrigger, now: number): ItemRow | undefined {
  const dueAt = nextTick(cron, now);
  return dueAt === undefined ? undefined : flowItem({ key: scheduleKeyOf(row.id, cron), kind: "cron", functionId: row.id, dueAt });
}

function ticksOf(
  { cron, missed }: CronTrigger,
  due: number,
  now: number,
): { readonly made: number | undefined; readonly next: number | undefined } {
  if (missed === "all") return { made: due, next: nextTick(cron, due) };
  const latest = lastTick(cron, { after: due - 1, until: now }) ?? due;
  const isMissed = now - latest > TICK_LATE_MS_MAX;
  return { made: missed === "skip" && isMissed ? undefined : latest, next: nextTick(cron, now) };
}
