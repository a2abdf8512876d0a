/**
 * Limits of one function that a development server is told to have, for tests of what happens beyond them: `POST` and `DELETE
 * /fn/step-limit` and `/fn/state-size-limit`, with form fields. They last as long as the server.
 *
 * Spec: wire 4.12.
 */
import type { RunLimits } from "@pawl/engine";
import { RUN_STATE_BYTES_MAX, STEPS_PER_RUN_MAX } from "@pawl/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { textOf } from "../json.ts";
import { requireSigningKey } from "./auth.ts";
import type { ServerContext } from "./context.ts";
import { sendError } from "./errors.ts";

type Limit = { readonly path: string; readonly key: keyof RunLimits; readonly max: number };
type Exchange = { readonly request: FastifyRequest; readonly reply: FastifyReply };

const LIMITS: readonly Limit[] = [
  { path: "/fn/step-limit", key: "stepsMax", max: STEPS_PER_RUN_MAX },
  { path: "/fn/state-size-limit", key: "stateBytesMax", max: RUN_STATE_BYTES_MAX },
];

/** Adds the routes, in development only. */
export function limitOverrideRoutes(app: FastifyInstance, context: ServerContext): void {
  if (context.kind !== "dev") return;
  app.addHook("onRequest", requireSigningKey(context));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
  for (const limit of LIMITS) {
    app.post(limit.path, (request, reply) => set(context, limit, { request, reply }));
    app.delete(limit.path, (request, reply) => remove(context, limit, { request, reply }));
  }
}

function set({ engine }: ServerContext, { key, max }: Limit, { request, reply }: Exchange): unknown {
  const field = fieldsOf(request);
  const functionId = field("functionId");
  const limit = Number(field("limit"));
  if (engine.registry.functionById(functionId) === undefined) return notFound(reply, `There is no function ${functionId}.`);
  if (!Number.isInteger(limit) || limit < 1 || limit > max) {
    const message = `limit must be a whole number from 1 to ${String(max)}, got ${JSON.stringify(field("limit"))}.`;
    return sendError(reply, { status: 400, code: "invalid_request", message });
  }
  engine.runLimits.set(functionId, { ...engine.runLimits.get(functionId), [key]: limit });
  return reply.code(200).send("");
}

function remove({ engine }: ServerContext, { key }: Limit, { request, reply }: Exchange): unknown {
  const functionId = fieldsOf(request)("functionId");
  const { [key]: limit, ...rest } = engine.runLimits.get(functionId) ?? {};
  if (limit === undefined) return notFound(reply, `The function ${functionId} has no limit of its own.`);
  engine.runLimits.set(functionId, rest);
  return reply.code(200).send("");
}

function notFound(reply: FastifyReply, message: string): FastifyReply {
  return sendError(reply, { status: 404, code: "not_found", message });
}

/** A field of the form, or of the query. */
function fieldsOf({ body, query }: FastifyRequest): (name: string) => string {
  const form = new URLSearchParams(textOf(body));
  return (name) => form.get(name) ?? textOf((query as Readonly<Record<string, unknown>>)[name]);
}
