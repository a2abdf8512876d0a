/**
 * Flow control of a simulated function, as data; and the keys of events, worked out without the engine.
 *
 * Spec: semantics 2.5, 6.
 */

/** `perK`: counts for each value of `event.data.k`; else for the whole function. */
type Keyed = { readonly perK: boolean };

export type FlowOptions = {
  readonly rateLimit?: Keyed & { readonly limit: number; readonly periodMs: number };
  /** At most one run for each `event.data.n` within 24 hours. */
  readonly isIdempotent?: boolean;
  readonly debounce?: Keyed & { readonly periodMs: number; readonly timeoutMs?: number };
  /** `above`: only events with `data.n > above` are collected. */
  readonly batch?: Keyed & { readonly sizeMax: number; readonly timeoutMs: number; readonly above?: number };
  readonly singleton?: Keyed & { readonly mode: "skip" | "cancel" };
  readonly throttle?: Keyed & { readonly limit: number; readonly periodMs: number; readonly burst: number };
  readonly runLimit?: Keyed & { readonly limit: number };
  readonly startMs?: number;
  readonly finishMs?: number;
  /** Whether a run goes ahead by `event.data.n` times this many seconds. */
  readonly prioritySeconds?: number;
  readonly schedules: readonly ScheduleOption[];
};

/** A schedule that ticks at every full minute of the hour that `everyMinutes` divides. */
export type ScheduleOption = {
  readonly everyMinutes: number;
  /** Whether the expression names a time zone; its offset is of whole hours, so the ticks are the same. */
  readonly hasZone: boolean;
  readonly jitterMs?: number;
  readonly missed: "one" | "all" | "skip";
  readonly overlaps: boolean;
};

/** The data of an event, as far as flow control looks at it. */
export type FlowData = { readonly k?: unknown; readonly n?: unknown };

/** Value of a key for an event; undefined where the event has none. Equal values are the same key. */
export function keyOf({ perK }: Keyed, { k }: FlowData): string | undefined {
  if (!perK) return "all";
  return k === undefined || k === null || k === false ? undefined : `k=${JSON.stringify(k)}`;
}

/** The expression of a key. */
export function keyExpressionOf({ perK }: Keyed): { readonly keyExpression?: string } {
  return perK ? { keyExpression: "event.data.k" } : {};
}

/** The cron expression of a schedule. */
export function cronOf({ everyMinutes, hasZone }: ScheduleOption): string {
  return `${hasZone ? "TZ=Europe/Berlin " : ""}*/${everyMinutes} * * * *`;
}

const MINUTE_MS = 60_000;

/** Ticks of a schedule within (after, until], found by trying every minute. */
export function ticksBetween(
  { everyMinutes }: ScheduleOption,
  { after, until }: { readonly after: number; readonly until: number },
): readonly number[] {
  const ticks: number[] = [];
  for (let at = (Math.floor(after / MINUTE_MS) + 1) * MINUTE_MS; at <= until; at += MINUTE_MS)
    if (((at / MINUTE_MS) % 60) % everyMinutes === 0) ticks.push(at);
  return ticks;
}
