/**
 * Durations and instants for people: three significant figures and spaced units, so that numbers of one column can be compared.
 *
 * Spec: dashboard 6.2.
 */
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `0 ms`, `0.42 ms`, `812 ms`, `4.31 s`, `2 min 05 s`, `3 h 12 min`, `2 d 4 h`. Negative durations count as none. */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (ms < 1) return ms < 0.01 ? "0 ms" : `${ms.toPrecision(2)} ms`;
  if (ms < 999.5) return `${ms < 10 ? trimZero(ms.toFixed(1)) : Math.round(ms)} ms`;
  if (ms < MINUTE_MS) return `${trimZero((ms / SECOND_MS).toPrecision(3))} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min ${pad(Math.floor((ms % MINUTE_MS) / SECOND_MS))} s`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h ${pad(Math.floor((ms % HOUR_MS) / MINUTE_MS))} min`;
  return `${Math.floor(ms / DAY_MS)} d ${Math.floor((ms % DAY_MS) / HOUR_MS)} h`;
}

/** A duration in one unit for tight places and axes: `2 s`, `4 min`, `3 h`, `9 d`. */
export function formatShort(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (ms < 10) return `${trimZero(ms.toFixed(1))} ms`;
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`;
  if (ms < MINUTE_MS) return `${trimZero((ms / SECOND_MS).toFixed(ms < 10_000 ? 1 : 0))} s`;
  if (ms < HOUR_MS) return wholeAndRest(ms, { unitMs: MINUTE_MS, unit: "min", restMs: SECOND_MS, rest: "s" });
  if (ms < DAY_MS) return wholeAndRest(ms, { unitMs: HOUR_MS, unit: "h", restMs: MINUTE_MS, rest: "min" });
  return wholeAndRest(ms, { unitMs: DAY_MS, unit: "d", restMs: HOUR_MS, rest: "h" });
}

/** How long ago: `now`, `12 s ago`, `4 min ago`, `in 3 h`. */
export function formatAgo(at: number, now: number): string {
  const ms = now - at;
  if (Math.abs(ms) < SECOND_MS) return "now";
  const unit = oneUnit(Math.abs(ms));
  return ms < 0 ? `in ${unit}` : `${unit} ago`;
}

/** Local time of day with milliseconds, and the date when it isn't today: `14:02:11.042`, `22 Nov 14:02:11.042`. */
export function formatInstant(at: number, now: number): string {
  const date = new Date(at);
  const time = date.toLocaleTimeString("en-GB", { hour12: false }) + `.${String(date.getMilliseconds()).padStart(3, "0")}`;
  if (date.toDateString() === new Date(now).toDateString()) return time;
  return `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} ${time}`;
}

/** Local time to the minute, with weekday and date when it isn't today: `06:00`, `Thu 26 Nov 06:00`. */
export function formatMoment(at: number, now: number): string {
  const date = new Date(at);
  const time = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === new Date(now).toDateString()) return time;
  return `${date.toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short" }).replace(",", "")} ${time}`;
}

/** Size of a text or a memory in bytes: `312 B`, `4.1 kB`, `2.6 MB`, `16.8 GB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${trimZero((bytes / 1_000).toFixed(1))} kB`;
  if (bytes < 1_000_000_000) return `${trimZero((bytes / 1_000_000).toFixed(1))} MB`;
  return `${trimZero((bytes / 1_000_000_000).toFixed(1))} GB`;
}

/** `1 run`, `2 runs`, `1,204 runs`. */
export function countOf(count: number, singular: string): string {
  return `${count.toLocaleString("en-US")} ${singular}${count === 1 ? "" : "s"}`;
}

function oneUnit(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`;
  return `${Math.floor(ms / DAY_MS)} d`;
}

type Units = { readonly unitMs: number; readonly unit: string; readonly restMs: number; readonly rest: string };

function wholeAndRest(ms: number, units: Units): string {
  const whole = Math.floor(ms / units.unitMs);
  const rest = Math.floor((ms % units.unitMs) / units.restMs);
  return rest === 0 ? `${whole} ${units.unit}` : `${whole} ${units.unit} ${rest} ${units.rest}`;
}

function pad(count: number): string {
  return String(count).padStart(2, "0");
}

function trimZero(digits: string): string {
  return digits.includes(".") && !digits.includes("e") ? digits.replace(/\.?0+$/, "") : digits;
}
