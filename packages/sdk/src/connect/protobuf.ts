/**
 * Messages as protobuf bytes, by tables of fields. As much of protobuf as the messages of Connect need: varints and lengths, no groups.
 *
 * I1  Whatever bytes come, reading gives a message or throws; fields that are not in the table are skipped.
 *
 * Source: wire-protocol 9.3, 9.4; protobuf encoding.
 */
import type { AnyTable, FieldEntry, FieldKind, MessageTable } from "@pawl/protocol";

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Writes a message. Integers must be whole, from 0 to 2^53. */
export function encodeMessage<T>(table: MessageTable<T>, message: T): Uint8Array<ArrayBuffer> {
  const out: Chunks = { chunks: [], size: 0 };
  const values = message as Readonly<Record<string, unknown>>;
  for (const [name, entry] of Object.entries<FieldEntry>(table)) {
    const value = values[name];
    if (value === undefined) continue;
    const [, , rule] = entry;
    if (rule === "repeated") for (const element of value as readonly unknown[]) writeField(out, entry, element);
    else if (rule === "optional" || !isDefault(value)) writeField(out, entry, value);
  }
  return joined(out);
}

/** Reads a message. Throws a RangeError or TypeError for bytes that are none. */
export function decodeMessage<T>(table: MessageTable<T>, bytes: Uint8Array): T {
  const fields = new Map(Object.entries<FieldEntry>(table).map(([name, entry]) => [entry[0], { name, entry }]));
  const message = emptyOf(table);
  const input: Input = { bytes, at: 0 };
  while (input.at < bytes.length) {
    const tag = readVarint(input);
    const field = fields.get(Math.floor(tag / 8));
    const raw = readRaw(input, tag % 8);
    if (field === undefined) continue;
    const [, kind, rule] = field.entry;
    const value = valueOf(raw, kind);
    if (rule === "repeated") (message[field.name] as unknown[]).push(value);
    else message[field.name] = value;
  }
  return message as T;
}

type Chunks = { readonly chunks: Uint8Array[]; size: number };
type Input = { readonly bytes: Uint8Array; at: number };

function writeField(out: Chunks, [number, kind]: FieldEntry, value: unknown): void {
  if (kind === "integer" || kind === "boolean") {
    add(out, varint(number * 8 + VARINT));
    add(out, varint(Number(value)));
    return;
  }
  const bytes =
    kind === "text" ? encoder.encode(value as string) : kind === "bytes" ? (value as Uint8Array) : encodeMessage(kind, value as object);
  add(out, varint(number * 8 + LENGTH_DELIMITED));
  add(out, varint(bytes.length));
  add(out, bytes);
}

function add(out: Chunks, bytes: Uint8Array): void {
  out.chunks.push(bytes);
  out.size += bytes.length;
}

function joined({ chunks, size }: Chunks): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** A negative one is 2^64 less than what is read here; no message has any. */
function readVarint(input: Input): number {
  let value = 0;
  for (let factor = 1; factor < 2 ** 70; factor *= 128) {
    const byte = input.bytes[input.at++];
    if (byte === undefined) throw new RangeError("The message is cut off.");
    value += (byte % 128) * factor;
    if (byte < 128) return value;
  }
  throw new RangeError("An integer has more than ten bytes.");
}

function readRaw(input: Input, wireType: number): number | Uint8Array {
  if (wireType === VARINT) return readVarint(input);
  const length = wireType === LENGTH_DELIMITED ? readVarint(input) : wireType === FIXED64 ? 8 : wireType === FIXED32 ? 4 : undefined;
  if (length === undefined) throw new TypeError(`Fields with the wire type ${wireType} can't be read.`);
  if (length > input.bytes.length - input.at) throw new RangeError("The message is cut off.");
  const start = input.at;
  input.at += length;
  return input.bytes.subarray(start, input.at);
}

function valueOf(raw: number | Uint8Array, kind: FieldKind): unknown {
  if (typeof raw === "number") {
    if (kind === "integer") return raw;
    if (kind === "boolean") return raw !== 0;
  } else if (kind === "text") return decoder.decode(raw);
  else if (kind === "bytes") return raw;
  else if (typeof kind === "object") return decodeMessage(kind, raw);
  throw new TypeError("A field has another type than expected.");
}

function isDefault(value: unknown): boolean {
  return value === "" || value === 0 || value === false || (value as Uint8Array).length === 0;
}

function emptyOf(table: AnyTable): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  for (const [name, [, kind, rule]] of Object.entries(table)) {
    if (rule === "repeated") message[name] = [];
    else if (rule !== "optional")
      message[name] = kind === "text" ? "" : kind === "bytes" ? new Uint8Array(0) : kind === "boolean" ? false : 0;
  }
  return message;
}
