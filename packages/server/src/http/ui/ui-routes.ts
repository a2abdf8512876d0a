/** `/ui/v1`: the dashboard's API. Shapes: `@pawl/protocol`, ui.ts. */
import type { UiBoot, UiEventRow, UiFunctionList, UiOk, UiRerunResult, UiRunDetail, UiSendEventResult, UiWorkerList } from "@pawl/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { checkEvents } from "../../event/read-events.ts";
import { isRecord, textOf } from "../../json.ts";
import type { ServerContext } from "../context.ts";
import { appRoutes } from "./app-routes.ts";
import { backupRoute } from "./backup-route.ts";
import { logIn, logOut, requireAccess, requireOrigin } from "./access.ts";
import { keyRoutes } from "./key-routes.ts";
import { type RawQuery, readEventQuery, readRunQuery, readSearch } from "./list-query.ts";
import { operationRoutes, readRerunFrom, RERUN_HINTS } from "./operation-routes.ts";
import { compareText, functionView } from "./registry-view.ts";
import { seqOf } from "./run-facts.ts";
import { readEvent, readEvents, readRun, readRuns } from "./run-pages.ts";
import { ChangeStream } from "./stream.ts";
import { answerErrors, invalid, noRun, UiRefusal } from "./ui-error.ts";
import { workerList } from "./worker-view.ts";

type RunRequest = FastifyRequest<{ readonly Params: { readonly runId: string } }>;

/** Adds the routes. */
export function uiRoutes(app: FastifyInstance, context: ServerContext): void {
  void app.register(
    async (scope) => {
      answerErrors(scope, context);
      sessionRoutes(scope, context);
      await scope.register(async (inner) => {
        inner.addHook("onRequest", requireAccess(context));
        listRoutes(inner, context);
        appRoutes(inner, context);
        actionRoutes(inner, context);
        keyRoutes(inner, context);
        streamRoute(inner, context);
        backupRoute(inner, context);
      });
    },
    { prefix: "/ui/v1" },
  );
}

function sessionRoutes(app: FastifyInstance, context: ServerContext): void {
  const onRequest = requireOrigin(context);
  app.post("/login", { onRequest }, async (request, reply): Promise<UiOk> => {
    const key = isRecord(request.body) ? textOf(request.body["key"]) : "";
    if (!logIn(context, { key, request, reply }))
      throw new UiRefusal("That is not this server's signing key.", {
        status: 401,
        code: "unauthorized",
        hint: "It is the one that the server was started with.",
      });
    return { ok: true };
  });
  app.post("/logout", { onRequest }, async (request, reply): Promise<UiOk> => {
    logOut({ request, reply });
    return { ok: true };
  });
}

function listRoutes(app: FastifyInstance, context: ServerContext): void {
  const { engine } = context;
  app.get("/boot", async (): Promise<UiBoot> => bootOf(context));
  app.get("/runs", async ({ query }) => {
    const raw = query as RawQuery;
    return readRuns(context, readRunQuery(raw, engine.registry), readSearch(raw, "runs"));
  });
  app.get("/runs/:runId", async (request: RunRequest): Promise<UiRunDetail> => {
    const detail = await readRun(context, request.params.runId);
    if (detail === undefined) throw noRun(request.params.runId);
    return detail;
  });
  app.get("/events", async ({ query }) => readEvents(context, readEventQuery(query as RawQuery), readSearch(query as RawQuery, "events")));
  app.get("/events/:eventId", async (request): Promise<UiEventRow> => {
    const { eventId } = request.params as { readonly eventId: string };
    const event = await readEvent(context, eventId);
    if (event === undefined) throw new UiRefusal(`No event has the id ${eventId}.`, { status: 404, code: "event-not-found" });
    return event;
  });
  app.get("/functions", async (): Promise<UiFunctionList> => functionsOf(context));
  app.get("/workers", async (): Promise<UiWorkerList> => workerList(context));
}

function actionRoutes(app: FastifyInstance, { engine }: ServerContext): void {
  app.post("/events", async (request): Promise<UiSendEventResult> => ({ ids: await engine.send(readNewEvent(request.body)) }));
  app.post("/runs/:runId/cancel", async ({ params: { runId } }: RunRequest): Promise<UiOk> => {
    const result = await engine.cancel(runId, "Cancelled in the dashboard.");
    if (result === "no-run") throw noRun(runId);
    if (result === "ended") throw new UiRefusal(`Run ${runId} has already ended.`, { status: 409, code: "run-ended" });
    return { ok: true };
  });
  app.post("/runs/:runId/rerun", async ({ params: { runId }, body }: RunRequest): Promise<UiRerunResult> => {
    const result = await engine.rerun(runId, readRerunFrom(body));
    if (result.kind === "no-run") throw noRun(runId);
    if (result.kind !== "created") throw invalid("The run can't be run again from that step.", RERUN_HINTS[result.kind]);
    return { runId: result.runId };
  });
  operationRoutes(app, engine);
}

function streamRoute(app: FastifyInstance, context: ServerContext): void {
  const changes = new ChangeStream(context);
  // Before the server waits for its connections, or it would wait for these for ever.
  app.addHook("preClose", async () => changes.close());
  app.get("/stream", (request: FastifyRequest, reply: FastifyReply) => {
    const lastId = Number(request.headers["last-event-id"] ?? Number.NaN);
    void reply.type("text/event-stream").header("cache-control", "no-store").header("x-accel-buffering", "no");
    return reply.send(changes.connect(Number.isFinite(lastId) ? lastId : undefined));
  });
}

function bootOf(context: ServerContext): UiBoot {
  const { version, kind, startedAt, engine } = context;
  return { version, kind, store: engine.store.kind, startedAt, seq: seqOf(context) };
}

function functionsOf({ engine: { registry, clock } }: ServerContext): UiFunctionList {
  const functions = registry.functions().filter(({ archivedAt }) => archivedAt === undefined);
  const items = functions.map((row) => functionView(row, registry.appById(row.appId), clock.now()));
  return { items: items.toSorted((a, b) => compareText(a.slug, b.slug)) };
}

/** One event, checked as the Event API checks it; here `data` must be given. */
function readNewEvent(body: unknown): Parameters<ServerContext["engine"]["send"]>[0] {
  if (!isRecord(body)) throw invalid("The body must be an event.", 'For example {"name": "shop/order.placed", "data": {}}.');
  const { name, data, id } = body;
  if (!isRecord(data)) throw invalid("An event's data must be a JSON object.", 'For example {"data": {"orderId": 7}}.');
  const element = { name, data, id };
  const bytes = Buffer.byteLength(JSON.stringify(element));
  const { events, problem } = checkEvents({ elements: [element], bytes });
  if (problem !== undefined) throw invalid(`${problem.charAt(0).toUpperCase()}${problem.slice(1)}.`);
  return events;
}
