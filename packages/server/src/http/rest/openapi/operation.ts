/** A row of the table that the OpenAPI document is built from. */
import type { Schema } from "../../../json-schema.ts";

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

export type Operation = {
  /** The protocol's name of it; absent for one that this server lacks. */
  readonly id?: string;
  readonly method: Method;
  /** From the root, with parameters in braces: `/v2/apps/{appId}`. */
  readonly path: string;
  readonly tag: "account" | "apps" | "runs" | "events" | "operations";
  readonly summary: string;
  readonly query?: Readonly<Record<string, Schema>>;
  readonly body?: Schema;
  readonly isBodyRequired?: boolean;
  /** The answer's body; absent where the server always refuses. */
  readonly answer?: Schema;
  /** Of the answer; default 200. */
  readonly status?: 200 | 204;
  /** Of the answer; default JSON. */
  readonly answerType?: string;
  /** What is refused, by status. */
  readonly refusals: Readonly<Partial<Record<400 | 403 | 404 | 409 | 413 | 422 | 501, string>>>;
};

/** A schema of the document's components. */
export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** An object that has no other fields. */
export function closed(properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  return { type: "object", additionalProperties: false, properties, ...(required.length === 0 ? {} : { required }) };
}

export function listOf(items: Schema): Schema {
  return { type: "array", items };
}

export function text(description?: string): Schema {
  return description === undefined ? { type: "string" } : { type: "string", description };
}

export function oneOfTexts(values: readonly string[]): Schema {
  return { type: "string", enum: values };
}

/** RFC 3339. */
export const TIME: Schema = { type: "string", format: "date-time" };
export const FLAG: Schema = { type: "boolean" };
export const COUNT: Schema = { type: "integer", minimum: 0 };
/** An object of the user's. */
export const ANY_OBJECT: Schema = { type: "object", additionalProperties: true };

/** `{data, metadata, page?}`; empty fields are left out, so a list without elements is missing. */
export function envelope(data: Schema, { isPaged = false, isRequired = !isPaged }: EnvelopeOptions = {}): Schema {
  return closed(
    { data, metadata: ref("Metadata"), ...(isPaged ? { page: ref("Page") } : {}) },
    isRequired ? ["data", "metadata"] : ["metadata"],
  );
}

type EnvelopeOptions = { readonly isPaged?: boolean; readonly isRequired?: boolean };
