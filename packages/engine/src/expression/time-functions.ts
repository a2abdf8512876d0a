/**
 * Functions of time: `now`, `now_plus`, `now_minus`, `date` and the getters of timestamps and durations.
 *
 * I1  "Now" is the instant handed to the evaluation; nothing here reads a clock.
 * I2  `date` accepts any number, so that `date(event.ts)` works although JSON numbers are doubles (ADR 0003).
 *
 * Spec: semantics 2.4.
 */
import { type CivilTime, civilFromNanos, daysFromCivil, weekdayOf } from "./civil-time.ts";
import { plainNumber } from "./compare.ts";
import { parseDuration } from "./duration-text.ts";
import { type CallContext, type ExpressionFunction, unary, wrongArgument } from "./function-type.ts";
import { timestampFromNanos } from "./time-value.ts";
import { civilInZone } from "./time-zone.ts";
import { parseLooseTimestamp } from "./timestamp-text.ts";
import { Duration, Failure, isNumeric, type Outcome, Timestamp, type Value } from "./value.ts";

const NANOS_PER_MS = 1_000_000n;
const NANOS_PER_SECOND = 1_000_000_000n;

/** 2000-01-01. Smaller numbers are not dates but mistakes. */
const DATE_SECONDS_MIN = 946_684_800;
/** Numbers below this are seconds, below the next one milliseconds, and above it nanoseconds. */
const DATE_SECONDS_END = 9_999_999_999;
const DATE_MS_END = 9_999_999_999_999;

/** The functions of time. */
export const TIME_FUNCTIONS: readonly ExpressionFunction[] = [
  { name: "now", style: "global", arity: [0, 0], isPure: false, call: (_, context) => nowOf(context) },
  shiftedNow("now_plus", 1n),
  shiftedNow("now_minus", -1n),
  unary("date", toDate),
  getter("getFullYear", (time) => time.year),
  getter("getMonth", (time) => time.month - 1),
  getter("getDate", (time) => time.day),
  getter("getDayOfMonth", (time) => time.day - 1),
  getter("getDayOfWeek", (time) => weekdayOf(daysFromCivil(time))),
  getter("getDayOfYear", (time) => daysFromCivil(time) - daysFromCivil({ year: time.year, month: 1, day: 1 })),
  getter("getHours", (time) => time.hour, 3_600n * NANOS_PER_SECOND),
  getter("getMinutes", (time) => time.minute, 60n * NANOS_PER_SECOND),
  getter("getSeconds", (time) => time.second, NANOS_PER_SECOND),
  getter("getMilliseconds", (time) => Math.floor(time.nanos / 1_000_000), NANOS_PER_MS),
];

function nowOf(context: CallContext): Outcome {
  return timestampFromNanos(BigInt(Math.trunc(context.now)) * NANOS_PER_MS);
}

function shiftedNow(name: string, sign: bigint): ExpressionFunction {
  const call = ([value]: readonly Value[], context: CallContext): Outcome => {
    const nanos = value instanceof Duration ? value.nanos : typeof value === "string" ? parseDuration(value) : undefined;
    const now = nowOf(context);
    if (nanos === undefined) return new Failure(`${name}() needs a duration such as "7d" or "1h30m"`);
    return now instanceof Timestamp ? timestampFromNanos(now.nanos + sign * nanos) : now;
  };
  return { name, style: "global", arity: [1, 1], isPure: false, call };
}

function toDate(value: Value): Outcome {
  if (value instanceof Timestamp) return value;
  if (isNumeric(value)) return dateFromNumber(plainNumber(value));
  if (typeof value !== "string") return wrongArgument("date", "a string or a number", value);
  const nanos = parseLooseTimestamp(value);
  return nanos === undefined ? new Failure("date() cannot read this text; RFC 3339 always works") : timestampFromNanos(nanos);
}

/** An int of nanoseconds is exact; a double of them is not, but nothing better is known. */
function dateFromNumber(value: number | bigint): Outcome {
  if (!(value >= DATE_SECONDS_MIN)) return new Failure(`date() takes numbers from ${DATE_SECONDS_MIN} (the year 2000) up`);
  if (value < DATE_SECONDS_END) return timestampFromNanos(BigInt(Math.round(Number(value) * 1_000)) * NANOS_PER_MS);
  const whole = wholeOf(value);
  if (whole === undefined) return new Failure("date() needs a finite number");
  return timestampFromNanos(value < DATE_MS_END ? whole * NANOS_PER_MS : whole);
}

function wholeOf(value: number | bigint): bigint | undefined {
  if (typeof value === "bigint") return value;
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : undefined;
}

/** A getter of timestamps with an optional zone; of durations too if it says how many nanoseconds its unit has. */
function getter(name: string, read: (time: CivilTime) => number, durationUnitNanos?: bigint): ExpressionFunction {
  const call = ([value, zone]: readonly Value[]): Outcome => {
    if (value instanceof Timestamp) return readInZone(value, zone, read);
    if (value instanceof Duration && durationUnitNanos !== undefined) return durationPart(name, value, durationUnitNanos);
    return wrongArgument(name, "a timestamp, such as date(event.ts)", value ?? null);
  };
  return { name, style: "method", arity: [1, 2], isPure: true, call };
}

function readInZone(value: Timestamp, zone: Value | undefined, read: (time: CivilTime) => number): Outcome {
  if (zone === undefined) return BigInt(read(civilFromNanos(value.nanos)));
  const time = typeof zone === "string" ? civilInZone(value.nanos, zone) : undefined;
  return time === undefined
    ? new Failure("unknown time zone; use a name such as Europe/Berlin or an offset such as +02:00")
    : BigInt(read(time));
}

/** Hours, minutes and seconds are totals; milliseconds are the part below a second. As in CEL. */
function durationPart(name: string, value: Duration, unitNanos: bigint): bigint {
  const nanos = name === "getMilliseconds" ? value.nanos % NANOS_PER_SECOND : value.nanos;
  return nanos / unitNanos;
}
