/** Fixed ids that the wire protocol has places for and a single server has no use for, and its time format. Spec: wire 1.1, 11.2. */

export const ACCOUNT_ID = "00000000-0000-4000-a000-000000000000";
export const ENVIRONMENT_ID = "00000000-0000-4000-b000-000000000000";

/** RFC 3339 in UTC, without a fraction where it is zero; undefined for undefined. */
export function rfc3339<T extends number | undefined>(ms: T): T extends number ? string : string | undefined;
export function rfc3339(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString().replace(".000Z", "Z");
}

/** Milliseconds of an RFC 3339 text, in UTC where it names no zone; undefined where it is none. */
export function parseRfc3339(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d[T ]/i.test(text)) return undefined;
  const at = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`);
  return Number.isNaN(at) ? undefined : at;
}

/** Whole numbers up to this one are seconds, larger ones milliseconds: it is the year 5138, or 1973. */
const SECONDS_MAX = 100_000_000_000;

/** Milliseconds of a time as people write it: RFC 3339, a date (its start in UTC), or seconds or milliseconds since the epoch. */
export function parseTime(text: string): number | undefined {
  if (/^\d{1,15}$/.test(text)) return Number(text) < SECONDS_MAX ? Number(text) * 1_000 : Number(text);
  return parseRfc3339(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
}
