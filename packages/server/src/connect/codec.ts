/**
 * Messages of Connect as protobuf bytes, by the tables of the protocol.
 *
 * I1  Whatever bytes come, reading gives a message or throws a `FrameError`; it never reads beyond them, and makes at most
 *     `CONNECT_REPEATED_MAX` objects of one field.
 * I2  Bytes that are read are views into the frame, not copies.
 *
 * Imported with the first worker, so that a start doesn't pay for the library (20 ms, 2 shared cores, November 2026).
 *
 * Spec: wire 9.3, 9.4.
 */
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type AnyTable, CONNECT_REPEATED_MAX, type FieldEntry, type FieldKind, type MessageTable } from "@pawl/protocol";

/** Bytes that are no message of the expected kind. */
export class FrameError extends Error {}

/** Reads a message. Throws a `FrameError`. */
export function decode<T>(table: MessageTable<T>, bytes: Uint8Array): T {
  try {
    return read(table, bytes) as T;
  } catch (error) {
    throw error instanceof FrameError ? error : new FrameError(String(error), { cause: error });
  }
}

/** Reads a message; undefined for bytes that are none. */
export function tryDecode<T>(table: MessageTable<T>, bytes: Uint8Array): T | undefined {
  try {
    return decode(table, bytes);
  } catch (error) {
    if (error instanceof FrameError) return undefined;
    throw error;
  }
}

/** Writes a message. */
export function encode<T>(table: MessageTable<T>, message: T): Uint8Array {
  const writer = new BinaryWriter();
  write(writer, table, message as Readonly<Record<string, unknown>>);
  return writer.finish();
}

type Named = { readonly name: string; readonly entry: FieldEntry };

const byNumber = new WeakMap<AnyTable, ReadonlyMap<number, Named>>();

function fieldsOf(table: AnyTable): ReadonlyMap<number, Named> {
  let fields = byNumber.get(table);
  if (fields === undefined) {
    fields = new Map(Object.entries(table).map(([name, entry]) => [entry[0], { name, entry }]));
    byNumber.set(table, fields);
  }
  return fields;
}

function read(table: AnyTable, bytes: Uint8Array): Record<string, unknown> {
  const fields = fieldsOf(table);
  const message = emptyOf(table);
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const field = fields.get(number);
    if (field === undefined) {
      reader.skip(wireType, number);
      continue;
    }
    const [, kind, rule] = field.entry;
    if (wireType !== wireTypeOf(kind)) throw new FrameError(`field ${field.name} has the wire type ${wireType}`);
    const value = readValue(reader, kind);
    if (rule === "repeated") add(message[field.name] as unknown[], value);
    else message[field.name] = value;
  }
  return message;
}

function add(list: unknown[], value: unknown): void {
  if (list.length >= CONNECT_REPEATED_MAX) throw new FrameError(`a field is repeated more than ${CONNECT_REPEATED_MAX} times`);
  list.push(value);
}

function readValue(reader: BinaryReader, kind: FieldKind): unknown {
  switch (kind) {
    case "text":
      return reader.string();
    case "bytes":
      return reader.bytes();
    case "boolean":
      return reader.bool();
    case "integer":
      return integerOf(reader.int64());
    default:
      return read(kind, reader.bytes());
  }
}

function integerOf(value: bigint | string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new FrameError("an integer is too large");
  return number;
}

const EMPTY_BYTES = new Uint8Array(0);

function emptyOf(table: AnyTable): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  for (const [name, [, kind, rule]] of Object.entries(table)) {
    if (rule === "repeated") message[name] = [];
    else if (rule !== "optional") message[name] = defaultOf(kind);
  }
  return message;
}

function defaultOf(kind: FieldKind): unknown {
  if (kind === "text") return "";
  if (kind === "bytes") return EMPTY_BYTES;
  return kind === "boolean" ? false : 0;
}

function wireTypeOf(kind: FieldKind): WireType {
  return kind === "boolean" || kind === "integer" ? WireType.Varint : WireType.LengthDelimited;
}

function write(writer: BinaryWriter, table: AnyTable, message: Readonly<Record<string, unknown>>): void {
  for (const [name, [number, kind, rule]] of Object.entries(table)) {
    const value = message[name];
    if (value === undefined) continue;
    if (rule === "repeated")
      for (const element of value as readonly unknown[]) writeValue(writer.tag(number, wireTypeOf(kind)), kind, element);
    else if (rule === "optional" || !isDefault(value)) writeValue(writer.tag(number, wireTypeOf(kind)), kind, value);
  }
}

function isDefault(value: unknown): boolean {
  return value === "" || value === 0 || value === false || (value as Uint8Array).byteLength === 0;
}

function writeValue(writer: BinaryWriter, kind: FieldKind, value: unknown): void {
  switch (kind) {
    case "text":
      return void writer.string(value as string);
    case "bytes":
      return void writer.bytes(value as Uint8Array);
    case "boolean":
      return void writer.bool(value as boolean);
    case "integer":
      return void writer.int64(value as number);
    default:
      write(writer.fork(), kind, value as Readonly<Record<string, unknown>>);
      writer.join();
  }
}
