/**
 * Cron schedules: five fields, with an optional time zone in front (`TZ=Europe/Berlin 0 9 * * MON`). Without one, UTC.
 *
 * I1  What parses has a tick within the next years: a day that does not exist (31 February) is a problem, not a schedule that never comes.
 * I2  As in every cron: where both the day of the month and the day of the week are restricted, either is enough.
 *
 * Sunday is 0 and 7. Descriptors (`@daily`) and seconds are refused.
 *
 * Spec: semantics 2.5. The server it describes knows Sunday as 0 only.
 */
import { isTimeZone } from "../expression/time-zone.ts";

/** Longest schedule, in characters. */
const CRON_CHARS_MAX = 255;

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** What other crons know by a word. */
const DESCRIPTORS: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

type FieldName = "minute" | "hour" | "day of month" | "month" | "day of week";
type Field = { readonly name: FieldName; readonly min: number; readonly max: number; readonly names?: readonly string[] };

const FIELDS: readonly Field[] = [
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day of month", min: 1, max: 31 },
  { name: "month", min: 1, max: 12, names: MONTHS },
  { name: "day of week", min: 0, max: 7, names: WEEKDAYS },
];

/** A parsed schedule. Numbers are in ascending order. */
export type CronSchedule = {
  readonly zone: string;
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** Whether the fields are restricted: not `*` or `?`. */
  readonly hasDays: boolean;
  readonly hasWeekdays: boolean;
  /** Whether it names hours, so that it means the clock on the wall; else it means the time that passes. */
  readonly namesHours: boolean;
};

export type CronResult =
  | { readonly kind: "schedule"; readonly schedule: CronSchedule }
  | { readonly kind: "problem"; readonly problem: string };

/** Reads a schedule. */
export function parseCron(cron: string): CronResult {
  const problem = (text: string): CronResult => ({ kind: "problem", problem: text });
  if (cron.length > CRON_CHARS_MAX) return problem(`it has ${cron.length} characters, at most ${CRON_CHARS_MAX} are allowed`);
  const [, zone = "UTC", text = ""] = /^(?:(?:TZ|CRON_TZ)=(\S*)\s+)?(.*)$/s.exec(cron.trim()) ?? [];
  if (!isTimeZone(zone)) return problem(`there is no time zone ${JSON.stringify(zone)}; use a name such as Europe/Berlin`);
  if (text.startsWith("@")) return problem(descriptorProblem(text));
  const texts = text.split(/\s+/).filter((field) => field !== "");
  if (texts.length !== FIELDS.length)
    return problem(`it has ${texts.length} fields, but needs five: ${FIELDS.map(({ name }) => name).join(", ")}`);
  const values: (readonly number[])[] = [];
  for (const [at, field] of FIELDS.entries()) {
    const parsed = parseField(texts[at] ?? "", field);
    if (parsed === undefined) return problem(fieldProblem(texts[at] ?? "", field));
    values.push(parsed);
  }
  const schedule = scheduleOf(zone, texts, values);
  return hasADay(schedule) ? { kind: "schedule", schedule } : problem("no month has such a day");
}

/** Says what is wrong with a schedule; undefined if nothing is. */
export function cronProblem(cron: string): string | undefined {
  const result = parseCron(cron);
  return result.kind === "problem" ? result.problem : undefined;
}

function descriptorProblem(text: string): string {
  const fields = DESCRIPTORS[text.toLowerCase()];
  return `descriptors such as ${text.split(/\s/)[0]} are not supported; write ${fields ?? "five fields"}`;
}

function scheduleOf(zone: string, texts: readonly string[], values: readonly (readonly number[])[]): CronSchedule {
  const [minutes = [], hours = [], days = [], months = [], weekdays = []] = values;
  return {
    zone,
    minutes,
    hours,
    days: new Set(days),
    months: new Set(months),
    weekdays: new Set(weekdays.map((day) => day % 7)),
    hasDays: isRestricted(texts[2]),
    hasWeekdays: isRestricted(texts[4]),
    namesHours: isRestricted(texts[1]),
  };
}

function isRestricted(text: string | undefined): boolean {
  return text !== undefined && !text.startsWith("*") && !text.startsWith("?");
}

function hasADay({ days, months, hasWeekdays }: CronSchedule): boolean {
  return hasWeekdays || [...months].some((month) => [...days].some((day) => day <= (MONTH_DAYS[month - 1] ?? 0)));
}

function fieldProblem(text: string, { name, min, max, names }: Field): string {
  return `the ${name} ${JSON.stringify(text)} must be * or numbers from ${min} to ${max}${names === undefined ? "" : `, or ${names[0]} to ${names.at(-1)}`}`;
}

/** The field's numbers, ascending; undefined where it can't be read. */
function parseField(text: string, field: Field): readonly number[] | undefined {
  const numbers = new Set<number>();
  for (const part of text.split(",")) {
    const range = parsePart(part, field);
    if (range === undefined) return undefined;
    for (let number = range.from; number <= range.to; number += range.step) numbers.add(number);
  }
  return [...numbers].toSorted((a, b) => a - b);
}

/** `*`, `?`, `5`, `1-5`, `MON-FRI`, each with an optional step `/15`. A number with a step goes on to the field's end. */
function parsePart(part: string, field: Field): { readonly from: number; readonly to: number; readonly step: number } | undefined {
  const match = /^(\*|\?|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(part);
  if (match === null || Number(match[4] ?? 1) < 1) return undefined;
  const [, , first, last, stepText] = match;
  const step = Number(stepText ?? 1);
  if (first === undefined) return { from: field.min, to: field.name === "day of week" ? 6 : field.max, step };
  const from = numberOf(first, field);
  const isSundayLast = last?.toUpperCase() === "SUN" && (from ?? 0) > 0;
  const to = last === undefined ? (stepText === undefined ? from : field.max) : isSundayLast ? 7 : numberOf(last, field);
  return from === undefined || to === undefined || from > to ? undefined : { from, to, step };
}

function numberOf(text: string, { min, max, names = [] }: Field): number | undefined {
  const named = names.indexOf(text.toUpperCase());
  if (named >= 0) return named + min;
  const number = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return number >= min && number <= max ? number : undefined;
}
