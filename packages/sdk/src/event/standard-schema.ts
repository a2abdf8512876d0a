/**
 * The interface of Standard Schema 1 (https://standardschema.dev), written down so that no validator is needed as a dependency.
 * Zod, Valibot, ArkType and others implement it.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string;
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
      }[];
    };

/** What a schema accepts, and what it yields. */
export type InputOf<S> = S extends StandardSchema<infer Input, unknown> ? Input : never;
export type OutputOf<S> = S extends { readonly "~standard": { readonly types?: { readonly output: infer Output } | undefined } }
  ? Output
  : never;

/** A schema that only carries a type: every value passes. */
export function staticSchema<T extends Record<string, unknown>>(): StandardSchema<T> {
  return { "~standard": { version: 1, vendor: "pawl", validate: (value) => ({ value: value as T }) } };
}

/** The issues of a failed validation as one line each: `path: message`. */
export async function validateStandard(
  schema: StandardSchema,
  value: unknown,
): Promise<{ readonly value: unknown } | { readonly issues: string[] }> {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return { value: result.value };
  return {
    issues: result.issues.map((issue) => {
      const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".");
      return path === "" ? issue.message : `${path}: ${issue.message}`;
    }),
  };
}
