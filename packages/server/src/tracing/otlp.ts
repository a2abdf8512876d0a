/**
 * What tracing libraries send: OTLP as protobuf or JSON, read into one shape.
 *
 * I1  Whatever bytes come, reading gives spans or throws an `OtlpError`; values are nested at most `DEPTH_MAX` deep.
 *
 * Source: https://opentelemetry.io/docs/specs/otlp/ (1.x).
 */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { isRecord, textOf } from "../json.ts";

export type OtlpSpan = {
  /** Lower-case hex. */
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for none. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 0 to 5, as in the protocol. */
  readonly kind: number;
  /** Milliseconds since the epoch, with a fraction. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** 0 unset, 1 ok, 2 error. */
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly scope: string;
  readonly attributes: Readonly<Record<string, unknown>>;
};

/** A body that is no export of traces. */
export class OtlpError extends Error {}

const DEPTH_MAX = 16;

/** Spans of a body. Throws an `OtlpError`. */
export function readSpans(body: Uint8Array, encoding: "protobuf" | "json"): readonly OtlpSpan[] {
  try {
    return encoding === "json" ? spansOfJson(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body))) : spansOfBytes(body);
  } catch (error) {
    throw error instanceof OtlpError ? error : new OtlpError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

type Fields = { -readonly [Field in keyof OtlpSpan]: OtlpSpan[Field] };

function emptySpan(scope: string): Fields {
  const times = { startedAt: 0, endedAt: 0 };
  return {
    traceId: "",
    spanId: "",
    parentSpanId: "",
    name: "",
    kind: 0,
    ...times,
    statusCode: 0,
    statusMessage: "",
    scope,
    attributes: {},
  };
}

/** Calls `onField` for each field of a message; what it does not read (false) is skipped. */
function eachField(bytes: Uint8Array, onField: (number: number, reader: BinaryReader, wireType: WireType) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (!onField(number, reader, wireType)) reader.skip(wireType, number);
  }
}

/** Calls `onMessage` for each nested message of a number. */
function eachMessage(bytes: Uint8Array, number: number, onMessage: (bytes: Uint8Array) => void): void {
  eachField(bytes, (field, reader, wireType) => {
    if (field !== number || wireType !== WireType.LengthDelimited) return false;
    onMessage(reader.bytes());
    return true;
  });
}

function spansOfBytes(body: Uint8Array): readonly OtlpSpan[] {
  const spans: OtlpSpan[] = [];
  eachMessage(body, 1, (resource) =>
    eachMessage(resource, 2, (scoped) => {
      let scope = "";
      eachMessage(scoped, 1, (bytes) => (scope = textField(bytes, 1)));
      eachMessage(scoped, 2, (bytes) => spans.push(spanOfBytes(bytes, scope)));
    }),
  );
  return spans;
}

function textField(bytes: Uint8Array, number: number): string {
  let text = "";
  eachField(bytes, (field, reader, wireType) => {
    if (field !== number || wireType !== WireType.LengthDelimited) return false;
    text = reader.string();
    return true;
  });
  return text;
}

const SPAN_READERS: Readonly<Record<number, (span: Fields, reader: BinaryReader) => void>> = {
  1: (span, reader) => (span.traceId = hex(reader.bytes())),
  2: (span, reader) => (span.spanId = hex(reader.bytes())),
  4: (span, reader) => (span.parentSpanId = hex(reader.bytes())),
  5: (span, reader) => (span.name = reader.string()),
  6: (span, reader) => (span.kind = reader.int32()),
  7: (span, reader) => (span.startedAt = msOf(reader.fixed64())),
  8: (span, reader) => (span.endedAt = msOf(reader.fixed64())),
  9: (span, reader) => addAttribute(span.attributes, reader.bytes(), 0),
  15: (span, reader) => readStatus(span, reader.bytes()),
};

function spanOfBytes(bytes: Uint8Array, scope: string): OtlpSpan {
  const span = emptySpan(scope);
  eachField(bytes, (number, reader) => {
    const read = SPAN_READERS[number];
    read?.(span, reader);
    return read !== undefined;
  });
  return span;
}

function readStatus(span: Fields, bytes: Uint8Array): void {
  span.statusMessage = textField(bytes, 2);
  eachField(bytes, (number, reader) => {
    if (number !== 3) return false;
    span.statusCode = reader.int32();
    return true;
  });
}

