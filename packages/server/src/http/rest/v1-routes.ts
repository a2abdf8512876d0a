/**
 * REST v1, and the one deletion of v0.
 *
 * I1  Errors have their real status. (The reference answers errors of cached routes with 200 [discrepancy].)
 *
 * Spec: wire 11.1, 11.2; semantics 5.5, 7.2.
 */
import { isUlid } from "@pawl/protocol";
import type { EventQuery } from "@pawl/store";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { given, isRecord, textOf } from "../../json.ts";
import { requireSigningKey } from "../auth.ts";
import type { ServerContext } from "../context.ts";
import { type PublicError, sendError } from "../errors.ts";
import { parseTime } from "./identity.ts";
import { readBodiesLeniently } from "./lenient-bodies.ts";
import { metadataRoutes } from "./metadata-routes.ts";
import { cancellationRoutes } from "./v1-cancellations.ts";
import { envelope, eventShape, functionShape, jobShape, runShape } from "./v1-view.ts";

const EVENTS_DEFAULT = 20;
const EVENTS_MAX = 51;

type IdRequest = FastifyRequest<{ readonly Params: { readonly id: string } }>;

/** Adds the routes. */
export function restV1Routes(app: FastifyInstance, context: ServerContext): void {
  app.addHook("onRequest", requireSigningKey(context));
  readBodiesLeniently(app);
  eventRoutes(app, context);
  runRoutes(app, context);
  cancellationRoutes(app, context);
  metadataRoutes(app, context);
  app.get("/v1/apps/:id/functions", (request: IdRequest, reply) => listFunctions(context, request, reply));
  app.post("/v1/signals", (request, reply) => signal(context, request, reply));
  app.get("/v1/prom/:env", (_request, reply) =>
    sendError(reply, { status: 501, code: "not_implemented", message: "Metrics are not told here", hint: "They are at /metrics." }),
  );
  // What other dashboards tell about their users is nothing that this server wants to know.
  app.post("/v0/telemetry", (_request, reply) => reply.code(200).send());
}

function eventRoutes(app: FastifyInstance, { engine }: ServerContext): void {
  const { clock, store } = engine;
  app.get("/v1/events", async (request, reply) => {
    const query = readEventQuery(request.query as Readonly<Record<string, unknown>>);
    if ("status" in query) return sendError(reply, query);
    const events = await store.history.listEvents(query);
    return envelope(events.map(eventShape), clock.now());
  });
  app.get("/v1/events/:id", async ({ params: { id } }: IdRequest, reply) => {
    if (!isUlid(id)) return sendError(reply, notUlid(id));
    const event = await store.history.eventById(id);
    if (event === undefined) return sendError(reply, notFound("event", id));
    return envelope(eventShape(event), clock.now());
  });
  app.get("/v1/events/:id/runs", async ({ params: { id } }: IdRequest, reply) => {
    if (!isUlid(id)) return sendError(reply, notUlid(id));
    const runs = await store.history.runsOfEvents([id]);
    return envelope(runs.map(runShape), clock.now());
  });
}

function runRoutes(app: FastifyInstance, { engine }: ServerContext): void {
  const { clock, store } = engine;
  app.get("/v1/runs/:id", async ({ params: { id } }: IdRequest, reply) => {
    if (!isUlid(id)) return sendError(reply, notUlid(id));
    const [run] = await store.history.runsByIds([id]);
    return run === undefined ? sendError(reply, notFound("run", id)) : envelope(runShape(run), clock.now());
  });
  app.get("/v1/runs/:id/jobs", async ({ params: { id } }: IdRequest, reply) => {
    if (!isUlid(id)) return sendError(reply, notUlid(id));
    const [runs, items] = await Promise.all([store.history.runsByIds([id]), store.itemsOfRun(id)]);
    return runs.length === 0 ? sendError(reply, notFound("run", id)) : envelope(items.map(jobShape), clock.now());
  });
  // A run that has ended is cancelled already, for who asks: both answer success.
  const cancel = async (id: string): Promise<PublicError | undefined> => {
    if (!isUlid(id)) return notUlid(id);
    const result = await engine.cancel(id, "Cancelled through the API.");
    return result === "no-run" ? notFound("run", id) : undefined;
  };
  app.delete("/v1/runs/:id", async ({ params: { id } }: IdRequest, reply) => {
    const problem = await cancel(id);
    return problem === undefined ? envelope(null, clock.now()) : sendError(reply, problem);
  });
  app.delete("/v0/runs/:id", async ({ params: { id } }: IdRequest, reply) => {
    const problem = await cancel(id);
    return problem === undefined ? reply.code(204).send() : sendError(reply, problem);
  });
}

/** A bare list, without an envelope. */
async function listFunctions(
  { engine: { registry } }: ServerContext,
  { params: { id } }: IdRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const app = registry.appByName(id);
  if (app === undefined || app.archivedAt !== undefined) return sendError(reply, notFound("app", id));
  const functions = registry.functions().filter(({ appId, archivedAt }) => appId === app.id && archivedAt === undefined);
  return functions.map(functionShape);
}

async function signal({ engine }: ServerContext, { body }: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const name = isRecord(body) ? textOf(body["signal"]) : "";
  if (!isRecord(body) || name === "") {
    return sendError(reply, {
      status: 400,
      code: "invalid_request",
      message: "Invalid signal data: `signal` must be a text that is not empty",
    });
  }
  const runId = await engine.signal(name, body["data"]);
  if (runId === undefined) return sendError(reply, { status: 404, code: "not_found", message: "No signal found" });
  return envelope({ run_id: runId }, engine.clock.now());
}

function readEventQuery(raw: Readonly<Record<string, unknown>>): EventQuery | PublicError {
  const asked = textOf(raw["limit"], String(EVENTS_DEFAULT));
  if (!/^-?\d+$/.test(asked)) return invalid(`limit must be a whole number from 1 to ${EVENTS_MAX}, got ${asked}`);
  const limit = Math.max(1, Math.min(EVENTS_MAX, Number(asked)));
  const cursor = textOf(raw["cursor"]);
  if (cursor !== "" && !isUlid(cursor)) return invalid(`cursor must be the internal_id of an event, got ${cursor}`);
  const bounds = { received_after: textOf(raw["received_after"]), received_before: textOf(raw["received_before"]) };
  for (const [parameter, text] of Object.entries(bounds))
    if (text !== "" && parseTime(text) === undefined)
      return invalid(`${parameter} must be a time such as 2026-01-31T12:00:00Z, got ${text}`);
  const name = textOf(raw["name"]);
  const from = parseTime(bounds.received_after);
  return {
    ...(name === "" ? {} : { names: [name] }),
    // Who asks for one of the server's own events by name wants to see it.
    includeInternal: name !== "",
    ...given("receivedFrom", from === undefined ? undefined : from + 1),
    ...given("receivedUntil", parseTime(bounds.received_before)),
    ...given("after", cursor === "" ? undefined : cursor),
    limit,
  };
}

function invalid(message: string): PublicError {
  return { status: 400, code: "invalid_request", message };
}

function notUlid(id: string): PublicError {
  return invalid(`${id} is not an id: expected a ULID`);
}

function notFound(what: string, id: string): PublicError {
  return { status: 404, code: "not_found", message: `There is no ${what} ${id}` };
}
