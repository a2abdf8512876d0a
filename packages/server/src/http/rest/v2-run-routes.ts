/** REST v2: runs, their traces, cancelling and running again. Spec: wire 11.4. */
import type { RerunFrom } from "@pawl/engine";
import { isUlid } from "@pawl/protocol";
import type { RunQuery } from "@pawl/store";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { RerunResult } from "../../core/rerun.ts";
import { given } from "../../json.ts";
import type { ServerContext } from "../context.ts";
import { factsOfRun } from "../ui/run-facts.ts";
import { scoreRoutes } from "./metadata-routes.ts";
import { badRequest, v2Envelope, v2NotFound, V2Refusal } from "./v2-answer.ts";
import { findApp, findFunction } from "./v2-app-routes.ts";
import { fieldsOf, flagOf, limitOf, one, type Parameters, parametersOf, readRunsQuery, runCursor, timeRangeOf } from "./v2-query.ts";
import { runShape, traceShape } from "./v2-view.ts";

type RunRequest = FastifyRequest<{ readonly Params: { readonly runId: string } }>;
type FunctionRequest = FastifyRequest<{ readonly Params: { readonly appId: string; readonly functionId: string } }>;
type EventRequest = FastifyRequest<{ readonly Params: { readonly eventId: string } }>;

/** Adds the routes. */
export function v2RunRoutes(app: FastifyInstance, context: ServerContext): void {
  listRoutes(app, context);
  runRoutes(app, context);
  actionRoutes(app, context);
  scoreRoutes(app, context);
}

function listRoutes(app: FastifyInstance, context: ServerContext): void {
  const { registry, store, clock } = context.engine;
  app.get("/runs", ({ query }) => {
    const parameters = parametersOf(query);
    return listRuns(context, parameters, { ...readRunsQuery(parameters), extra: placeOf(context, parameters) });
  });
  app.get("/apps/:appId/functions/:functionId/runs", ({ params, query }: FunctionRequest) => {
    const parameters = parametersOf(query);
    const extra = { functionIds: [findFunction(registry, params).id] };
    return listRuns(context, parameters, { ...readRunsQuery(parameters), extra });
  });
  app.get("/events/:eventId/runs", async ({ params: { eventId }, query }: EventRequest) => {
    if (!isUlid(eventId)) throw badRequest("Event ID must be a ULID", "invalid_field_format");
    const parameters = parametersOf(query);
    const limit = limitOf(parameters, 40);
    const after = one(parameters, "cursor") ?? "";
    if (after !== "" && !isUlid(after))
      throw badRequest("The cursor is not one of this list; begin again without one", "invalid_field_format");
    const found = await store.history.runsOfEvents([eventId]);
    const runs = found.filter(({ id }) => id > after).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const shown = runs.slice(0, limit);
    const hasMore = runs.length > limit;
    const includeOutput = flagOf(parameters, "includeOutput");
    const page = { limit, hasMore, ...given("cursor", hasMore ? shown.at(-1)?.id : undefined) };
    return v2Envelope(
      shown.map((run) => runShape(run, { registry, includeOutput })),
      { now: clock.now(), page },
    );
  });
}

function runRoutes(app: FastifyInstance, context: ServerContext): void {
  const { registry, store, clock } = context.engine;
  app.get("/runs/:runId", async ({ params: { runId }, query }: RunRequest) => {
    const [run] = await store.history.runsByIds([checkedId(runId)]);
    if (run === undefined) throw v2NotFound(`Run ${runId} not found`);
    return v2Envelope(runShape(run, { registry, includeOutput: flagOf(parametersOf(query), "includeOutput") }), { now: clock.now() });
  });
  app.get("/runs/:runId/trace", async ({ params: { runId }, query }: RunRequest) => {
    const facts = await factsOfRun(context, checkedId(runId));
    if (facts === undefined) throw v2NotFound(`Run ${runId} not found`);
    return v2Envelope(traceShape(facts, flagOf(parametersOf(query), "includeOutput")), { now: clock.now() });
  });
}