function addAttribute(attributes: Readonly<Record<string, unknown>>, bytes: Uint8Array, depth: number): void {
  const key = textField(bytes, 1);
  eachMessage(bytes, 2, (value) => define(attributes, key, valueOfBytes(value, depth)));
}

function valueOfBytes(bytes: Uint8Array, depth: number): unknown {
  if (depth > DEPTH_MAX) throw new OtlpError(`an attribute is nested more than ${DEPTH_MAX} levels deep`);
  let value: unknown = null;
  eachField(bytes, (number, reader) => {
    const read = VALUE_READERS[number];
    if (read === undefined) return false;
    value = read(reader, depth);
    return true;
  });
  return value;
}

const VALUE_READERS: Readonly<Record<number, (reader: BinaryReader, depth: number) => unknown>> = {
  1: (reader) => reader.string(),
  2: (reader) => reader.bool(),
  3: (reader) => Number(reader.int64()),
  4: (reader) => reader.double(),
  5: (reader, depth) => {
    const values: unknown[] = [];
    eachMessage(reader.bytes(), 1, (value) => values.push(valueOfBytes(value, depth + 1)));
    return values;
  },
  6: (reader, depth) => {
    const values: Record<string, unknown> = {};
    eachMessage(reader.bytes(), 1, (entry) => addAttribute(values, entry, depth + 1));
    return values;
  },
  7: (reader) => Buffer.from(reader.bytes()).toString("base64"),
};

function spansOfJson(body: unknown): readonly OtlpSpan[] {
  if (!isRecord(body)) throw new OtlpError("the body is no JSON object");
  return listOf(body["resourceSpans"]).flatMap((resource) =>
    listOf(resource["scopeSpans"]).flatMap((scoped) => {
      const scope = isRecord(scoped["scope"]) ? textOf(scoped["scope"]["name"]) : "";
      return listOf(scoped["spans"]).map((span) => spanOfJson(span, scope));
    }),
  );
}

function spanOfJson(span: Readonly<Record<string, unknown>>, scope: string): OtlpSpan {
  const status = isRecord(span["status"]) ? span["status"] : {};
  return {
    traceId: textOf(span["traceId"]).toLowerCase(),
    spanId: textOf(span["spanId"]).toLowerCase(),
    parentSpanId: textOf(span["parentSpanId"]).toLowerCase(),
    name: textOf(span["name"]),
    kind: Number(span["kind"] ?? 0),
    startedAt: msOf(span["startTimeUnixNano"]),
    endedAt: msOf(span["endTimeUnixNano"]),
    statusCode: Number(status["code"] ?? 0),
    statusMessage: textOf(status["message"]),
    scope,
    attributes: attributesOfJson(span["attributes"], 0),
  };
}

function attributesOfJson(list: unknown, depth: number): Readonly<Record<string, unknown>> {
  const attributes: Record<string, unknown> = {};
  for (const { key, value } of listOf(list)) define(attributes, textOf(key), valueOfJson(value, depth));
  return attributes;
}

function valueOfJson(value: unknown, depth: number): unknown {
  if (depth > DEPTH_MAX) throw new OtlpError(`an attribute is nested more than ${DEPTH_MAX} levels deep`);
  if (!isRecord(value)) return null;
  const { stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue, bytesValue } = value;
  if (intValue !== undefined) return Number(intValue);
  if (isRecord(arrayValue)) return listOf(arrayValue["values"]).map((element) => valueOfJson(element, depth + 1));
  if (isRecord(kvlistValue)) return attributesOfJson(kvlistValue["values"], depth + 1);
  return stringValue ?? boolValue ?? doubleValue ?? bytesValue ?? null;
}

/** Nanoseconds as milliseconds, to the microsecond: a number can't hold more. */
function msOf(ns: unknown): number {
  if (typeof ns !== "bigint" && typeof ns !== "string" && typeof ns !== "number") return 0;
  return Number(BigInt(ns) / 1_000n) / 1_000;
}

/** Keys are the sender's, `__proto__` among them. */
function define(target: Readonly<Record<string, unknown>>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function listOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every(isRecord)) throw new OtlpError("a list of objects was expected");
  return value;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
