/**
 * Printed forms of values: for concatenation, for `string(x)` and for keys.
 *
 * I1  Two JSON values that are equal have the same canonical JSON.
 *
 * Spec: semantics 2.4 ("lists and maps print in Go syntax"). Numbers print as JSON does, not as Go does (`1000000`, not `1e+06`).
 */
import { decodeUtf8, encodeBase64 } from "./bytes.ts";
import { formatDuration } from "./duration-text.ts";
import { formatTimestamp } from "./timestamp-text.ts";
import { Bytes, Duration, isList, type JsonValue, Opaque, Timestamp, TypeName, Uint, type Value, type ValueMap } from "./value.ts";

/** How a value prints when it is concatenated with a string: `9.1`, `true`, `[3 ok? true]`, `map[name:pawl]`. */
export function printedForm(value: Value): string {
  if (typeof value === "string") return value;
  if (value === null) return "<nil>";
  if (isList(value)) return `[${value.map(printedForm).join(" ")}]`;
  if (value instanceof Bytes) return decodeUtf8(value.octets);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Opaque) return opaqueText(value);
  return typeof value === "object" ? printedMap(value) : String(value);
}

/**
 * The JSON form of a value. An int or uint beyond 2^53 becomes a string, a timestamp RFC 3339, a duration `5s`, bytes base64, a type its name.
 */
export function toJson(value: Value): JsonValue {
  if (typeof value === "bigint") return integerToJson(value);
  if (value instanceof Opaque) return opaqueToJson(value);
  if (isList(value)) return value.map(toJson);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]));
  }
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** JSON with sorted keys and no white space, equal for equal values. */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const map = value as { readonly [key: string]: JsonValue };
  const entries = Object.keys(map)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(map[key] ?? null)}`);
  return `{${entries.join(",")}}`;
}

function printedMap(map: ValueMap): string {
  const entries = Object.keys(map)
    .sort()
    .map((key) => `${key}:${printedForm(map[key] ?? null)}`);
  return `map[${entries.join(" ")}]`;
}

function integerToJson(value: bigint): number | string {
  const double = Number(value);
  return Number.isSafeInteger(double) ? double : String(value);
}

function opaqueToJson(value: Opaque): JsonValue {
  return value instanceof Uint ? integerToJson(value.value) : opaqueText(value);
}

function opaqueText(value: Opaque): string {
  if (value instanceof Timestamp) return formatTimestamp(value.nanos);
  if (value instanceof Duration) return formatDuration(value.nanos);
  if (value instanceof Bytes) return encodeBase64(value.octets);
  return value instanceof TypeName ? value.name : "";
}
