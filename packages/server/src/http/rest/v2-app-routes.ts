/** REST v2: apps, functions, invoking, sending events. Spec: wire 11.4. */
import type { AppRow, FunctionRow } from "@pawl/engine";
import { EVENT_BYTES_MAX, EVENT_NAME_LENGTH_MAX, type ReasonCode, REASONS } from "@pawl/protocol";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Registry } from "../../core/registry.ts";
import { checkEvents } from "../../event/read-events.ts";
import { given, isRecord } from "../../json.ts";
import { traceparentOf } from "../../tracing/traceparent.ts";
import type { ServerContext } from "../context.ts";
import { type Invoked, invokeAndWait } from "./invoke-and-wait.ts";
import { badRequest, v2Envelope, v2NotFound, V2Refusal } from "./v2-answer.ts";
import { fieldsOf, flagOf, limitOf, one, type Parameters, parametersOf } from "./v2-query.ts";
import { appShape, functionShape, runShape } from "./v2-view.ts";
import { waitForRun } from "../../mcp/wait-for-run.ts";

const PAGE_MAX = 100;

/** What apps and functions have as ids. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A client, or what is between, that waits longer has usually given up. */
const WAIT_SECONDS_MAX = 300;

type Request = FastifyRequest<{ readonly Params: { readonly appId: string; readonly functionId: string } }>;

/** Adds the routes. */
export function v2AppRoutes(app: FastifyInstance, context: ServerContext): void {
  const { clock, registry } = context.engine;
  app.get("/apps", ({ query }) => {
    const parameters = parametersOf(query);
    const showsArchived = flagOf(parameters, "archived");
    const apps = registry.apps().filter(({ name, archivedAt }) => name !== "" && (archivedAt !== undefined) === showsArchived);
    return page({ rows: apps, parameters, now: clock.now(), shape: (row) => appShape(row, functionsOf(registry, row).length) });
  });
  app.get("/apps/:appId", ({ params }: Request) => {
    const found = findApp(registry, params.appId);
    return v2Envelope(appShape(found, functionsOf(registry, found).length), { now: clock.now() });
  });
  app.get("/apps/:appId/functions", ({ params, query }: Request) => {
    const rows = functionsOf(registry, findApp(registry, params.appId));
    return page({ rows, parameters: parametersOf(query), now: clock.now(), shape: (row) => functionShape(row, registry) });
  });
  app.get("/apps/:appId/functions/:functionId", ({ params }: Request) =>
    v2Envelope(functionShape(findFunction(registry, params), registry), { now: clock.now() }),
  );
  const stopping = new AbortController();
  app.addHook("preClose", async () => stopping.abort());
  app.post("/apps/:appId/functions/:functionId/invoke", (request: Request, reply) =>
    invoke(context, request, () => AbortSignal.any([goneOf(reply), stopping.signal])),
  );
  app.post("/events", (request) => sendEvent(context, request));
}

/** The app of a name. */
export function findApp(registry: Registry, appId: string): AppRow {
  const found = registry.appByName(decoded(appId));
  if (found === undefined) throw v2NotFound(`App ${appId} not found`);
  return found;
}

/** A function by its id within the app, or its whole slug. */
export function findFunction(
  registry: Registry,
  { appId, functionId }: { readonly appId: string; readonly functionId: string },
): FunctionRow {
  const app = findApp(registry, appId);
  const id = decoded(functionId);
  const found = [registry.functionBySlug(`${app.name}-${id}`), registry.functionBySlug(id)].find((row) => row?.appId === app.id);
  if (found === undefined) throw v2NotFound(`Function ${functionId} not found in app ${appId}`);
  return found;
}

async function invoke({ engine }: ServerContext, { params, body, headers }: Request, signalOf: () => AbortSignal): Promise<unknown> {
  const row = findFunction(engine.registry, params);
  if (row.archivedAt !== undefined) throw v2NotFound(`Function ${row.slug} is archived`);
  const { data, idempotencyKey, waitSeconds } = fieldsOf(body, ["data", "idempotencyKey", "mode", "waitSeconds"]);
  if (!isRecord(data)) throw badRequest('data is required and must be an object, for example {"data": {}}', "missing_field");
  if (idempotencyKey !== undefined && typeof idempotencyKey !== "string")
    throw badRequest("idempotencyKey must be a text", "invalid_field_format");
  const timeoutMs = waitOf(waitSeconds);
  const key = idempotencyKey === "" ? undefined : idempotencyKey;
  const invoked = await invokeAndWait(engine, { function: row, data, ...given("idempotencyKey", key), ...traceparentOf({ headers }) });
  const isWaiting = timeoutMs > 0 && "runId" in invoked;
  const run = isWaiting ? await waitForRun(engine, invoked.runId, { timeoutMs, signal: signalOf() }) : undefined;
  const shape = run && runShape(run, { registry: engine.registry, includeOutput: true });
  return answerOf(invoked, { now: engine.clock.now(), ...given("run", shape) });
}

