/**
 * Conversions between types: `int`, `uint`, `double`, `string`, `bool`, `bytes`, `type`, `dyn`, `timestamp`, `duration`.
 *
 * Spec: the CEL standard library; semantics 2.4.
 */
import { isInt64, isUint64 } from "./arithmetic.ts";
import { decodeUtf8, encodeUtf8 } from "./bytes.ts";
import { parseDuration } from "./duration-text.ts";
import { spendOnWhole } from "./evaluation-scope.ts";
import { type CallContext, type ExpressionFunction, unary, wrongArgument } from "./function-type.ts";
import { printedForm } from "./text-of.ts";
import { durationFromNanos, timestampFromNanos } from "./time-value.ts";
import { parseRfc3339 } from "./timestamp-text.ts";
import { Bytes, Duration, Failure, type Outcome, Timestamp, TypeName, typeNameOf, Uint, type Value } from "./value.ts";

const NANOS_PER_SECOND = 1_000_000_000n;

/** Longest text that a number is read from. */
const NUMBER_CHARS_MAX = 400;

const BOOLEAN_TEXTS: Readonly<Record<string, boolean>> = {
  "1": true,
  t: true,
  T: true,
  true: true,
  TRUE: true,
  True: true,
  "0": false,
  f: false,
  F: false,
  false: false,
  FALSE: false,
  False: false,
};

/** The conversion functions. */
export const CONVERSION_FUNCTIONS: readonly ExpressionFunction[] = [
  unary("int", toInt),
  unary("uint", toUint),
  unary("double", toDouble),
  unary("string", toText),
  unary("bool", toBoolean),
  unary("bytes", toBytes),
  unary("type", (value) => new TypeName(typeNameOf(value))),
  unary("dyn", (value) => value),
  unary("timestamp", toTimestamp),
  unary("duration", toDuration),
];

function toInt(value: Value): Outcome {
  if (value instanceof Timestamp) return floorSeconds(value.nanos);
  const integer = integerOf(value, /^[+-]?\d+$/);
  if (integer === undefined) return conversionFailure("int", value);
  return isInt64(integer) ? integer : new Failure("int() overflow: the value does not fit 64 bits");
}

function toUint(value: Value): Outcome {
  const integer = integerOf(value, /^\d+$/);
  if (integer === undefined) return conversionFailure("uint", value);
  return isUint64(integer) ? new Uint(integer) : new Failure("uint() overflow: the value must be 0 to 2^64 - 1");
}

function integerOf(value: Value, text: RegExp): bigint | undefined {
  if (typeof value === "bigint") return value;
  if (value instanceof Uint) return value.value;
  if (typeof value === "number") return Number.isFinite(value) ? BigInt(Math.trunc(value)) : undefined;
  if (typeof value !== "string" || value.length > NUMBER_CHARS_MAX || !text.test(value)) return undefined;
  return BigInt(value.replace(/^\+/, ""));
}

function toDouble(value: Value): Outcome {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Uint) return Number(value.value);
  if (typeof value !== "string" || value.length > NUMBER_CHARS_MAX) return conversionFailure("double", value);
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value)) return Number(value);
  const special = /^([+-]?)(?:(nan)|inf(?:inity)?)$/i.exec(value);
  if (special === null) return conversionFailure("double", value);
  if (special[2] !== undefined) return Number.NaN;
  return special[1] === "-" ? -Infinity : Infinity;
}

function toText(value: Value, context: CallContext): Outcome {
  if (typeof value === "object") spendOnWhole(context, value);
  if (value instanceof Bytes) return decodeUtf8(value.octets);
  return printedForm(value);
}

function toBoolean(value: Value): Outcome {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string" || !Object.hasOwn(BOOLEAN_TEXTS, value)) return conversionFailure("bool", value);
  return BOOLEAN_TEXTS[value];
}

function toBytes(value: Value): Outcome {
  if (value instanceof Bytes) return value;
  return typeof value === "string" ? new Bytes(encodeUtf8(value)) : wrongArgument("bytes", "a string", value);
}

function toTimestamp(value: Value): Outcome {
  if (value instanceof Timestamp) return value;
  if (typeof value === "string") {
    const nanos = parseRfc3339(value);
    return nanos === undefined ? new Failure("timestamp() needs RFC 3339, such as 2026-01-31T09:00:00Z") : timestampFromNanos(nanos);
  }
  const seconds = typeof value === "number" && !Number.isInteger(value) ? undefined : integerOf(value, /^$/);
  return seconds === undefined ? wrongArgument("timestamp", "a string or seconds", value) : timestampFromNanos(seconds * NANOS_PER_SECOND);
}

function toDuration(value: Value): Outcome {
  if (value instanceof Duration) return value;
  if (typeof value !== "string") return wrongArgument("duration", "a string such as 1h30m", value);
  const nanos = parseDuration(value);
  return nanos === undefined ? new Failure("duration() needs text such as 1h30m or 500ms") : durationFromNanos(nanos);
}

/** Whole seconds, rounded towards the past. */
function floorSeconds(nanos: bigint): bigint {
  const seconds = nanos / NANOS_PER_SECOND;
  return nanos < seconds * NANOS_PER_SECOND ? seconds - 1n : seconds;
}

function conversionFailure(name: string, value: Value): Failure {
  if (typeof value === "string") return new Failure(`${name}() cannot read this text as ${name}`);
  return new Failure(`${name}() cannot convert ${typeNameOf(value)}`);
}
