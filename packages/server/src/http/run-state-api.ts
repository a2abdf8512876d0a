/**
 * What apps ask for and report while a call goes on: large state, checkpoints.
 *
 * Spec: wire 5.3, 7.3.
 */
import { decodeOps, stepsByFinishText } from "@pawl/engine";
import { HEADER, isUlid } from "@pawl/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { CheckpointResult } from "../core/checkpoints.ts";
import { textOf } from "../json.ts";
import { readBodiesAsJson } from "./any-json.ts";
import { requireSigningKey } from "./auth.ts";
import type { ServerContext } from "./context.ts";
import { sendError } from "./errors.ts";

/** A checkpoint holds several steps of at most 4 MiB each. */
const BODY_BYTES_MAX: number = 32 * 1024 * 1024;

/** Adds the routes. */
export function runStateRoutes(app: FastifyInstance, context: ServerContext): void {
  app.addHook("onRequest", requireSigningKey(context));
  readBodiesAsJson(app, BODY_BYTES_MAX);
  app.get("/v0/runs/:runId/batch", (request, reply) => sendState(context, { request, reply, part: "batch" }));
  app.get("/v0/runs/:runId/actions", (request, reply) => sendState(context, { request, reply, part: "actions" }));
  for (const prefix of ["/v1/checkpoint", "/v1/http/runs"]) {
    app.post(`${prefix}/:runId/async`, (request, reply) => checkpoint(context, request, reply));
  }
}

type StateRequest = { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly part: "batch" | "actions" };

async function sendState(context: ServerContext, { request, reply, part }: StateRequest): Promise<unknown> {
  const { runId } = request.params as { readonly runId: string };
  if (!isUlid(runId))
    return sendError(reply, { status: 400, code: "invalid_request", message: `${runId} is not a run id: expected a ULID.` });
  const state = await context.engine.state(runId);
  if (state === undefined || state.run.endedAt !== undefined)
    return sendError(reply, { status: 410, code: "gone", message: `runtime state is no longer available for ${runId}` });
  return reply.type("application/json").send(part === "batch" ? `[${state.events.join(",")}]` : stepsByFinishText(state));
}

async function checkpoint(context: ServerContext, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const body = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  const runId = textOf(body["run_id"], (request.params as { readonly runId: string }).runId);
  const decoded = decodeOps(body["steps"] ?? []);
  if ("problem" in decoded)
    return sendError(reply, {
      status: 400,
      code: "invalid_request",
      message: `Invalid checkpoint: ${decoded.problem}.`,
      data: { run_id: runId },
    });
  const generation = Number(body["generation_id"] ?? request.headers[HEADER.generationId] ?? 0);
  const result = await context.engine.checkpoint({
    runId,
    itemId: textOf(body["qi_id"]),
    ops: decoded.ops,
    ...(Number.isInteger(generation) && generation > 0 ? { generation } : {}),
  });
  return sendResult(reply, { result, runId });
}

function sendResult(reply: FastifyReply, { result, runId }: { readonly result: CheckpointResult; readonly runId: string }): unknown {
  const data = { run_id: runId };
  switch (result.kind) {
    case "saved":
      return reply.code(200).send();
    case "no-run":
      return sendError(reply, { status: 400, code: "not_found", message: `Run ${runId} does not exist.`, data });
    case "stale":
      return sendError(reply, {
        status: 409,
        code: "stale_dispatch",
        message: `This call no longer owns run ${runId}: another call has taken over or the run has ended. Stop executing.`,
        data,
      });
    case "refused":
      return sendError(reply, { status: result.code === "too-large" ? 413 : 400, code: result.code, message: result.message, data });
  }
}
