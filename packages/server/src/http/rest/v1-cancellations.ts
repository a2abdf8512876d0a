/**
 * REST v1: bulk cancellations.
 *
 * I1  A cancellation begins at once; deleting it stops what it has not done yet.
 * I2  Replays, which are bulk operations too, are neither listed nor found nor stopped here.
 *
 * Spec: wire 11.2; semantics 7.2. (The server it describes answers 500; the shapes are those of its documentation.)
 */
import { compileSearch, type FunctionRow } from "@pawl/engine";
import { isUlid } from "@pawl/protocol";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Bulk } from "../../core/bulk.ts";
import type { Engine } from "../../core/engine.ts";
import { given, isRecord, textOf } from "../../json.ts";
import type { ServerContext } from "../context.ts";
import { type PublicError, sendError } from "../errors.ts";
import { ACCOUNT_ID, ENVIRONMENT_ID, parseRfc3339 } from "./identity.ts";
import { envelope } from "./v1-view.ts";

type IdRequest = FastifyRequest<{ readonly Params: { readonly id: string } }>;

/** A client's clock may be ahead by this much. */
const AHEAD_MS_MAX = 5_000;
const LIST_DEFAULT = 20;
const LIST_MAX = 100;

/** Adds the routes. */
export function cancellationRoutes(app: FastifyInstance, { engine }: ServerContext): void {
  const { clock } = engine;
  app.post("/v1/cancellations", async ({ body }, reply) => {
    const request = readCancellation(engine, isRecord(body) ? body : {});
    if ("code" in request) return sendError(reply, request);
    return envelope(cancellationShape(engine, await engine.bulks.create(request)), clock.now());
  });
  app.get("/v1/cancellations", async ({ query }, reply) => {
    const { limit: limitText, cursor } = query as { readonly limit?: string; readonly cursor?: string };
    const limit = limitText === undefined ? LIST_DEFAULT : Number(limitText);
    if (!Number.isInteger(limit) || limit < 1 || limit > LIST_MAX)
      return sendError(reply, invalid(`limit must be a whole number from 1 to ${String(LIST_MAX)}`));
    if (cursor !== undefined && cursor !== "" && !isUlid(cursor))
      return sendError(reply, invalid(`cursor must be the id of a cancellation, got ${cursor}`));
    const bulks = await engine.bulks.list({ kind: "cancel", limit, ...given("after", cursor === "" ? undefined : cursor) });
    return envelope(
      bulks.map((bulk) => cancellationShape(engine, bulk)),
      clock.now(),
    );
  });
  app.get("/v1/cancellations/:id", async ({ params: { id } }: IdRequest, reply) => {
    const bulk = await cancellationOf(engine, id);
    return bulk === undefined ? sendError(reply, notFound(id)) : envelope(cancellationShape(engine, bulk), clock.now());
  });
  app.delete("/v1/cancellations/:id", async ({ params: { id } }: IdRequest, reply) => {
    if ((await cancellationOf(engine, id)) === undefined) return sendError(reply, notFound(id));
    await engine.bulks.stop(id);
    return reply.code(204).send();
  });
}

/** Other bulk operations are none of this API's. */
async function cancellationOf({ bulks }: Engine, id: string): Promise<Bulk | undefined> {
  const bulk = isUlid(id) ? await bulks.byId(id) : undefined;
  return bulk?.kind === "cancel" ? bulk : undefined;
}

type CancellationRequest = Parameters<Engine["bulks"]["create"]>[0];

function readCancellation(engine: Engine, body: Readonly<Record<string, unknown>>): CancellationRequest | PublicError {
  const appId = textOf(body["app_id"]);
  const functionId = textOf(body["function_id"]);
  if (appId === "") return invalid("app_id is required");
  if (functionId === "") return invalid("function_id is required");
  const until = parseRfc3339(textOf(body["started_before"]));
  if (until === undefined) return invalid("started_before is required");
  if (until > engine.clock.now() + AHEAD_MS_MAX) return invalid("started_before must be in the past");
  const fromText = textOf(body["started_after"]);
  const from = fromText === "" ? undefined : parseRfc3339(fromText);
  if (fromText !== "" && from === undefined) return invalid("started_after must be a time such as 2026-01-31T12:00:00Z");
  if (from !== undefined && from >= until) return invalid("started_after must be before started_before");
  const row = findFunction(engine, appId, functionId);
  if (row === undefined) return { status: 404, code: "not_found", message: "function not found" };
  const condition = textOf(body["if"]);
  const compiled = condition === "" ? undefined : compileSearch(condition, "runs");
  if (compiled?.kind === "invalid") return invalid(`invalid expression: ${compiled.message}`);
  return { kind: "cancel", functionId: row.id, until, ...given("from", from), ...(condition === "" ? {} : { condition }) };
}

/** Apps by name or id, functions by slug, by id, or by the slug without the app's name. */
function findFunction({ registry }: Engine, appId: string, functionId: string): FunctionRow | undefined {
  const app = registry.appByName(appId) ?? registry.appById(appId);
  const row =
    registry.functionById(functionId) ?? registry.functionBySlug(functionId) ?? registry.functionBySlug(`${app?.name ?? ""}-${functionId}`);
  return app !== undefined && row?.appId === app.id ? row : undefined;
}

function cancellationShape({ registry }: Engine, bulk: Bulk): unknown {
  const row = registry.functionById(bulk.functionId);
  return {
    id: bulk.id,
    account_id: ACCOUNT_ID,
    environment_id: ENVIRONMENT_ID,
    app_id: row === undefined ? "" : (registry.appById(row.appId)?.name ?? ""),
    function_id: row?.slug ?? bulk.functionId,
    function_internal_id: bulk.functionId,
    kind: "run",
    started_before: new Date(bulk.until).toISOString(),
    ...(bulk.from === undefined ? {} : { started_after: new Date(bulk.from).toISOString() }),
    ...given("if", bulk.condition),
    created_at: new Date(bulk.createdAt).toISOString(),
    status: bulk.status,
    seen: bulk.seen,
    cancelled: bulk.done,
  };
}

function invalid(message: string): PublicError {
  return { status: 400, code: "invalid_request", message };
}

function notFound(id: string): PublicError {
  return { status: 404, code: "not_found", message: `There is no cancellation ${id}` };
}
