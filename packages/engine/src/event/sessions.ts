/**
 * Sessions of an event: the sender's own and those it inherited from the run that sent it.
 *
 * Spec: wire 8.4; semantics 1.7.
 */
import { isOverBytes, SESSION_KEY_BYTES_MAX, SESSION_VALUE_BYTES_MAX, SESSIONS_PER_EVENT_MAX } from "@pawl/protocol";
import { isRecord } from "../json.ts";

/** The merged sessions; undefined for none; a sentence for what is wrong. */
export function mergeSessions(meta: unknown): Readonly<Record<string, string>> | string | undefined {
  if (!isRecord(meta)) return undefined;
  const own = meta["sessions"];
  const inherited = isRecord(meta["propagated_sessions"]) ? meta["propagated_sessions"] : {};
  if (own === null) return undefined;
  if (own !== undefined && !isRecord(own)) return "event sessions must be an object";
  const merged: Record<string, string> = {};
  for (const [key, value] of Object.entries(own ?? {})) {
    const problem = problemOf(key, value);
    if (problem !== undefined) return problem;
    if (value !== null) merged[key] = String(value as string | number);
  }
  if (Object.keys(merged).length > SESSIONS_PER_EVENT_MAX) return `event sessions can include at most ${SESSIONS_PER_EVENT_MAX} entries`;
  const cut = new Set(Object.keys(own ?? {}));
  for (const key of Object.keys(inherited).toSorted(byCodePoint)) {
    if (Object.keys(merged).length >= SESSIONS_PER_EVENT_MAX) break;
    const value = inherited[key];
    if (!cut.has(key) && value !== null && problemOf(key, value) === undefined) merged[key] = String(value as string | number);
  }
  return Object.keys(merged).length === 0 ? undefined : merged;
}

/** The order of UTF-8 bytes, which is that of code points and not of UTF-16. */
function byCodePoint(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (const [index, character] of left.entries()) {
    const difference = (character.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? -1);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function problemOf(key: string, value: unknown): string | undefined {
  if (key === "") return "event session keys cannot be empty";
  if (isOverBytes(key, SESSION_KEY_BYTES_MAX)) return `event session key ${key.slice(0, 40)}… exceeds ${SESSION_KEY_BYTES_MAX} bytes`;
  if (value === null) return undefined;
  if (typeof value !== "string" && typeof value !== "number") return `event session ${key} must be a string, number, or null`;
  if (value === "") return `event session ${key} cannot have an empty ID`;
  return isOverBytes(String(value), SESSION_VALUE_BYTES_MAX) ? `event session ${key} exceeds ${SESSION_VALUE_BYTES_MAX} bytes` : undefined;
}