/** Milliseconds that an answer waits for the end of the run. */
function waitOf(seconds: unknown): number {
  if (seconds === undefined || seconds === null) return 0;
  if (typeof seconds === "number" && seconds >= 0 && seconds <= WAIT_SECONDS_MAX) return seconds * 1_000;
  throw badRequest(`waitSeconds must be a number from 0 to ${String(WAIT_SECONDS_MAX)}`, "invalid_field_format");
}

/** Aborted when nobody waits for the answer any more. */
function goneOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return gone.signal;
}

/** Codes for why an invoked function does not run now, where they differ from `function_skipped`. */
const CODES: Readonly<Partial<Record<ReasonCode, string>>> = {
  "rate-limit": "rate_limited",
  debounced: "function_debounced",
  "debounce-older-event": "function_debounced",
  "debounce-superseded": "function_debounced",
};

function answerOf(invoked: Invoked, { now, run }: { readonly now: number; readonly run?: unknown }): unknown {
  switch (invoked.kind) {
    case "run":
      return v2Envelope({ runId: invoked.runId, run }, { now });
    case "duplicate": {
      const body = v2Envelope({ runId: invoked.runId, run }, { now });
      throw new V2Refusal("This idempotency key was used before", { status: 409, code: "idempotency_conflict", body });
    }
    case "no-run":
      throw new V2Refusal(REASONS[invoked.reason], { status: 422, code: CODES[invoked.reason] ?? "function_skipped" });
    case "pending":
      // Deciding on the event fails for now; it is tried again.
      throw new V2Refusal(
        `The event ${invoked.eventId} is stored, but its run is not scheduled yet; it will be. Look for the event's runs.`,
        {
          status: 503,
          code: "run_pending",
        },
      );
  }
}

async function sendEvent({ engine }: ServerContext, { body, headers }: FastifyRequest): Promise<unknown> {
  const fields = fieldsOf(body, ["name", "data", "user", "id", "ts", "v"]);
  const { name } = fields;
  if (name === undefined || name === "") throw badRequest("Event name is required", "missing_field");
  if (typeof name !== "string" || name.length > EVENT_NAME_LENGTH_MAX)
    throw badRequest(`name must be a text of at most ${EVENT_NAME_LENGTH_MAX} characters`, "invalid_field_format");
  const bytes = Buffer.byteLength(JSON.stringify(body));
  if (bytes > EVENT_BYTES_MAX)
    throw new V2Refusal(`The event has ${bytes} bytes; at most ${EVENT_BYTES_MAX} are taken`, { status: 413, code: "validation_error" });
  // int64 fields arrive as numbers or as texts.
  const ts = typeof fields["ts"] === "string" && /^\d+$/.test(fields["ts"]) ? Number(fields["ts"]) : fields["ts"];
  const { events, problem } = checkEvents({ elements: [{ ...fields, ts }], bytes }, traceparentOf({ headers }));
  if (problem !== undefined) throw badRequest(problem, "invalid_field_format");
  const [eventId] = await engine.send(events);
  return v2Envelope({ eventId }, { now: engine.clock.now() });
}

type PageOf<T> = {
  readonly rows: readonly T[];
  readonly parameters: Parameters;
  readonly now: number;
  readonly shape: (row: T) => unknown;
};

/** A page of rows in the order of their ids; the cursor is the last one's. */
function page<T extends { readonly id: string }>({ rows, parameters, now, shape }: PageOf<T>): unknown {
  const limit = limitOf(parameters, PAGE_MAX);
  const after = one(parameters, "cursor") ?? "";
  if (after !== "" && !UUID.test(after))
    throw badRequest("The cursor is not one of this list; begin again without one", "invalid_field_format");
  const rest = rows.filter(({ id }) => id > after).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const shown = rest.slice(0, limit);
  const hasMore = rest.length > limit;
  return v2Envelope(shown.map(shape), { now, page: { limit, hasMore, ...given("cursor", hasMore ? shown.at(-1)?.id : undefined) } });
}

function functionsOf(registry: Registry, app: AppRow): readonly FunctionRow[] {
  return registry.functions().filter(({ appId, archivedAt }) => appId === app.id && archivedAt === undefined);
}

/** Ids with slashes come encoded twice. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
