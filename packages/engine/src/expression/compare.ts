/**
 * Equality and order.
 *
 * I1  `==` never fails: values of different types are unequal; int, uint and double compare by number; lists and maps compare deeply.
 * I2  A missing or failed operand equals `null` and nothing else, not even another missing one.
 * I3  A missing or failed operand sorts below every value; two of them are in no order.
 * I4  In an order comparison, `null` stands for the zero value of the other operand's type.
 * I5  An order between other types is a failure.
 *
 * Spec: semantics 2.4, missing-value table and type rules.
 */
import {
  Bytes,
  Duration,
  Failure,
  isAbsent,
  isList,
  isMap,
  isNumeric,
  type Outcome,
  Timestamp,
  TypeName,
  typeNameOf,
  Uint,
  type Value,
  type ValueMap,
} from "./value.ts";

/** The four order operators. */
export type OrderOperator = "<" | "<=" | ">" | ">=";

/** `left == right`, where either may be missing or failed. */
export function areEqual(left: Outcome, right: Outcome): boolean {
  if (isAbsent(left)) return right === null;
  return isAbsent(right) ? left === null : areEqualValues(left, right);
}

/** `left == right` of two values. */
export function areEqualValues(left: Value, right: Value): boolean {
  if (left === right) return true;
  if (isNumeric(left)) return isNumeric(right) && areEqualNumbers(left, right);
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (isList(left))
    return isList(right) && left.length === right.length && left.every((item, at) => areEqualValues(item, right[at] ?? null));
  if (isMap(left)) return isMap(right) && areEqualMaps(left, right);
  return areEqualOpaque(left, right);
}

/** `left <operator> right`, where either may be missing or failed. */
export function inOrder(operator: OrderOperator, left: Outcome, right: Outcome): Outcome {
  if (isAbsent(left)) return !isAbsent(right) && operator.startsWith("<");
  if (isAbsent(right)) return operator.startsWith(">");
  const sign = orderOf(left ?? zeroLike(right), right ?? zeroLike(left));
  if (sign === undefined) return new Failure(`no order between ${typeNameOf(left)} and ${typeNameOf(right)} (operator ${operator})`);
  if (Number.isNaN(sign)) return false;
  if (operator === "<") return sign < 0;
  if (operator === "<=") return sign <= 0;
  return operator === ">" ? sign > 0 : sign >= 0;
}

/** The number of a numeric value as one of the two forms that JavaScript compares exactly. */
export function plainNumber(value: number | bigint | Uint): number | bigint {
  return value instanceof Uint ? value.value : value;
}

// `==` between a double and a bigint is exact in JavaScript; `===` would always be false.
function areEqualNumbers(left: number | bigint | Uint, right: number | bigint | Uint): boolean {
  // oxlint-disable-next-line eqeqeq
  return plainNumber(left) == plainNumber(right);
}

function areEqualMaps(left: ValueMap, right: ValueMap): boolean {
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && areEqualValues(left[key] ?? null, right[key] ?? null));
}

function areEqualOpaque(left: Value, right: Value): boolean {
  if (left instanceof Timestamp) return right instanceof Timestamp && left.nanos === right.nanos;
  if (left instanceof Duration) return right instanceof Duration && left.nanos === right.nanos;
  if (left instanceof TypeName) return right instanceof TypeName && left.name === right.name;
  return left instanceof Bytes && right instanceof Bytes && compareOctets(left.octets, right.octets) === 0;
}

/** Negative, zero or positive; NaN if a number is NaN; undefined if the types have no order. */
function orderOf(left: Value, right: Value): number | undefined {
  if (isNumeric(left)) return isNumeric(right) ? compareNumbers(plainNumber(left), plainNumber(right)) : undefined;
  if (typeof left === "string") return typeof right === "string" ? compareStrings(left, right) : undefined;
  if (typeof left === "boolean") return typeof right === "boolean" ? Number(left) - Number(right) : undefined;
  if (left === null) return right === null ? 0 : undefined;
  if (left instanceof Timestamp) return right instanceof Timestamp ? compareNumbers(left.nanos, right.nanos) : undefined;
  if (left instanceof Duration) return right instanceof Duration ? compareNumbers(left.nanos, right.nanos) : undefined;
  return left instanceof Bytes && right instanceof Bytes ? compareOctets(left.octets, right.octets) : undefined;
}

function compareNumbers(left: number | bigint, right: number | bigint): number {
  if (left < right) return -1;
  if (left > right) return 1;
  // oxlint-disable-next-line eqeqeq
  return left == right ? 0 : Number.NaN;
}

/** Order by code point, which is also the order of UTF-8 octets. JavaScript's own order differs above U+FFFF. */
function compareStrings(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const a = left.charCodeAt(at);
    const b = right.charCodeAt(at);
    if (a !== b) return a >= 0xd800 && b >= 0xd800 ? surrogateRank(a) - surrogateRank(b) : a - b;
  }
  return left.length - right.length;
}

/** Moves surrogates above the rest of the basic plane. */
function surrogateRank(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

function compareOctets(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** The zero value that `null` stands for beside this value; `null` where the type has none. */
function zeroLike(value: Value): Value {
  if (isNumeric(value)) return 0;
  if (typeof value === "string") return "";
  if (typeof value === "boolean") return false;
  if (value instanceof Timestamp) return new Timestamp(YEAR_ONE_NANOS);
  if (value instanceof Duration) return new Duration(0n);
  return value instanceof Bytes ? new Bytes(new Uint8Array(0)) : null;
}

/** 0001-01-01T00:00:00Z, the zero value of timestamps. */
const YEAR_ONE_NANOS = -62_135_596_800_000_000_000n;
