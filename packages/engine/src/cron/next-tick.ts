/**
 * When a schedule ticks.
 *
 * I1  Ticks are instants; each is found from every instant before it, and no tick is found twice.
 * I2  A schedule that names hours means the clock on the wall: where the clocks go forward, a tick whose time is skipped comes at the first
 *     instant after the gap; where they go back, a time that comes twice ticks the first time only. So what is to be done daily is done
 *     every day, and once.
 * I3  A schedule for every hour, or every so many, means the time that passes: it ticks at each instant whose clock matches, also when
 *     an hour comes twice, and makes nothing up for an hour that is skipped.
 *
 * Spec: semantics 2.5 (whose server drops skipped ticks, and doubles repeated ones).
 */
import { civilFromDays, daysFromCivil, weekdayOf } from "../expression/civil-time.ts";
import { civilInZone } from "../expression/time-zone.ts";
import { type CronSchedule, parseCron } from "./parse-cron.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Days that are searched: five years. */
const DAYS_MAX = 1_827;

const parsed = new Map<string, CronSchedule>();
const PARSED_KEPT_MAX = 5_000;

/** The first tick after an instant, in ms since the epoch; undefined where there is none within five years, or the schedule is invalid. */
export function nextTick(cron: string, after: number): number | undefined {
  const schedule = scheduleOf(cron);
  if (schedule === undefined) return undefined;
  const firstDay = Math.floor(localOf(after, schedule.zone) / DAY_MS) - 1;
  for (let day = firstDay; day < firstDay + DAYS_MAX; day++) {
    const found = ticksOfDay(schedule, day).find((tick) => tick > after);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The last tick after one instant and up to another; undefined where there is none. */
export function lastTick(cron: string, { after, until }: { readonly after: number; readonly until: number }): number | undefined {
  const schedule = scheduleOf(cron);
  if (schedule === undefined) return undefined;
  const firstDay = Math.floor(localOf(after, schedule.zone) / DAY_MS) - 1;
  for (let day = Math.floor(localOf(until, schedule.zone) / DAY_MS) + 1; day >= firstDay; day--) {
    const found = ticksOfDay(schedule, day).findLast((tick) => tick <= until);
    if (found !== undefined) return found > after ? found : undefined;
  }
  return undefined;
}

function scheduleOf(cron: string): CronSchedule | undefined {
  const known = parsed.get(cron);
  if (known !== undefined) return known;
  const result = parseCron(cron);
  if (result.kind === "problem") return undefined;
  if (parsed.size >= PARSED_KEPT_MAX) parsed.clear();
  parsed.set(cron, result.schedule);
  return result.schedule;
}

/** Ticks whose clock shows the day (days since the epoch), ascending. */
function ticksOfDay(schedule: CronSchedule, day: number): readonly number[] {
  if (!isDay(schedule, day)) return [];
  const middle = day * DAY_MS + DAY_MS / 2;
  const about = offsetAt(middle, schedule.zone);
  const before = offsetAt(middle - about - DAY_MS, schedule.zone);
  const later = offsetAt(middle - about + DAY_MS, schedule.zone);
  const times = timesOfDay(schedule, day);
  if (before === later) return times.map((time) => time - before);
  const border = {
    before,
    later,
    at: borderOf({ from: middle - about - DAY_MS, to: middle - about + DAY_MS, before, zone: schedule.zone }),
  };
  return [...new Set(times.flatMap((time) => instantsOf(time, { border, schedule })))].toSorted((a, b) => a - b);
}

/** Readings of the clock, in ms since the epoch as if it were UTC. */
function timesOfDay({ hours, minutes }: CronSchedule, day: number): readonly number[] {
  return hours.flatMap((hour) => minutes.map((minute) => day * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS));
}

function isDay({ days, months, weekdays, hasDays, hasWeekdays }: CronSchedule, day: number): boolean {
  const civil = civilFromDays(day);
  if (!months.has(civil.month)) return false;
  const isWeekday = weekdays.has(weekdayOf(day));
  if (hasDays && hasWeekdays) return days.has(civil.day) || isWeekday;
  return days.has(civil.day) && isWeekday;
}

/** A change of the zone's offset: `before` holds up to `at`, `later` from then on. */
type Border = { readonly at: number; readonly before: number; readonly later: number };

/** Instants at which the clock shows a time, as I2 and I3 want them. */
function instantsOf(time: number, { border, schedule }: { readonly border: Border; readonly schedule: CronSchedule }): readonly number[] {
  const first = time - border.before;
  const second = time - border.later;
  const isFirst = first < border.at;
  const isSecond = second >= border.at;
  if (isFirst && isSecond && first !== second) return schedule.namesHours ? [first] : [first, second];
  if (isFirst) return [first];
  if (isSecond) return [second];
  return schedule.namesHours ? [border.at] : [];
}

/** The instant at which the offset changes, to the second. */
function borderOf(search: { readonly from: number; readonly to: number; readonly before: number; readonly zone: string }): number {
  let { from, to } = search;
  while (to - from > 1_000) {
    const middle = Math.floor((from + to) / 2_000) * 1_000;
    if (middle <= from) break;
    if (offsetAt(middle, search.zone) === search.before) from = middle;
    else to = middle;
  }
  return to;
}

function offsetAt(at: number, zone: string): number {
  return zone === "UTC" ? 0 : localOf(at, zone) - at;
}

/** The clock's reading at an instant, as if it were UTC. */
function localOf(at: number, zone: string): number {
  if (zone === "UTC") return at;
  const second = Math.floor(at / 1_000);
  const civil = civilInZone(BigInt(second) * 1_000_000_000n, zone);
  if (civil === undefined) return at;
  const seconds = civil.hour * 3_600 + civil.minute * 60 + civil.second;
  return daysFromCivil(civil) * DAY_MS + seconds * 1_000 + (at - second * 1_000);
}
