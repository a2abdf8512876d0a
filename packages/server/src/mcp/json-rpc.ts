/** Messages of JSON-RPC 2.0. Source: the JSON-RPC 2.0 specification. */
import { isRecord } from "../json.ts";

export type RequestId = string | number;

export type Message =
  | { readonly kind: "request"; readonly id: RequestId; readonly method: string; readonly params: Readonly<Record<string, unknown>> }
  /** Something that takes no answer: a notification, or an answer to a question that this server does not ask. */
  | { readonly kind: "notice" }
  | { readonly kind: "invalid" };

export const PARSE_ERROR = -32_700;
export const INVALID_REQUEST = -32_600;
export const METHOD_NOT_FOUND = -32_601;
export const INVALID_PARAMS = -32_602;

/** Reads a message. */
export function readMessage(raw: unknown): Message {
  if (!isRecord(raw) || raw["jsonrpc"] !== "2.0") return { kind: "invalid" };
  const { id, method, params = {} } = raw;
  const hasId = typeof id === "string" || typeof id === "number";
  if (typeof method !== "string") return hasId && ("result" in raw || "error" in raw) ? { kind: "notice" } : { kind: "invalid" };
  if (!("id" in raw)) return { kind: "notice" };
  return hasId && isRecord(params) ? { kind: "request", id, method, params } : { kind: "invalid" };
}

export type Failure = { readonly code: number; readonly message: string };

/** An answer. */
export function resultOf(id: RequestId, result: unknown): unknown {
  return { jsonrpc: "2.0", id, result };
}

/** A refusal. `id` is null where the request could not be read. */
export function failureOf(id: RequestId | null, error: Failure): unknown {
  return { jsonrpc: "2.0", id, error };
}
