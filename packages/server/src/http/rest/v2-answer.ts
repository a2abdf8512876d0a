/**
 * How REST v2 answers: protobuf's JSON mapping, in camel case.
 *
 * I1  Fields that are absent, zero, false, empty texts or empty lists are left out, except inside `input` and `output`, and except
 *     values that may be of any type (`AnyValue`).
 * I2  Every error is `{"errors": [{code, message}]}`.
 *
 * Spec: wire 11.3.
 */
import type { FastifyError, FastifyInstance, FastifyReply } from "fastify";
import { isRecord } from "../../json.ts";
import { clientAddressOf } from "../../net/client-address.ts";
import type { ServerContext } from "../context.ts";
import { RequestRefusal } from "../errors.ts";
import { rfc3339 } from "./identity.ts";

/** A refusal. Thrown by routes. */
export class V2Refusal extends Error {
  /** HTTP status. */
  readonly status: number;
  readonly code: string;
  /** Answered in the place of the errors, where the protocol has a body for it. */
  readonly body: unknown;

  constructor(message: string, { status, code, body }: { readonly status: number; readonly code: string; readonly body?: unknown }) {
    super(message);
    this.name = "V2Refusal";
    this.status = status;
    this.code = code;
    this.body = body;
  }
}

/** A value that is shown whatever it is. */
export class AnyValue {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

export type Page = { readonly cursor?: string; readonly hasMore?: boolean; readonly limit?: number };

/** `{data, metadata, page?}` (I1). */
export function v2Envelope(data: unknown, facts: { readonly now: number; readonly page?: Page; readonly timeRange?: unknown }): unknown {
  const { now, page, timeRange } = facts;
  return pruned({ data, metadata: { fetchedAt: rfc3339(now), timeRange }, page });
}

/** Makes every error of a scope, unknown paths too, an answer of the one shape (I2). */
export function answerV2Errors(app: FastifyInstance, { logger, trustedProxies }: ServerContext): void {
  app.setErrorHandler((error: FastifyError | V2Refusal, request, reply) => {
    if (error instanceof V2Refusal) return send(reply, error);
    const status = error.statusCode ?? 500;
    if (error instanceof RequestRefusal) return send(reply, { status, code: error.code, message: error.message });
    if (status < 500) return send(reply, { status, code: status === 413 ? "validation_error" : "api_error", message: error.message });
    const client = clientAddressOf(request.raw, trustedProxies);
    logger.error(
      { method: request.method, path: request.url.split("?")[0], client, error: error.stack ?? error.message },
      "a request failed",
    );
    return send(reply, {
      status,
      code: "internal_server_error",
      message: "The request failed for a reason of the server; its log says more.",
    });
  });
  app.setNotFoundHandler((_request, reply) => send(reply, { status: 404, code: "api_error", message: "Not Found" }));
}

/** A bad request. */
export function badRequest(message: string, code = "invalid_request"): V2Refusal {
  return new V2Refusal(message, { status: 400, code });
}

/** What is not there. */
export function v2NotFound(message: string): V2Refusal {
  return new V2Refusal(message, { status: 404, code: "not_found" });
}

/** What a self-hosted server does not have. */
export function notImplemented(what: string): V2Refusal {
  return new V2Refusal(`${what} is not implemented by this server.`, { status: 501, code: "not_implemented" });
}

function send(
  reply: FastifyReply,
  { status, code, message, body }: Pick<V2Refusal, "status" | "code" | "message"> & { readonly body?: unknown },
): FastifyReply {
  return reply.code(status).send(body ?? { errors: [{ code, message }] });
}

/** The value without empty fields (I1). */
function pruned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pruned);
  if (value instanceof AnyValue) return value.value;
  if (!isRecord(value)) return value;
  const kept: [string, unknown][] = [];
  for (const [name, field] of Object.entries(value)) {
    if (name === "input" || name === "output") {
      if (field !== undefined && field !== null) kept.push([name, field]);
    } else if (!isEmpty(field)) kept.push([name, pruned(field)]);
  }
  return Object.fromEntries(kept);
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined || value === null || value === 0 || value === false || value === "" || (Array.isArray(value) && value.length === 0)
  );
}
