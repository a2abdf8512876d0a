/**
 * Schedules: each tick makes one event, at its time, or is covered by the policy for missed ones. What an event then does is checked as
 * for any other.
 */
import type { EventRow } from "@pawl/engine";
import { cronOf, type ScheduleOption, ticksBetween } from "../app/flow-options.ts";
import { isClean } from "../world/scenario.ts";
import { WORLD_BEGIN } from "../world/virtual-clock.ts";
import { ofKind, type CheckContext, type Checker } from "./checker.ts";
import { factsOf, SCHEDULED_TIMER } from "./event-facts.ts";
import { latenessMs } from "./lateness.ts";

/** A tick that comes later was missed. */
const MISSED_MS = 60_000;
/** By then, a world that has healed works again: nodes are back, what is stored is read. */
const HEALED_MS = 100_000;
/** A tick with jitter comes so much later at least. */
const JITTER_MS_MIN = 1_000;
/** A schedule that ends may still tick within this, or not. */
const END_SLACK_MS = 10_000;

type Schedule = {
  readonly name: string;
  readonly option: ScheduleOption;
  readonly beginsAt: number;
  /** Instants of the ticks that were made. */
  readonly made: number[];
  endsAt: number;
};

/** Makes the checker. */
export function checkSchedules(context: CheckContext): Checker {
  const { mirror, programs, scenario, now, report } = context;
  const schedules = new Map<string, Schedule>();
  const registered = (functionId: string, crons: ReadonlySet<string>, at: number): void => {
    for (const option of programs.get(functionId)?.flow.schedules ?? []) {
      const cron = cronOf(option);
      const name = `the schedule ${cron} of ${functionId}`;
      const known = schedules.get(name);
      if (crons.has(cron) && known === undefined) schedules.set(name, { name, option, beginsAt: at, made: [], endsAt: Infinity });
      if (!crons.has(cron) && known !== undefined) known.endsAt = Math.min(known.endsAt, at);
    }
  };
  const ticked = (event: EventRow, at: number): void => {
    const { cron, _inngest } = factsOf(event);
    const schedule = schedules.get(`the schedule ${cron} of ${_inngest?.fn_id}`);
    if (schedule === undefined) report(`event ${event.id} is a tick of no schedule`);
    else checkTick(context, { schedule, event, at });
  };
  return {
    committing: ({ changeSet, at }) => {
      for (const { event } of ofKind(changeSet, "insert-event"))
        if (event.name === SCHEDULED_TIMER && !mirror.events.has(event.id)) ticked(event, at);
      for (const { function: row } of ofKind(changeSet, "put-function"))
        registered(row.id, new Set(row.definition.triggers.flatMap((trigger) => (trigger.kind === "cron" ? [trigger.cron] : []))), at);
    },
    ended: () => {
      for (const schedule of schedules.values()) {
        const { name, option, beginsAt, endsAt, made } = schedule;
        // The schedule's position is stored shortly after the function.
        const after = option.missed === "skip" ? WORLD_BEGIN + scenario.faultyMs + HEALED_MS : beginsAt + latenessMs(scenario);
        const until = Math.min(endsAt - END_SLACK_MS, now());
        const last = ticksBetween(option, { after, until }).at(-1);
        if (last !== undefined && (made.at(-1) ?? 0) < last) report(`${name} has not ticked at ${last}, nor later`);
      }
    },
  };
}

function checkTick(
  { scenario, report }: CheckContext,
  { schedule, event, at }: { readonly schedule: Schedule; readonly event: EventRow; readonly at: number },
): void {
  const { name, option, made, beginsAt } = schedule;
  const { scheduledAt = "", fireAt = "" } = factsOf(event);
  const tick = Date.parse(scheduledAt);
  const before = made.at(-1) ?? beginsAt;
  made.push(tick);
  const since = ticksBetween(option, { after: before, until: Math.max(tick, event.receivedAt) });
  if (!since.includes(tick)) return report(`${name} ticks at ${scheduledAt}: not its time, or not for the first time`);
  if (at < tick) report(`${name} ticks ${tick - at} ms early`);
  if (event.externalId !== scheduledAt) report(`${name}: the tick at ${scheduledAt} has the id ${event.externalId}`);
  const jitterMs = Date.parse(fireAt) - tick;
  const [least, most] = option.jitterMs === undefined ? [0, 0] : [JITTER_MS_MIN, option.jitterMs];
  if (event.ts !== tick + jitterMs || jitterMs < least || jitterMs > most) report(`${name}: the tick at ${scheduledAt} fires at ${fireAt}`);
  const lateMs = event.receivedAt - tick;
  const isFirstKept = option.missed === "all" ? since[0] === tick : since.at(-1) === tick;
  // The first position may lie one tick further, where the commit that stores it took long.
  if (!isFirstKept && made.length > 1) report(`${name} ticks for ${scheduledAt} at ${event.receivedAt}, where another tick should be made`);
  if (option.missed === "skip" && lateMs > MISSED_MS) report(`${name} makes a tick that was missed by ${lateMs} ms`);
  if (!isClean(scenario)) return;
  if (lateMs > latenessMs(scenario)) report(`${name} ticks ${lateMs} ms late`);
  if (made.length > 1 && since[0] !== tick) report(`${name} has left out ${since[0]}`);
}
