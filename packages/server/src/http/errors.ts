/**
 * Refused requests: one shape of body for the management API.
 *
 * I1  Each has a code for programs, a sentence for people, and a hint: one next step.
 *
 * Spec: wire 3.6.
 */
import type { FastifyReply } from "fastify";

export type PublicError = {
  readonly status: number;
  /** Stable word for programs. */
  readonly code: string;
  /** Sentence for people: what was expected, what came. */
  readonly message: string;
  /** One next step. Default: what fits the status. */
  readonly hint?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly retryAfterS?: number;
};

/** A request that a hook refuses, whatever its room. Thrown; each room answers it in its own shape. */
export class RequestRefusal extends Error {
  readonly statusCode: number;
  readonly code: string;

  constructor({ status, code, message }: Pick<PublicError, "status" | "code" | "message">) {
    super(message);
    this.name = "RequestRefusal";
    this.statusCode = status;
    this.code = code;
  }
}

/** Sends `{code, error, hint, data, status}`. */
export function sendError(reply: FastifyReply, { status, code, message, hint, data, retryAfterS }: PublicError): FastifyReply {
  if (retryAfterS !== undefined) void reply.header("retry-after", String(retryAfterS));
  return reply.code(status).send(errorBody({ status, code, message, hint: hint ?? hintFor(status), data }));
}

/** The body of `sendError`. */
export function errorBody({
  status,
  code,
  message,
  hint,
  data,
}: Pick<PublicError, "status" | "code" | "message"> & {
  readonly hint?: string | undefined;
  readonly data?: PublicError["data"] | undefined;
}): unknown {
  return { code, error: message, hint: hint ?? hintFor(status), data: data ?? null, status };
}

const HINTS: Readonly<Partial<Record<number, string>>> = {
  400: "Correct the request; sending the same again has the same answer.",
  401: "Send a key of this server as `Authorization: Bearer <key>`.",
  403: "Use a key, or an address, that may do this.",
  404: "Check the address and the ids in it.",
  405: "Use another method.",
  408: "Send the request again, without pauses.",
  409: "Read what is there first; sending the same again has the same answer.",
  410: "Stop: there is nothing left to do for it.",
  413: "Send less at a time.",
  415: "Send JSON with `content-type: application/json`.",
  426: "Connect with a WebSocket client.",
  429: "Send the request again after the time in Retry-After.",
  431: "Send fewer or shorter headers.",
  501: "Do without it, or use another operation.",
  503: "Send the request again after the time in Retry-After, or a little later.",
};

/** What to do after a refusal that says nothing about it. */
export function hintFor(status: number): string {
  return HINTS[status] ?? (status >= 500 ? "Send the request again; the server's log says more." : "Correct the request.");
}

/** Fastify's words for what is wrong with a request, in ours. */
const CODES: Readonly<Partial<Record<number, string>>> = {
  404: "not_found",
  408: "request_timeout",
  413: "too_large",
  415: "unsupported_media_type",
};

/** The code of an error that a hook, the router or a parser threw. */
export function codeOf(error: { readonly code?: string; readonly statusCode?: number }): string {
  if (error instanceof RequestRefusal) return error.code;
  const { statusCode = 500 } = error;
  return statusCode >= 500 ? "internal_server_error" : (CODES[statusCode] ?? "invalid_request");
}
