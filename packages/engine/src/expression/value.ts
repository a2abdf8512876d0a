/**
 * Values of the expression dialect.
 *
 * I1  A value out of JSON keeps its JavaScript form: a JSON number is a `double`, an object is a `map`, an array is a `list`.
 * I2  `undefined` is the missing value: a key that is not there. A `Failure` is an error as a value. Together they are called absent;
 *     no operator throws on them.
 * I3  Every type without a JSON form extends `Opaque` and has no own properties, so that selecting a field of it finds nothing.
 *
 * Spec: semantics 2.4.
 */

/** Anything that `JSON.parse` can return. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A value that an expression can compute. */
export type Value = null | boolean | number | bigint | string | readonly Value[] | ValueMap | Opaque;

/** A map with string keys. Keys are own properties only; anything inherited does not exist. */
export interface ValueMap {
  readonly [key: string]: Value;
}

/** What a part of an expression evaluates to. `undefined` means missing. */
export type Outcome = Value | undefined | Failure;

/** Marks the types of the dialect that JSON does not have, and `Failure`. */
export class Opaque {
  // A private member makes the class nominal for the compiler.
  // oxlint-disable-next-line no-unused-private-class-members -- used by `#brand in value` below
  readonly #brand = true;

  /** Whether a value is one of the dialect's own types. */
  static is(value: unknown): value is Opaque {
    return typeof value === "object" && value !== null && #brand in value;
  }
}

/** An error raised inside an expression. It flows like a missing value and is reported when it is the result of the whole expression. */
export class Failure extends Opaque {
  readonly #message: string;

  constructor(message: string) {
    super();
    this.#message = message;
  }

  get message(): string {
    return this.#message;
  }
}

/** An unsigned 64-bit integer (`5u`). */
export class Uint extends Opaque {
  readonly #value: bigint;

  constructor(value: bigint) {
    super();
    this.#value = value;
  }

  get value(): bigint {
    return this.#value;
  }
}

/** A byte string (`b"…"`, `bytes("…")`). */
export class Bytes extends Opaque {
  readonly #octets: Uint8Array;

  constructor(octets: Uint8Array) {
    super();
    this.#octets = octets;
  }

  get octets(): Uint8Array {
    return this.#octets;
  }
}

/** An instant in nanoseconds since 1970-01-01T00:00:00Z. */
export class Timestamp extends Opaque {
  readonly #nanos: bigint;

  constructor(nanos: bigint) {
    super();
    this.#nanos = nanos;
  }

  get nanos(): bigint {
    return this.#nanos;
  }
}

/** A length of time in nanoseconds; may be negative. */
export class Duration extends Opaque {
  readonly #nanos: bigint;

  constructor(nanos: bigint) {
    super();
    this.#nanos = nanos;
  }

  get nanos(): bigint {
    return this.#nanos;
  }
}

/** The type of a value, as `type(x)` returns it and as names such as `string` denote it. */
export class TypeName extends Opaque {
  readonly #name: string;

  constructor(name: string) {
    super();
    this.#name = name;
  }

  get name(): string {
    return this.#name;
  }
}

/** Whether a part of an expression has no value: it is missing or failed. */
export function isAbsent(outcome: Outcome): outcome is undefined | Failure {
  return outcome === undefined || outcome instanceof Failure;
}

/** Whether a value is a list. */
export function isList(value: Outcome): value is readonly Value[] {
  return Array.isArray(value);
}

/** Whether a value is a map. */
export function isMap(value: Outcome): value is ValueMap {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Opaque);
}

/** Whether a value is an int, a uint or a double. */
export function isNumeric(value: Outcome): value is number | bigint | Uint {
  return typeof value === "number" || typeof value === "bigint" || value instanceof Uint;
}

/** Own property of a map; missing for anything else. This is how `a.b` reads. */
export function fieldOf(value: Outcome, field: string): Outcome {
  if (typeof value !== "object" || value === null) return undefined;
  if (value instanceof Opaque) return value instanceof Failure ? value : undefined;
  return !Array.isArray(value) && Object.hasOwn(value, field) ? (value as ValueMap)[field] : undefined;
}

/** Name of a value's type, for `type(x)` and for messages. */
export function typeNameOf(value: Value): string {
  if (value === null) return "null_type";
  if (typeof value === "string") return "string";
  if (typeof value === "number") return "double";
  if (typeof value === "bigint") return "int";
  if (typeof value === "boolean") return "bool";
  if (isList(value)) return "list";
  return value instanceof Opaque ? opaqueTypeName(value) : "map";
}

/**
 * JavaScript-like truth. Falsy are: missing, failed, null, false, "", and zero of every numeric type. Empty lists and maps are truthy.
 */
export function isTruthy(outcome: Outcome): boolean {
  if (outcome === true) return true;
  if (outcome instanceof Opaque) return !(outcome instanceof Failure || (outcome instanceof Uint && outcome.value === 0n));
  return Boolean(outcome);
}

function opaqueTypeName(value: Opaque): string {
  if (value instanceof Uint) return "uint";
  if (value instanceof Bytes) return "bytes";
  if (value instanceof Timestamp) return "google.protobuf.Timestamp";
  if (value instanceof Duration) return "google.protobuf.Duration";
  return "type";
}
