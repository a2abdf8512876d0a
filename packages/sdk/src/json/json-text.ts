/**
 * Values to JSON text, once per value: the text is put into responses and checkpoints as it is.
 *
 * I1  What JSON can't hold is an error that names the place, not a silent loss (bigint, cycles).
 */

/** JSON of a value; `"null"` for what has none at the top, such as `undefined`. Throws a TypeError that names the offending place. */
export function jsonText(value: unknown, what: string): string {
  try {
    return JSON.stringify(value) ?? "null";
  } catch (cause) {
    const place = findOffender(value, what, new Set());
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    const message = `${what} can't be written as JSON${place === undefined ? "" : ` because of ${place}`}: ${reason}. Return plain data instead.`;
    throw new TypeError(message, { cause });
  }
}

/** The value as it will be after a round trip through JSON, given its text. */
export function afterRoundTrip(value: unknown, text: string): unknown {
  if (typeof value === "string" || typeof value === "boolean" || value === null || value === undefined) return value ?? null;
  return JSON.parse(text) as unknown;
}

/** Path of the first bigint or cycle below a value, such as `Result of step "a".items[3]`. */
function findOffender(value: unknown, path: string, ancestors: Set<unknown>): string | undefined {
  if (typeof value === "bigint") return `the bigint at ${path}`;
  if (typeof value !== "object" || value === null) return undefined;
  if (ancestors.has(value)) return `the cycle at ${path}`;
  ancestors.add(value);
  for (const [key, item] of Object.entries(value)) {
    const found = findOffender(item, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, ancestors);
    if (found !== undefined) return found;
  }
  ancestors.delete(value);
  return undefined;
}
