/**
 * Canonical JSON (RFC 8785): no white space, object keys sorted by UTF-16 code units. Signatures cover this form.
 *
 * I1  Values are treated as `JSON.stringify` treats them: `toJSON` is called, undefined members vanish, and so on.
 * I2  Whatever is in order already is left to `JSON.stringify`, which is native; only the rest is put together here.
 *     Numbers and strings need no care: ECMAScript's own forms are the ones that the RFC asks for.
 *
 * Source: wire-protocol section 3.2; RFC 8785.
 */

/** Canonical text of a value; `"null"` for what JSON can't express at all. Throws a TypeError for bigints, as `JSON.stringify` does. */
export function canonicalJson(value: unknown): string {
  const disordered = new Set<object>();
  if (!scan(value, disordered)) return write(value, "", disordered) ?? "null";
  return JSON.stringify(value) ?? "null";
}

/** True when native JSON of the value is canonical. Containers for which it isn't are noted, and so are all that hold one. */
function scan(value: unknown, disordered: Set<object>): boolean {
  if (typeof value !== "object" || value === null) return true;
  const ok = isOrdered(value, disordered);
  if (!ok) disordered.add(value);
  return ok;
}

function isOrdered(value: object, disordered: Set<object>): boolean {
  if (hasToJson(value)) return false;
  let ok = true;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === "object" && item !== null && !scan(item, disordered)) ok = false;
    return ok;
  }
  if (isWrapper(value)) return true;
  let previous = "";
  const object = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(object)) {
    if (key < previous) ok = false;
    previous = key;
    const item = object[key];
    if (typeof item === "object" && item !== null && !scan(item, disordered)) ok = false;
  }
  return ok;
}

function hasToJson(value: object): value is { toJSON(key: string): unknown } {
  return typeof (value as { toJSON?: unknown }).toJSON === "function";
}

/** `JSON.stringify` unwraps these, so their own keys don't count. */
function isWrapper(value: object): boolean {
  return value instanceof String || value instanceof Number || value instanceof Boolean;
}

function write(value: unknown, key: string, disordered: Set<object>): string | undefined {
  if (typeof value !== "object" || value === null || !disordered.has(value)) return JSON.stringify(value);
  if (hasToJson(value)) return writeReplaced(value.toJSON(key));
  if (Array.isArray(value)) {
    return `[${value.map((item, index) => write(item, String(index), disordered) ?? "null").join(",")}]`;
  }
  const object = value as Readonly<Record<string, unknown>>;
  let text = "";
  for (const name of Object.keys(object).sort(byCodeUnits)) {
    const item = write(object[name], name, disordered);
    if (item !== undefined) text += `${text === "" ? "" : ","}${JSON.stringify(name)}:${item}`;
  }
  return `{${text}}`;
}

/** What `toJSON` returned is not asked for its own `toJSON` again. */
function writeReplaced(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (!hasToJson(value)) return canonicalJson(value);
  const plain: Record<string, unknown> = { ...value };
  delete plain["toJSON"];
  return canonicalJson(plain);
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
