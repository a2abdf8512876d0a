/**
 * JSON Schema, the part of it that this server's own documents use: to check what comes in, and in tests what goes out.
 *
 * I1  Unknown fields are refused where `additionalProperties` is false; else they are let through.
 */
import { isRecord } from "./json.ts";

export type Schema = {
  readonly $ref?: string;
  readonly type?: "object" | "array" | "string" | "number" | "integer" | "boolean";
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly enum?: readonly (string | number | boolean)[];
  readonly oneOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly format?: string;
  readonly default?: unknown;
};

/** Schemas by the whole text of the reference to them. */
export type SchemaRefs = Readonly<Record<string, Schema>>;

/** What is wrong with a value, as a sentence that names the place; undefined where nothing is. */
export function problemOf(value: unknown, schema: Schema, refs: SchemaRefs = {}): string | undefined {
  return check(value, schema, { refs, path: "" });
}

type Place = { readonly refs: SchemaRefs; readonly path: string };

function check(value: unknown, schema: Schema, place: Place): string | undefined {
  if (schema.$ref !== undefined) {
    const target = place.refs[schema.$ref];
    return target === undefined ? `${schema.$ref} is not defined` : check(value, target, place);
  }
  if (schema.oneOf !== undefined) {
    const fitting = schema.oneOf.filter((each) => check(value, each, place) === undefined);
    return fitting.length === 1 ? undefined : `${nameOf(place)} must be one of ${String(schema.oneOf.length)} forms`;
  }
  if (schema.enum !== undefined && !schema.enum.includes(value as string))
    return `${nameOf(place)} must be one of ${schema.enum.join(", ")}, got ${shown(value)}`;
  return schema.type === undefined ? undefined : checkType(value, { ...schema, type: schema.type }, place);
}

type Typed = Schema & { readonly type: NonNullable<Schema["type"]> };

function checkType(value: unknown, schema: Typed, place: Place): string | undefined {
  switch (schema.type) {
    case "object":
      return checkObject(value, schema, place);
    case "array":
      return checkArray(value, schema, place);
    case "string":
      return typeof value === "string" ? checkSize(value.length, schema, place) : wrongType(value, "a text", place);
    case "boolean":
      return typeof value === "boolean" ? undefined : wrongType(value, "true or false", place);
    case "number":
    case "integer":
      return checkNumber(value, schema, place);
  }
}

function checkObject(value: unknown, schema: Schema, place: Place): string | undefined {
  if (!isRecord(value)) return wrongType(value, "an object", place);
  const { properties = {}, required = [], additionalProperties = true } = schema;
  const missing = required.find((name) => value[name] === undefined);
  if (missing !== undefined) return `${nameOf(below(place, missing))} is required`;
  for (const [name, field] of Object.entries(value)) {
    if (field === undefined) continue;
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (known === undefined && additionalProperties === false)
      return `${nameOf(below(place, name))} is not known; known are ${Object.keys(properties).join(", ") || "none"}`;
    const expected = known ?? (typeof additionalProperties === "object" ? additionalProperties : {});
    const problem = check(field, expected, below(place, name));
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function checkArray(value: unknown, { items = {}, minItems = 0, maxItems = Infinity }: Schema, place: Place): string | undefined {
  if (!Array.isArray(value)) return wrongType(value, "a list", place);
  if (value.length < minItems || value.length > maxItems)
    return `${nameOf(place)} must have ${String(minItems)} to ${String(maxItems)} elements`;
  for (const [index, element] of value.entries()) {
    const problem = check(element, items, below(place, String(index)));
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function checkNumber(value: unknown, { type, minimum = -Infinity, maximum = Infinity }: Schema, place: Place): string | undefined {
  const isNumber = type === "integer" ? Number.isInteger(value) : Number.isFinite(value);
  if (!isNumber) return wrongType(value, type === "integer" ? "a whole number" : "a number", place);
  const number = value as number;
  return number >= minimum && number <= maximum
    ? undefined
    : `${nameOf(place)} must be from ${String(minimum)} to ${String(maximum)}, got ${String(number)}`;
}

function checkSize(length: number, { minLength = 0, maxLength = Infinity }: Schema, place: Place): string | undefined {
  return length >= minLength && length <= maxLength
    ? undefined
    : `${nameOf(place)} must have ${String(minLength)} to ${String(maxLength)} characters`;
}

function wrongType(value: unknown, expected: string, place: Place): string {
  return `${nameOf(place)} must be ${expected}, got ${shown(value)}`;
}

function below(place: Place, name: string): Place {
  return { ...place, path: place.path === "" ? name : `${place.path}.${name}` };
}

function nameOf({ path }: Place): string {
  return path === "" ? "the value" : path;
}

const SHOWN_CHARS_MAX = 80;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text;
}
