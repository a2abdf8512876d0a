/** Ticks against a walk that looks at the clock every minute and knows nothing of how they are found; most of it where clocks change. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { civilFromDays, daysFromCivil, weekdayOf } from "../expression/civil-time.ts";
import { civilInZone } from "../expression/time-zone.ts";
import { lastTick, nextTick } from "./next-tick.ts";

const MINUTE_MS = 60_000;
const HALF_HOUR_MS = 30 * MINUTE_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** 2026-01-01 in UTC. */
const YEAR_START = 20_454 * DAY_MS;

const ZONES = [
  "UTC",
  "Europe/Paris",
  "America/New_York",
  "Australia/Lord_Howe",
  "Asia/Kolkata",
  "America/St_Johns",
  "Africa/Casablanca",
  "Africa/Cairo",
  "America/Havana",
  "Pacific/Chatham",
];

type Field = { readonly text: string; readonly values: ReadonlySet<number> };
type Case = { readonly cron: string; readonly zone: string; readonly fields: readonly Field[] };

const offsets = new Map<string, number>();

/** The zone's offset in milliseconds. In the zones above it changes on quarters of hours that are no less than half hours apart. */
function offsetAt(instant: number, zone: string): number {
  const slot = Math.floor(instant / (HALF_HOUR_MS / 2)) * (HALF_HOUR_MS / 2);
  const key = `${zone} ${String(slot)}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const civil = civilInZone(BigInt(slot) * 1_000_000n, zone);
  if (civil === undefined) throw new Error(zone);
  const offset = daysFromCivil(civil) * DAY_MS + civil.hour * HOUR_MS + civil.minute * MINUTE_MS - slot;
  offsets.set(key, offset);
  return offset;
}

/** Hours of the year in which the zone's clocks change. */
function changesOf(zone: string): readonly number[] {
  const days = Array.from({ length: 365 }, (_, day) => YEAR_START + day * DAY_MS);
  const hasChange = (from: number, ms: number): boolean => offsetAt(from, zone) !== offsetAt(from + ms, zone);
  const hoursOf = (day: number): readonly number[] => Array.from({ length: 24 }, (_, hour) => day + hour * HOUR_MS);
  return days.filter((day) => hasChange(day, DAY_MS)).flatMap((day) => hoursOf(day).filter((hour) => hasChange(hour, HOUR_MS)));
}

const changes = new Map(ZONES.map((zone) => [zone, changesOf(zone)]));

/** A field's text and what it stands for. */
function field(min: number, max: number): fc.Arbitrary<Field> {
  const range = (from: number, to: number, step: number): ReadonlySet<number> =>
    new Set(Array.from({ length: to - from + 1 }, (_, index) => from + index).filter((value) => (value - from) % step === 0));
  const value = fc.integer({ min, max });
  const step = fc.integer({ min: 2, max: 25 });
  const ends = fc.tuple(value, value).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  return fc.oneof(
    fc.constantFrom("*", "?").map((text) => ({ text, values: range(min, max, 1) })),
    value.map((only) => ({ text: String(only), values: new Set([only]) })),
    fc.uniqueArray(value, { minLength: 2, maxLength: 4 }).map((list) => ({ text: list.join(","), values: new Set(list) })),
    step.map((every) => ({ text: `*/${String(every)}`, values: range(min, max, every) })),
    ends.map(([from, to]) => ({ text: `${String(from)}-${String(to)}`, values: range(from, to, 1) })),
    fc
      .tuple(ends, step)
      .map(([[from, to], every]) => ({ text: `${String(from)}-${String(to)}/${String(every)}`, values: range(from, to, every) })),
  );
}

const all: fc.Arbitrary<Field> = fc.constant({ text: "*", values: new Set(Array.from({ length: 32 }, (_, value) => value)) });
const sometimes = (of: fc.Arbitrary<Field>): fc.Arbitrary<Field> => fc.oneof({ weight: 5, arbitrary: all }, of);

/** Most changes of clocks are in the night. */
const hoursOfNight = field(0, 3).filter(({ text }) => !/^[*?]/.test(text));

const cases: fc.Arbitrary<Case> = fc
  .tuple(
    fc.constantFrom(...ZONES),
    fc.tuple(
      field(0, 59),
      fc.oneof(field(0, 23), hoursOfNight, all),
      sometimes(field(1, 31)),
      sometimes(field(1, 12)),
      sometimes(field(0, 6)),
    ),
  )
  .map(([zone, fields]) => ({ zone, fields, cron: `TZ=${zone} ${fields.map(({ text }) => text).join(" ")}` }));

/** Whether a reading of the clock (as if it were UTC) is one of the schedule's. */
function matches(local: number, fields: readonly Field[]): boolean {
  const days = Math.floor(local / DAY_MS);
  const minutes = Math.floor((local - days * DAY_MS) / MINUTE_MS);
  const { month, day } = civilFromDays(days);
  const values = [minutes % 60, Math.floor(minutes / 60), day, month, weekdayOf(days)];
  const [isMinute, isHour, isDay, isMonth, isWeekday] = values.map((value, index) => fields[index]?.values.has(value) ?? false);
  const [, , hasDays, , hasWeekdays] = fields.map(({ text }) => !/^[*?]/.test(text));
  const isThatDay = hasDays && hasWeekdays ? isDay || isWeekday : isDay && isWeekday;
  return (isMinute && isHour && isMonth && isThatDay) ?? false;
}

/** Ticks from one instant (included) to another (excluded). */
function walk({ zone, fields }: Case, { from, to }: { readonly from: number; readonly to: number }): readonly number[] {
  const namesHours = !/^[*?]/.test(fields[1]?.text ?? "");
  const ticks: number[] = [];
  const seen = new Set<number>();
  const begin = Math.ceil((from - DAY_MS) / MINUTE_MS) * MINUTE_MS;
  let before = begin - MINUTE_MS + offsetAt(begin - MINUTE_MS, zone);
  for (let instant = begin; instant < to; instant += MINUTE_MS) {
    const local = instant + offsetAt(instant, zone);
    let isTick = matches(local, fields) && !(namesHours && seen.has(local));
    if (namesHours) for (let skipped = before + MINUTE_MS; skipped < local; skipped += MINUTE_MS) isTick ||= matches(skipped, fields);
    seen.add(local);
    before = local;
    if (isTick && instant >= from) ticks.push(instant);
  }
  return ticks;
}

const starts = fc.record({
  change: fc.nat(),
  aroundMs: fc.integer({ min: -30 * 60, max: 6 * 60 }).map((minutes) => minutes * MINUTE_MS),
  dayMs: fc.integer({ min: 0, max: 364 }).map((days) => days * DAY_MS),
  secondMs: fc.integer({ min: 0, max: 59 }).map((seconds) => seconds * 1_000),
});

/** An instant near a change of clocks, where the zone has one. */
function startOf(zone: string, { change, aroundMs, dayMs, secondMs }: typeof starts extends fc.Arbitrary<infer T> ? T : never): number {
  const known = changes.get(zone) ?? [];
  return (known[change % known.length] ?? YEAR_START + 2 * DAY_MS + dayMs) + aroundMs + secondMs;
}

const SPAN_MS = 36 * HOUR_MS;

/** Ticks that are looked for one after the other: most schedules have fewer, and one that ticks every minute would take all the time. */
const TICKS_MAX = 60;

test("ticks are those that a walk finds, before, in and after changes of the clocks", () => {
  fc.assert(
    fc.property(cases, starts, (schedule, start) => {
      const after = startOf(schedule.zone, start);
      const expected = walk(schedule, { from: after + 1, to: after + SPAN_MS });
      let tick: number | undefined = after;
      const found = expected.slice(0, TICKS_MAX).map(() => (tick = nextTick(schedule.cron, tick ?? after)));
      expect(found).toEqual(expected.slice(0, TICKS_MAX));
      if (expected.length < TICKS_MAX) expect(nextTick(schedule.cron, tick) ?? Infinity).toBeGreaterThanOrEqual(after + SPAN_MS);
      expect(lastTick(schedule.cron, { after, until: after + SPAN_MS - 1 })).toBe(expected.at(-1));
    }),
    { numRuns: 200 },
  );
});

test("each tick follows from the one before it, and the last tick up to a tick is the tick", () => {
  fc.assert(
    fc.property(cases, starts, ({ cron, zone }, start) => {
      const after = startOf(zone, start);
      const tick = nextTick(cron, after);
      if (tick === undefined) return;
      expect(tick).toBeGreaterThan(after);
      expect(nextTick(cron, tick - 1)).toBe(tick);
      expect(lastTick(cron, { after, until: tick })).toBe(tick);
      expect(lastTick(cron, { after, until: tick - 1 })).toBeUndefined();
    }),
    { numRuns: 200 },
  );
});
