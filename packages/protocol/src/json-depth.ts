/**
 * How deep a value is nested.
 *
 * `JSON.parse` reads any depth, but whatever walks the value afterwards by recursion, `JSON.stringify` among it, ends in a stack overflow
 * at some thousand levels. So what comes from outside is measured before anything else is done with it.
 */
import { JSON_DEPTH_MAX } from "./limits.ts";

/** Whether lists and objects are nested more than `max` levels deep. A scalar has depth 0, `[]` 1. Recursion ends at `max`. */
export function isTooDeep(value: unknown, max: number = JSON_DEPTH_MAX): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (max <= 0) return true;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === "object" && isTooDeep(item, max - 1)) return true;
    return false;
  }
  const object = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(object)) {
    const item = object[key];
    if (typeof item === "object" && isTooDeep(item, max - 1)) return true;
  }
  return false;
}

/** The same for a value parsed from a text of this length: a text that is shorter than the limit can't be deeper, and costs nothing. */
export function isTooDeepJson(value: unknown, textLength: number): boolean {
  return textLength > JSON_DEPTH_MAX && isTooDeep(value);
}
