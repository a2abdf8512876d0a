/**
 * Paths into an event and the canonical typed text of what is there: the keys by which an event finds its pauses.
 *
 * I1  Two values that are equal under `==` have the same text. Two that are not have different texts, if they are shorter than
 *     `EXACT_CHARS_MAX`; so a text is a necessary condition and the expression decides.
 * I2  A text is at most about 800 octets of UTF-8 without control characters, so that it fits an index of any database.
 * I3  Null, lists and maps have no text: `x == null` also holds for a missing `x`, which has none either.
 *
 * Spec: semantics 10.3.
 */
import { plainNumber } from "./compare.ts";
import { eventValue, type ExpressionEvent } from "./event-value.ts";
import { fieldOf, isList, isNumeric, type Outcome } from "./value.ts";

/** A path and the canonical typed text of a value there: `data.id` and `"1"`. */
export type PathValue = { readonly path: string; readonly value: string };

/** One step of a path: a key of a map, or a position in a list. */
export type PathSegment = string | number;

/** Longer strings are cut in their text. Most ids are shorter. */
const EXACT_CHARS_MAX = 128;

/** Longest path that is worth a column. */
export const PATH_CHARS_MAX = 200;

const FIELD_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const SEGMENT = /\.?([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;

/** The text of a path: `data.id`, `data["a b"][0]`. */
export function pathText(segments: readonly PathSegment[]): string {
  const texts = segments.map((segment) => {
    if (typeof segment === "string" && FIELD_NAME.test(segment)) return `.${segment}`;
    return `[${JSON.stringify(segment)}]`;
  });
  return texts.join("").replace(/^\./, "");
}

/** The segments of a path's text; undefined if it is not one. */
export function parsePath(path: string): readonly PathSegment[] | undefined {
  const segments: PathSegment[] = [];
  for (let at = 0; at < path.length; at = SEGMENT.lastIndex) {
    SEGMENT.lastIndex = at;
    const match = SEGMENT.exec(path);
    if (match === null) return undefined;
    segments.push(match[1] ?? (match[2] === undefined ? (JSON.parse(match[3] ?? '""') as string) : Number(match[2])));
  }
  return segments;
}

/** The canonical typed text of a scalar: `"1"` for the string, `1` for the number. Undefined for everything else (I3). */
export function valueText(value: Outcome): string | undefined {
  if (typeof value === "string") return stringText(value);
  if (typeof value === "boolean") return String(value);
  return isNumeric(value) ? numberText(plainNumber(value)) : undefined;
}

/** The canonical typed text of an event's value at a path; undefined if there is none, or it is null, a list or a map. */
export function valueAtPath(event: ExpressionEvent, path: string): string | undefined {
  const segments = parsePath(path);
  if (segments === undefined) return undefined;
  let value: Outcome = eventValue(event);
  for (const segment of segments) {
    value = typeof segment === "string" ? fieldOf(value, segment) : isList(value) ? value[segment] : undefined;
  }
  return valueText(value);
}

/** A long string keeps its ends and its length: ids that share a long prefix stay apart. */
function stringText(text: string): string {
  if (text.length <= EXACT_CHARS_MAX) return JSON.stringify(text);
  const half = EXACT_CHARS_MAX / 2;
  return `${JSON.stringify(text.slice(0, half))}…${JSON.stringify(text.slice(-half))}#${text.length}`;
}

/** Every whole number has its decimal digits, whether it was an int, a uint or a double. Not a number equals nothing. */
function numberText(value: number | bigint): string | undefined {
  if (typeof value === "bigint") return String(value);
  if (!Number.isFinite(value)) return undefined;
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? String(BigInt(value)) : String(value);
}
