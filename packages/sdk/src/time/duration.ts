/**
 * Durations and instants as users write them, to the text that travels.
 *
 * I1  What can't be read is an error at once, never an empty or zero duration.
 * I2  Milliseconds are kept; the server's grammar knows them.
 *
 * Source: sdk 4.1, 7, Appendix A.
 */
import { formatDuration, parseDurationMs } from "@pawl/protocol";

type Part<U extends string> = `${number}${U}` | "";
type Unit = "week" | "day" | "hour" | "minute" | "second" | "millisecond";

type Parts = `${Part<"w">}${Part<"d">}${Part<"h">}${Part<"m">}${Part<"s">}${Part<"ms">}`;

/** Duration as text: parts in the order `w d h m s ms`, such as `"1d12h"`, or one written out, such as `"2 days"`. */
export type TimeStr = Exclude<Parts, ""> | `${number} ${Unit | `${Unit}s`}`;

/** A `Temporal.Duration`, by its shape. */
export type DurationLike = { total(options: { unit: "milliseconds" }): number };

/** A `Temporal.Instant` or `Temporal.ZonedDateTime`, by its shape. */
export type InstantLike = { readonly epochMilliseconds: number };

/** Milliseconds, text, or a `Temporal.Duration`. */
export type Duration = number | TimeStr | DurationLike;

/** A point in time: `Date`, ISO 8601 text, or a Temporal value. */
export type Instant = Date | string | InstantLike;

/** A time after which waiting ends: a duration from now, or a date (as text: `"2026-12-24T18:00:00Z"`). */
export type Timeout = Duration | Date | InstantLike | `${number}-${number}-${string}`;

const WRITTEN_OUT = /^(\d+(?:\.\d+)?)\s*(week|day|hour|hr|minute|min|second|sec|millisecond|msec|w|d|h|m|s|ms)s?$/i;
const UNIT_OF: Readonly<Record<string, string>> = {
  week: "w",
  day: "d",
  hour: "h",
  hr: "h",
  minute: "m",
  min: "m",
  second: "s",
  sec: "s",
  millisecond: "ms",
  msec: "ms",
};

/** Milliseconds of a duration written as text, in either form of `TimeStr`; `undefined` when it can't be read. */
export function parseTimeMs(text: string): number | undefined {
  const compact = parseDurationMs(text);
  if (compact !== undefined) return compact;
  const match = WRITTEN_OUT.exec(text.trim());
  if (match === null) return undefined;
  const unit = match[2]!.toLowerCase();
  return parseDurationMs(`${match[1]!}${UNIT_OF[unit] ?? unit}`);
}

/** Milliseconds of a duration. Throws a RangeError that names `what` when it can't be read or is negative. */
export function durationMs(value: Duration, what: string): number {
  const ms =
    typeof value === "number"
      ? value
      : typeof value === "string"
        ? parseTimeMs(value)
        : isDurationLike(value)
          ? value.total({ unit: "milliseconds" })
          : undefined;
  if (ms === undefined || !Number.isFinite(ms) || ms < 0) {
    throw new RangeError(`${what}: expected milliseconds or a duration such as "30s" or "1d12h", not ${shown(value)}.`);
  }
  return ms;
}

/** Duration in the protocol's form. Throws as `durationMs`. */
export function durationText(value: Duration, what: string): string {
  return formatDuration(durationMs(value, what));
}

/** Instant as ISO 8601. Throws a RangeError that names `what` when it can't be read. */
export function instantText(value: Instant, what: string): string {
  const date = value instanceof Date ? value : new Date(typeof value === "object" ? value.epochMilliseconds : value);
  if (Number.isNaN(date.getTime())) throw new RangeError(`${what}: expected a date, not ${shown(value)}.`);
  return date.toISOString();
}

/** Duration or instant, for timeouts. Text that is no duration is read as a date. */
export function timeoutText(value: Timeout, what: string): string {
  if (value instanceof Date || (typeof value === "object" && "epochMilliseconds" in value)) return instantText(value, what);
  if (typeof value === "string" && parseTimeMs(value) === undefined && /^\d{4}-/.test(value)) return instantText(value, what);
  return durationText(value as Duration, what);
}

function isDurationLike(value: unknown): value is DurationLike {
  return typeof value === "object" && value !== null && "total" in value && typeof value.total === "function";
}

function shown(value: unknown): string {
  return typeof value === "object" ? Object.prototype.toString.call(value) : JSON.stringify(value);
}
