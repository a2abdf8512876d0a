/** Refusals of the dashboard's API: `{"error": {code, message, hint?}}`. */
import type { FastifyError, FastifyInstance, FastifyReply } from "fastify";
import { given } from "../../json.ts";
import { clientAddressOf } from "../../net/client-address.ts";
import type { ServerContext } from "../context.ts";
import { codeOf, hintFor } from "../errors.ts";

/** A request that can't be served as it is. Thrown by routes, answered by `answerErrors`. */
export class UiRefusal extends Error {
  /** HTTP status. */
  readonly status: number;
  /** Stable word for programs. */
  readonly code: string;
  /** One next step. */
  readonly hint: string | undefined;

  constructor(message: string, { status, code, hint }: { readonly status: number; readonly code: string; readonly hint?: string }) {
    super(message);
    this.name = "UiRefusal";
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

/** A bad query or body. */
export function invalid(message: string, hint?: string): UiRefusal {
  return new UiRefusal(message, { status: 400, code: "invalid-request", ...given("hint", hint) });
}

/** An id that no run has. */
export function noRun(runId: string): UiRefusal {
  return new UiRefusal(`No run has the id ${runId}.`, {
    status: 404,
    code: "run-not-found",
    hint: "Check the id; a run that ended long ago may have been deleted.",
  });
}

/** Makes every error of a scope, unknown paths too, an answer of the one shape. */
export function answerErrors(app: FastifyInstance, context: ServerContext): void {
  answerRefusals(app, context);
  app.setNotFoundHandler((request, reply) =>
    send(reply, {
      status: 404,
      code: "unknown-path",
      message: `There is no ${request.method} ${request.url.split("?")[0] ?? ""}.`,
      hint: undefined,
    }),
  );
}

/** Makes every error of a scope's routes an answer of the one shape. */
export function answerRefusals(app: FastifyInstance, context: ServerContext): void {
  app.setErrorHandler((error: FastifyError | UiRefusal, request, reply) => {
    if (error instanceof UiRefusal) return send(reply, error);
    const status = error.statusCode ?? 500;
    // This API's codes are written with dashes.
    if (status < 500) return send(reply, { status, code: codeOf(error).replaceAll("_", "-"), message: error.message, hint: undefined });
    const client = clientAddressOf(request.raw, context.trustedProxies);
    context.logger.error(
      { method: request.method, path: request.url.split("?")[0], client, error: error.stack ?? error.message },
      "a request failed",
    );
    return send(reply, {
      status,
      code: "internal-error",
      message: "The request failed for a reason of the server.",
      hint: "The server's log says more.",
    });
  });
}

function send(reply: FastifyReply, { status, code, message, hint }: Pick<UiRefusal, "status" | "code" | "message" | "hint">): FastifyReply {
  return reply.code(status).send({ error: { code, message, hint: hint ?? hintFor(status) } });
}
