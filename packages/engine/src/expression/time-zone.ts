/**
 * The wall clock of a time zone, for `getHours("Europe/Berlin")` and the other getters of timestamps.
 *
 * The only use of the platform's time zone data in this package; it reads no clock.
 */
import { type CivilTime, civilFromNanos, nanosFromCivil } from "./civil-time.ts";
import { parseOffset } from "./timestamp-text.ts";

/** Time zones kept ready. Building one costs about 0.1 ms. */
const ZONES_KEPT_MAX = 50;

const NANOS_PER_MS = 1_000_000n;
const NANOS_PER_SECOND = 1_000_000_000n;

const kept = new Map<string, Intl.DateTimeFormat>();

/** Calendar time of an instant in a zone (`UTC`, `+02:00`, `Europe/Berlin`); undefined if there is no such zone. */
export function civilInZone(nanos: bigint, zone: string): CivilTime | undefined {
  const offsetSeconds = zone === "UTC" || zone === "Z" ? 0 : parseOffset(zone);
  if (offsetSeconds !== undefined) return civilFromNanos(nanos + BigInt(offsetSeconds) * NANOS_PER_SECOND);
  const format = formatOf(zone);
  return format === undefined ? undefined : civilFromFormat(nanos, format);
}

/** Whether there is a zone of this name. */
export function isTimeZone(zone: string): boolean {
  return zone === "UTC" || formatOf(zone) !== undefined;
}

function civilFromFormat(nanos: bigint, format: Intl.DateTimeFormat): CivilTime | undefined {
  const utc = civilFromNanos(nanos);
  const parts = new Map(format.formatToParts(Number(nanos / NANOS_PER_MS)).map(({ type, value }) => [type, Number(value)]));
  const local = {
    year: parts.get("year") ?? utc.year,
    month: parts.get("month") ?? utc.month,
    day: parts.get("day") ?? utc.day,
    hour: parts.get("hour") ?? utc.hour,
    minute: parts.get("minute") ?? utc.minute,
    second: parts.get("second") ?? utc.second,
    nanos: utc.nanos,
  };
  return nanosFromCivil(local, 0) === undefined ? undefined : local;
}

function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  const known = kept.get(zone);
  if (known !== undefined) return known;
  const format = buildFormat(zone);
  if (format === undefined) return undefined;
  if (kept.size >= ZONES_KEPT_MAX) kept.clear();
  kept.set(zone, format);
  return format;
}

function buildFormat(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    const numeric = "numeric" as const;
    const fields = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric };
    return new Intl.DateTimeFormat("en-US", { timeZone, hourCycle: "h23", ...fields });
  } catch {
    return undefined;
  }
}
