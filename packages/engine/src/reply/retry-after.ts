/** The `Retry-After` header: seconds, or a date in one of many forms. Spec: wire 5.7. */
import { parseLooseTimestamp } from "../expression/timestamp-text.ts";

/** Longest text that is read as seconds. */
const SECONDS_CHARS_MAX = 7;

/** Milliseconds from now; undefined for what cannot be read. Not clamped. */
export function parseRetryAfterMs(text: string | undefined, now: number): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (text.length <= SECONDS_CHARS_MAX) return /^\d+$/.test(text) && Number(text) > 0 ? Number(text) * 1_000 : undefined;
  const at = parseInstant(text);
  return at === undefined ? undefined : at - now;
}

/** Milliseconds since the epoch of a date in any accepted form. */
export function parseInstant(text: string): number | undefined {
  const nanos = parseLooseTimestamp(text);
  return nanos === undefined ? undefined : Number(nanos / 1_000_000n);
}