function actionRoutes(app: FastifyInstance, { engine }: ServerContext): void {
  app.post("/runs/:runId/cancel", async ({ params: { runId }, body }: RunRequest) => {
    fieldsOf(body, []);
    const result = await engine.cancel(checkedId(runId), "Cancelled through the API.");
    if (result === "no-run") throw v2NotFound(`Run ${runId} not found`);
    if (result === "ended") throw await endedAlready(engine, runId);
    return v2Envelope({ runId }, { now: engine.clock.now() });
  });
  app.post("/runs/:runId/rerun", async ({ params: { runId }, body }: RunRequest) => {
    const { fromStep } = fieldsOf(body, ["fromStep"]);
    const result = await engine.rerun(checkedId(runId), fromStepOf(fromStep));
    if (result.kind !== "created") throw rerunRefusal(result.kind, runId);
    return v2Envelope({ runId: result.runId }, { now: engine.clock.now() });
  });
}

/** `{ stepId, input? }`; undefined for a run from the beginning. */
function fromStepOf(value: unknown): RerunFrom | undefined {
  if (value === undefined || value === null) return undefined;
  const { stepId, input } = fieldsOf(value, ["stepId", "input"], "fromStep");
  if (typeof stepId !== "string" || stepId === "") throw badRequest("fromStep.stepId must be the id or name of a step", "missing_field");
  if (input !== undefined && !Array.isArray(input))
    throw badRequest("fromStep.input must be an array of arguments", "invalid_field_format");
  return { stepId, ...given("input", input as readonly unknown[] | undefined) };
}

function rerunRefusal(kind: Exclude<RerunResult["kind"], "created">, runId: string): V2Refusal {
  switch (kind) {
    case "no-run":
      return v2NotFound(`Run ${runId} not found`);
    case "step-not-found":
      return badRequest("Step not found in original run", "step_not_found");
    case "step-ambiguous":
      return badRequest("Step name matches multiple steps in original run", "step_ambiguous");
    case "step-has-no-input":
      return badRequest("The step takes no arguments: only steps that run code have an input", "step_has_no_input");
  }
}

async function listRuns(
  { engine: { registry, store, clock } }: ServerContext,
  parameters: Parameters,
  { extra, ...asked }: RunQuery & { readonly extra: RunQuery["filter"] },
): Promise<unknown> {
  const query: RunQuery = { ...asked, filter: { ...asked.filter, ...extra }, limit: asked.limit + 1 };
  const found = await store.history.listRuns(query);
  const shown = found.slice(0, asked.limit);
  const last = found.length > asked.limit ? shown.at(-1) : undefined;
  const includeOutput = flagOf(parameters, "includeOutput");
  return v2Envelope(
    shown.map((run) => runShape(run, { registry, includeOutput })),
    {
      now: clock.now(),
      page: { limit: asked.limit, hasMore: last !== undefined, ...given("cursor", last && runCursor(last, asked.timeField)) },
      timeRange: timeRangeOf(asked),
    },
  );
}

/** Filters by app and functions; functions are named within their app. */
function placeOf({ engine: { registry } }: ServerContext, parameters: Parameters): RunQuery["filter"] {
  const appId = one(parameters, "appId");
  const functionIds = parameters.get("functionId") ?? [];
  if (appId === undefined && functionIds.length > 0) throw badRequest("functionId needs appId, the app's name", "missing_field");
  if (appId === undefined) return {};
  if (functionIds.length === 0) return { appIds: [findApp(registry, appId).id] };
  return { functionIds: functionIds.map((functionId) => findFunction(registry, { appId, functionId }).id) };
}

async function endedAlready({ store }: ServerContext["engine"], runId: string): Promise<V2Refusal> {
  const [run] = await store.history.runsByIds([runId]);
  if (run?.status === "CANCELLED") return new V2Refusal("run already cancelled", { status: 409, code: "run_already_cancelled" });
  return new V2Refusal("cannot cancel an ended run", { status: 409, code: "run_already_ended" });
}

function checkedId(runId: string): string {
  if (!isUlid(runId)) throw badRequest("Run ID must be a ULID", "invalid_field_format");
  return runId;
}
