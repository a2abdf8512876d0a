/**
 * Durations and instants in a configuration.
 *
 * I1  A result is a whole number of milliseconds, rounded up: nothing is ever shorter than was asked for.
 * I2  Without a bound of its own a duration counts as `ENDLESS_MS` at most, so that instants that are made with it stay exact numbers.
 *
 * Spec: wire-protocol 4.4, semantics 5.
 */
import { parseDurationMs, parseGoDurationMs } from "@pawl/protocol";
import type { Bounds, Option, ProblemList } from "./config-reader.ts";
import { parseRfc3339 } from "../expression/timestamp-text.ts";

/** Bounds of a duration in ms, both inclusive, and their text for messages. `isGo`: without days and weeks. */
export type DurationRule = Bounds & { readonly expected: string; readonly isGo?: boolean };

/** A hundred years: whoever asks for more means that it never ends. */
const ENDLESS_MS = 36_525 * 86_400_000;

/** Milliseconds of a duration; undefined, with a problem noted, if it is none or out of bounds. */
export function readDuration(option: Option | undefined, rule: DurationRule, list: ProblemList): number | undefined {
  if (option === undefined) return undefined;
  const ms = typeof option.value === "string" ? millisecondsOf(option.value, rule.isGo === true) : undefined;
  if (ms === undefined || ms < rule.min || ms > (rule.max ?? Infinity)) return list.reject(option, rule.expected);
  return Math.min(ms, ENDLESS_MS);
}

/** As `readDuration`, for a duration that may also be a whole number of nanoseconds. */
export function readDurationOrNanos(option: Option | undefined, rule: DurationRule, list: ProblemList): number | undefined {
  if (typeof option?.value !== "number") return readDuration(option, rule, list);
  const ms = Number.isInteger(option.value) ? Math.ceil(option.value / 1_000_000) : Number.NaN;
  return ms >= rule.min ? Math.min(ms, ENDLESS_MS) : list.reject(option, rule.expected);
}

/** An RFC 3339 instant in ms since the epoch; undefined if the text is not one. */
export function instantOf(text: string): number | undefined {
  const nanos = parseRfc3339(text);
  return nanos === undefined ? undefined : Number(nanos / 1_000_000n);
}

function millisecondsOf(text: string, isGo: boolean): number | undefined {
  const ms = isGo ? parseGoDurationMs(text) : parseDurationMs(text);
  return ms === undefined ? undefined : Math.ceil(ms);
}
