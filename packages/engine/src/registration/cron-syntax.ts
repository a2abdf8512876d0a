/**
 * Whether text is a cron schedule: five fields, with an optional time zone in front.
 *
 * I1  What passes can be read by the scheduler; when it is due is not decided here.
 *
 * Spec: semantics 2.5.
 */
import { isTimeZone } from "../expression/time-zone.ts";

/** Longest schedule, in characters. */
const CRON_CHARS_MAX = 255;

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

type Field = { readonly name: string; readonly min: number; readonly max: number; readonly names?: readonly string[] };

const FIELDS: readonly Field[] = [
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day of month", min: 1, max: 31 },
  { name: "month", min: 1, max: 12, names: MONTHS },
  { name: "day of week", min: 0, max: 6, names: DAYS },
];

/** Says what is wrong with a schedule; undefined if nothing is. */
export function cronProblem(cron: string): string | undefined {
  if (cron.length > CRON_CHARS_MAX) return `it has ${cron.length} characters, at most ${CRON_CHARS_MAX} are allowed`;
  const [, zone, schedule = ""] = /^(?:(?:TZ|CRON_TZ)=(\S*)\s+)?(.*)$/s.exec(cron.trim()) ?? [];
  if (zone !== undefined && !isTimeZone(zone)) return `there is no time zone ${JSON.stringify(zone)}; use a name such as Europe/Berlin`;
  if (schedule.startsWith("@")) return `descriptors such as ${schedule.split(/\s/)[0]} are not supported; write five fields`;
  const texts = schedule.split(/\s+/).filter((text) => text !== "");
  if (texts.length !== FIELDS.length) return `it has ${texts.length} fields, but needs five: ${FIELDS.map(({ name }) => name).join(", ")}`;
  for (const [at, field] of FIELDS.entries()) {
    const text = texts[at] ?? "";
    if (!text.split(",").every((part) => isPart(part, field))) return fieldProblem(text, field);
  }
  return undefined;
}

function fieldProblem(text: string, { name, min, max, names }: Field): string {
  return `the ${name} ${JSON.stringify(text)} must be * or numbers from ${min} to ${max}${names === undefined ? "" : `, or ${names[0]} to ${names.at(-1)}`}`;
}

/** `*`, `?`, `5`, `1-5`, `MON-FRI`, each with an optional step `/15`. */
function isPart(part: string, field: Field): boolean {
  const match = /^(\*|\?|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(part);
  if (match === null || Number(match[4] ?? 1) < 1) return false;
  if (match[2] === undefined) return true;
  const from = numberOf(match[2], field);
  const to = match[3] === undefined ? from : numberOf(match[3], field);
  return from !== undefined && to !== undefined && from <= to;
}

function numberOf(text: string, { min, max, names = [] }: Field): number | undefined {
  const named = names.indexOf(text.toUpperCase());
  if (named >= 0) return named + min;
  const number = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return number >= min && number <= max ? number : undefined;
}
