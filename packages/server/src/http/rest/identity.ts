/** Fixed ids that the wire protocol has places for and a single server has no use for, and its time format. Spec: wire 1.1, 11.2. */

export const ACCOUNT_ID = "00000000-0000-4000-a000-000000000000";
export const ENVIRONMENT_ID = "00000000-0000-4000-b000-000000000000";

/** RFC 3339 in UTC, without a fraction where it is zero; undefined for undefined. */
export function rfc3339<T extends number | undefined>(ms: T): T extends number ? string : string | undefined;
export function rfc3339(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString().replace(".000Z", "Z");
}

/** Milliseconds of an RFC 3339 text; undefined where it is none. */
export function parseRfc3339(text: string): number | undefined {
  const at = /^\d{4}-\d\d-\d\d[T ]/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}
