/**
 * What apps report about runs that they start themselves (durable endpoints), and the output for who waits for it.
 *
 * Spec: wire 7.4–7.7; semantics 12.5. Departures: what is not stored is never answered with 200; a run id that exists is answered with
 * what exists; `retries` that is absent means the default; `idempotency` refuses a second run within 24 hours (409).
 */
import { decodeOps } from "@pawl/engine";
import { HEADER, isUlid, REALTIME_STREAM_TOKEN_MS } from "@pawl/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { SyncStepsResult } from "../../core/sync-runs.ts";
import { textOf } from "../../json.ts";
import type { LoadSecret } from "../../ports/secrets.ts";
import type { Realtime } from "../../realtime/realtime.ts";
import { STREAM_TOPIC } from "../../realtime/topic.ts";
import { readBodiesAsJson } from "../any-json.ts";
import { requireSigningKey } from "../auth.ts";
import type { ServerContext } from "../context.ts";
import { sendError } from "../errors.ts";
import type { Routes } from "../http-server.ts";
import { sendOutput } from "./output-route.ts";
import { readStart } from "./read-start.ts";
import { claimToken, RUN_CLAIM_SECRET } from "./run-claim.ts";

const PREFIXES = ["/v1/checkpoint", "/v1/http/runs"] as const;

/** A report holds several steps of at most 4 MiB each. */
const BODY_BYTES_MAX: number = 32 * 1024 * 1024;

export type SyncRunParts = { readonly realtime: Realtime; readonly loadSecret: LoadSecret };

type Parts = { readonly context: ServerContext; readonly realtime: Realtime; readonly secret: Uint8Array };
type Exchange = { readonly request: FastifyRequest; readonly reply: FastifyReply };

/** Adds the routes. */
export function syncRunRoutes({ realtime, loadSecret }: SyncRunParts): Routes {
  return async (app, context) => {
    const parts: Parts = { context, realtime, secret: loadSecret(RUN_CLAIM_SECRET) };
    await app.register(async (scope) => {
      scope.addHook("onRequest", requireSigningKey(context));
      readBodiesAsJson(scope, BODY_BYTES_MAX);
      for (const prefix of PREFIXES) {
        scope.post(prefix, (request, reply) => start(parts, { request, reply }));
        scope.post(`${prefix}/:runId/steps`, (request, reply) => report(parts, { request, reply }));
      }
    });
    await app.register(async (scope) => {
      // Callers are redirected here with whatever they had sent.
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser("*", (_request, payload, done) => {
        payload.resume();
        done(null, undefined);
      });
      const options = { engine: context.engine, secret: parts.secret };
      for (const prefix of PREFIXES)
        scope.route({
          method: ["GET", "POST", "PUT", "PATCH", "DELETE"],
          url: `${prefix}/:runId/output`,
          handler: (request, reply) => sendOutput(options, request, reply),
        });
    });
  };
}

async function start({ context, realtime, secret }: Parts, { request, reply }: Exchange): Promise<unknown> {
  const { engine } = context;
  const read = readStart(request.body, textOf(request.headers[HEADER.sdk]));
  if ("problem" in read)
    return sendError(reply, { status: 400, code: "invalid_request", message: `Invalid request body: ${read.problem}.` });
  const { runId } = read.start;
  const started = await engine.syncRuns.start(read.start);
  if (started.kind !== "started") {
    const message =
      started.kind === "id-taken"
        ? `The run id ${runId} is taken by a run of another function.`
        : "A run of this endpoint with the same idempotency key was started within the last 24 hours.";
    return sendError(reply, { status: 409, code: started.kind, message, data: { run_id: runId } });
  }
  if (read.ops.length > 0) {
    const result = await engine.syncRuns.report(runId, read.ops);
    if (result.kind !== "saved") return sendRefusal(reply, { result, runId });
  }
  const now = engine.clock.now();
  const grant = { topics: [{ channel: runId, name: STREAM_TOPIC }], canPublish: false };
  return reply.send({
    data: {
      fn_id: started.functionId,
      app_id: started.appId,
      run_id: runId,
      ...(read.ops.length > 0 ? { token: claimToken(runId, { secret, now }) } : {}),
      realtime_token: realtime.grant(grant, REALTIME_STREAM_TOKEN_MS),
    },
    metadata: { fetched_at: new Date(now).toISOString() },
  });
}

async function report({ context }: Parts, { request, reply }: Exchange): Promise<unknown> {
  const body = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  const runId = textOf(body["run_id"], (request.params as { readonly runId: string }).runId);
  const decoded = decodeOps(body["steps"] ?? []);
  const problem = "problem" in decoded ? decoded.problem : isUlid(runId) ? undefined : "run_id isn't a ULID";
  if ("problem" in decoded || problem !== undefined)
    return sendError(reply, { status: 400, code: "invalid_request", message: `Invalid checkpoint: ${problem}.`, data: { run_id: runId } });
  const result = await context.engine.syncRuns.report(runId, decoded.ops);
  return result.kind === "saved" ? reply.code(200).send() : sendRefusal(reply, { result, runId });
}

type Refusal = Exclude<SyncStepsResult, { readonly kind: "saved" }>;

function sendRefusal(reply: FastifyReply, { result, runId }: { readonly result: Refusal; readonly runId: string }): unknown {
  const data = { run_id: runId };
  switch (result.kind) {
    case "no-run":
      return sendError(reply, { status: 404, code: "not_found", message: `Run ${runId} does not exist.`, data });
    case "stale":
      return sendError(reply, {
        status: 409,
        code: "conflict",
        message: `Another run holds the signal that run ${runId} waits for.`,
        data,
      });
    case "refused":
      return sendError(reply, { status: result.code === "too-large" ? 413 : 409, code: result.code, message: result.message, data });
  }
}
