/**
 * Text forms of timestamps: what `date("…")` and `timestamp("…")` read, and how a timestamp prints.
 *
 * I1  A form without a zone is read as UTC. A zone abbreviation is read as UTC whatever it says: abbreviations are ambiguous, and
 *     existing expressions rely on it.
 * I2  A form without a year (`Jan _2 15:04:05`) is read in the year 0.
 *
 * Spec: semantics 2.4, function `date`.
 */
import { civilFromNanos, nanosFromCivil } from "./civil-time.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const MONTH = `(?<month>${MONTHS.join("|")})`;
const WEEKDAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const LONG_WEEKDAY = "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)";
const CLOCK = String.raw`(?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?`;
const OFFSET = String.raw`(?<offset>[+-]\d{2}:?\d{2})`;
const ZONE = "[A-Z]{1,5}";
const YEAR = String.raw`(?<year>\d{4})`;
const DAY = String.raw`(?<day>\d{2})`;
const LOOSE_DAY = String.raw`(?<day> \d|\d{1,2})`;

/** RFC 3339, the only form that `timestamp("…")` reads. */
const RFC_3339 = form(`${YEAR}-(?<month>\\d{2})-${DAY}[Tt]${CLOCK}(?:[Zz]|${OFFSET})`);

/** The other forms that `date("…")` reads. Each is anchored and has no nested repetition, so matching is linear. */
const LOOSE_FORMS = [
  form(`${YEAR}-(?<month>\\d{2})-${DAY}T${CLOCK}`),
  form(`${YEAR}-(?<month>\\d{2})-${DAY}`),
  form(`${WEEKDAY}, ${DAY} ${MONTH} ${YEAR} ${CLOCK} (?:${ZONE}|${OFFSET})`),
  form(`${DAY} ${MONTH} (?<shortYear>\\d{2}) (?<hour>\\d{2}):(?<minute>\\d{2}) (?:${ZONE}|${OFFSET})`),
  form(`${LONG_WEEKDAY}, ${DAY}-${MONTH}-(?<shortYear>\\d{2}) ${CLOCK} ${ZONE}`),
  form(`${WEEKDAY} ${MONTH} ${DAY} ${CLOCK} ${OFFSET} ${YEAR}`),
  form(`${WEEKDAY} ${MONTH} ${LOOSE_DAY} ${CLOCK} (?:${ZONE} )?${YEAR}`),
  form(`${MONTH} ${LOOSE_DAY} ${CLOCK}`),
  form(`${YEAR}-(?<month>\\d{2})-${DAY} ${CLOCK} ${OFFSET}(?: ${ZONE})?`),
];

/** Longest text worth trying: the longest form with nine digits of fraction is shorter. */
const TIMESTAMP_CHARS_MAX = 64;

/** Reads an RFC 3339 timestamp. Returns nanoseconds since the epoch, or undefined. */
export function parseRfc3339(text: string): bigint | undefined {
  return parseForm(RFC_3339, text);
}

/** Reads any of the forms of `date("…")`. Returns nanoseconds since the epoch, or undefined. */
export function parseLooseTimestamp(text: string): bigint | undefined {
  const strict = parseRfc3339(text);
  if (strict !== undefined) return strict;
  for (const pattern of LOOSE_FORMS) {
    const nanos = parseForm(pattern, text);
    if (nanos !== undefined) return nanos;
  }
  return undefined;
}

/** RFC 3339 in UTC with as many digits of fraction as needed. */
export function formatTimestamp(nanos: bigint): string {
  const time = civilFromNanos(nanos);
  const fraction = time.nanos === 0 ? "" : `.${pad(time.nanos, 9).replace(/0+$/, "")}`;
  const date = `${pad(time.year, 4)}-${pad(time.month, 2)}-${pad(time.day, 2)}`;
  return `${date}T${pad(time.hour, 2)}:${pad(time.minute, 2)}:${pad(time.second, 2)}${fraction}Z`;
}

/** Seconds of an offset such as `+02:00` or `-0730`; undefined if it is not one. */
export function parseOffset(text: string): number | undefined {
  const match = /^([+-])(\d{2}):?(\d{2})$/.exec(text);
  if (match === null || Number(match[2]) > 23 || Number(match[3]) > 59) return undefined;
  return (match[1] === "-" ? -1 : 1) * (Number(match[2]) * 3_600 + Number(match[3]) * 60);
}

function form(source: string): RegExp {
  return new RegExp(`^${source}$`);
}

function parseForm(pattern: RegExp, text: string): bigint | undefined {
  const parts = text.length <= TIMESTAMP_CHARS_MAX ? pattern.exec(text)?.groups : undefined;
  if (parts === undefined) return undefined;
  const offsetSeconds = parts["offset"] === undefined ? 0 : parseOffset(parts["offset"]);
  if (offsetSeconds === undefined) return undefined;
  const time = {
    year: yearOf(parts),
    month: monthOf(parts["month"]),
    day: Number(parts["day"]),
    hour: Number(parts["hour"] ?? 0),
    minute: Number(parts["minute"] ?? 0),
    second: Number(parts["second"] ?? 0),
    nanos: Number((parts["fraction"] ?? "").padEnd(9, "0")),
  };
  return nanosFromCivil(time, offsetSeconds);
}

/** A year of two digits is 1969 to 2068, as in POSIX. */
function yearOf(parts: Readonly<Record<string, string | undefined>>): number {
  if (parts["shortYear"] === undefined) return Number(parts["year"] ?? 0);
  const short = Number(parts["shortYear"]);
  return short >= 69 ? 1_900 + short : 2_000 + short;
}

function monthOf(text: string | undefined): number {
  const named = MONTHS.indexOf(text ?? "");
  return named >= 0 ? named + 1 : Number(text);
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}
