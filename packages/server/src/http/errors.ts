/** Refused requests: one shape of body for the management API. Spec: wire 3.6. */
import type { FastifyReply } from "fastify";

export type PublicError = {
  readonly status: number;
  /** Stable word for programs. */
  readonly code: string;
  /** Sentence for people: what was expected, what came, what to do. */
  readonly message: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly retryAfterS?: number;
};

/** Sends `{code, error, data, status}`. */
export function sendError(reply: FastifyReply, { status, code, message, data, retryAfterS }: PublicError): FastifyReply {
  if (retryAfterS !== undefined) void reply.header("retry-after", String(retryAfterS));
  return reply.code(status).send({ code, error: message, data: data ?? null, status });
}
