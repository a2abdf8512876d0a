/**
 * Errors as stored and sent on: `{error, name, message, stack?, cause?}`.
 *
 * I1  Whatever an app sends, the result is well formed; unknown text is kept, cut to a bound.
 *
 * Spec: wire 5.6 (last paragraphs); semantics 4.5.
 */
import { canonicalJson, type WireOp } from "@pawl/protocol";
import { isRecord } from "../json.ts";
import type { FunctionError } from "./reply.ts";

/** Longest text that is searched for an error object inside. Longer ones are kept as text. */
const INNER_ERROR_CHARS_MAX = 32 * 1024;

const DEFAULT_NAME = "Error";
const DEFAULT_MESSAGE = "Function execution error";

/** Error of a function out of the body of its answer. */
export function functionErrorOf(body: unknown, technical: string): FunctionError {
  const holder = isRecord(body) ? body : (innerError(body) ?? { message: typeof body === "string" && body !== "" ? body : undefined });
  const found = innerError(holder["error"]) ?? innerError(holder["body"]) ?? holder;
  return {
    error: technical,
    name: textOf(found["name"]) ?? DEFAULT_NAME,
    message: textOf(found["message"]) ?? textOf(holder["error"]) ?? DEFAULT_MESSAGE,
    ...optional("stack", textOf(found["stack"])),
    ...optional("cause", found["cause"]),
    ...optional("data", found["data"]),
  };
}

/**
 * The memoised form of a failed step: `{"error": {name, message, stack?, data?, cause?}}`, canonical. Data of `null` stays: the Go SDK writes it
 * into each error, and reads no error without.
 */
export function memoizedError(error: NonNullable<WireOp["error"]>, data: unknown): string {
  const kept = {
    name: textOf(error.name) ?? DEFAULT_NAME,
    message: textOf(error.message) ?? "",
    ...optional("stack", textOf(error.stack)),
    ...optional("cause", error.cause),
    ...(error.data === null ? { data: dataOf(data) ?? null } : optional("data", error.data ?? dataOf(data))),
  };
  return canonicalJson({ error: kept });
}

/** `name: message`, for logs and traces. */
export function errorLine(error: { readonly name?: unknown; readonly message?: unknown }): string {
  return `${textOf(error.name) ?? DEFAULT_NAME}: ${textOf(error.message) ?? ""}`.slice(0, 500);
}

/** The TypeScript SDK repeats the error in `data`, marked as serialised: that is no data. */
function dataOf(data: unknown): unknown {
  if (data === null || data === undefined) return undefined;
  return isRecord(data) && data["__serialized"] === true ? undefined : data;
}

function innerError(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (isRecord(value)) return value;
  if (typeof value !== "string" || value.length > INNER_ERROR_CHARS_MAX || !value.startsWith("{")) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined || value === null ? {} : { [key]: value }) as { readonly [P in K]?: V };
}
