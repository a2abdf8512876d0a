/** What GraphQL's queries read. Spec: wire 12.1. */
import type { EventRow, RunRow } from "@pawl/engine";
import { isUlid, type RunStatus } from "@pawl/protocol";
import type { EventQuery, RunQuery, RunTimeField } from "@pawl/store";
import { given } from "../../json.ts";
import { parseRfc3339, rfc3339 } from "../rest/identity.ts";
import { parseJson } from "../ui/stored-json.ts";
import { gqlInvalid, gqlNotFound } from "./gql-refusal.ts";
import type { GqlRequest } from "./gql-request.ts";
import { appObject, functionObject } from "./registry-objects.ts";
import { eventObject, eventV2Object, oldRunObject, runObject } from "./run-objects.ts";
import { spanOutput, spanTree } from "./span-objects.ts";

/** Nodes of one page, whatever is asked for. */
const PAGE_MAX = 400;

/** Bound of a total; above it, the bound is told. */
const COUNTED_MAX = 10_000;

/** Bound of a total of events, which are counted by reading them. */
const EVENTS_COUNTED_MAX = 1_000;

type Arguments<T> = { readonly [K in keyof T]: T[K] };
type Resolver = (args: never, request: GqlRequest) => unknown;

/** Members of `Query`. */
export const QUERIES: Readonly<Record<string, Resolver>> = {
  apps: ({ filter }: Arguments<{ filter?: { readonly method?: string } | null }>, request: GqlRequest) =>
    request.context.engine.registry
      .apps()
      .filter(({ archivedAt, method }) => archivedAt === undefined && (filter?.method ?? method.toUpperCase()) === method.toUpperCase())
      .map((app) => appObject(request, app)),
  app: ({ id }: Arguments<{ id: string }>, request: GqlRequest) => {
    const app = request.context.engine.registry.appById(id);
    return app === undefined || app.archivedAt !== undefined ? null : appObject(request, app);
  },
  functions: (_args: unknown, request: GqlRequest) =>
    request.context.engine.registry
      .functions()
      .filter(({ archivedAt }) => archivedAt === undefined)
      .map((row) => functionObject(request, row)),
  functionBySlug: ({ query }: Arguments<{ query: { readonly functionSlug: string } }>, request: GqlRequest) => {
    const row = request.context.engine.registry.functionBySlug(query.functionSlug);
    return row === undefined || row.archivedAt !== undefined ? null : functionObject(request, row);
  },
  event: async ({ query }: Arguments<{ query: { readonly eventId: string } }>, request: GqlRequest) => {
    const event = await request.context.engine.store.history.eventById(query.eventId);
    return event === undefined ? null : eventObject(request, event);
  },
  events: async ({ query }: Arguments<{ query: { readonly lastEventId?: string } }>, request: GqlRequest) => {
    const after = given("after", query.lastEventId ?? undefined);
    const events = await request.context.engine.store.history.listEvents({ includeInternal: false, limit: 40, ...after });
    return events.map((event) => eventObject(request, event));
  },
  eventV2: async ({ id }: Arguments<{ id: string }>, request: GqlRequest) => {
    const event = await request.context.engine.store.history.eventById(id);
    if (event === undefined) throw gqlNotFound("event", id);
    return eventV2Object(request, event);
  },
  eventsV2: (args: EventsArguments, request: GqlRequest) => eventsConnection(request, args),
  functionRun: async ({ query }: Arguments<{ query: { readonly functionRunId: string } }>, request: GqlRequest) => {
    const run = await runById(request, query.functionRunId);
    return run === undefined ? null : oldRunObject(request, run);
  },
  runs: (args: RunsArguments, request: GqlRequest) => runsConnection(request, args),
  run: async ({ runID }: Arguments<{ runID: string }>, request: GqlRequest) => {
    const run = await runById(request, runID);
    return run === undefined ? null : runObject(request, run);
  },
  runTrace: ({ runID }: Arguments<{ runID: string }>, request: GqlRequest) => spanTree(request, { runId: runID, runObject }),
  runTraceSpanOutputByID: ({ outputID }: Arguments<{ outputID: string }>, request: GqlRequest) => spanOutput(request, outputID),
  runTrigger: ({ runID }: Arguments<{ runID: string }>, request: GqlRequest) => runTrigger(request, runID),
};

async function runTrigger(request: GqlRequest, runId: string): Promise<unknown> {
  const { run, events } = await request.facts(runId);
  return {
    eventName: run.eventName,
    IDs: run.eventIds,
    payloads: events.map(({ body }) => body),
    timestamp: rfc3339(events[0]?.receivedAt ?? run.queuedAt),
    isBatch: run.eventIds.length > 1,
    batchID: null,
    cron: run.cron ?? null,
  };
}

type RunsArguments = {
  readonly first: number;
  readonly after?: string | null;
  readonly orderBy: readonly { readonly field: keyof typeof TIME_FIELD; readonly direction: "ASC" | "DESC" }[];
  readonly filter: {
    readonly from: unknown;
    readonly until?: unknown;
    readonly timeField?: keyof typeof TIME_FIELD | null;
    readonly status?: readonly RunStatus[] | null;
    readonly functionIDs?: readonly string[] | null;
    readonly appIDs?: readonly string[] | null;
    readonly isDeferred?: boolean | null;
    readonly query?: string | null;
  };
};

const TIME_FIELD = { QUEUED_AT: "queuedAt", STARTED_AT: "startedAt", ENDED_AT: "endedAt" } as const satisfies Record<string, RunTimeField>;

async function runsConnection(request: GqlRequest, args: RunsArguments): Promise<unknown> {
  const { history } = request.context.engine.store;
  const query = readRunsArguments(args);
  const { timeField, filter } = query;
  const found = args.filter.isDeferred === true ? [] : await history.listRuns({ ...query, limit: query.limit + 1 });
  return connection(found, {
    limit: query.limit,
    hasPrevious: query.after !== undefined,
    node: (run) => runObject(request, run),
    cursor: (run) => Buffer.from(JSON.stringify([run[timeField] ?? 0, run.id])).toString("base64"),
    totalCount: () => (args.filter.isDeferred === true ? 0 : history.countRuns({ filter, timeField, max: COUNTED_MAX })),
  });
}

function readRunsArguments({ first, after, orderBy, filter }: RunsArguments): RunQuery {
  const [order] = orderBy;
  if (filter.query !== undefined && filter.query !== null && filter.query !== "")
    throw gqlInvalid("Filtering runs by an expression is not offered; filter by status, function, app or time.");
  const timeField = TIME_FIELD[order?.field ?? "QUEUED_AT"];
  if (filter.timeField !== undefined && filter.timeField !== null && TIME_FIELD[filter.timeField] !== timeField && order !== undefined)
    throw gqlInvalid("Runs are ordered by the time that they are filtered by: use the same field for both.");
  return {
    timeField,
    order: order?.direction === "ASC" ? "asc" : "desc",
    limit: pageSize(first),
    ...given("after", placeOf(after ?? undefined)),
    filter: {
      from: instantOf("from", filter.from),
      ...given("until", filter.until === undefined || filter.until === null ? undefined : instantOf("until", filter.until)),
      ...given("statuses", filter.status ?? undefined),
      ...given("functionIds", filter.functionIDs ?? undefined),
      ...given("appIds", filter.appIDs ?? undefined),
    },
  };
}

type EventsArguments = {
  readonly first: number;
  readonly after?: string | null;
  readonly filter: {
    readonly eventNames?: readonly string[] | null;
    readonly from: unknown;
    readonly until?: unknown;
    readonly includeInternalEvents: boolean;
    readonly query?: string | null;
  };
};

async function eventsConnection(request: GqlRequest, { first, after, filter }: EventsArguments): Promise<unknown> {
  const { history } = request.context.engine.store;
  if (filter.query !== undefined && filter.query !== null && filter.query !== "")
    throw gqlInvalid("Filtering events by an expression is not offered; filter by name or time.");
  if (after !== undefined && after !== null && !isUlid(after)) throw badCursor();
  const base: Omit<EventQuery, "limit" | "after"> = {
    ...given("names", filter.eventNames === null || filter.eventNames?.length === 0 ? undefined : filter.eventNames),
    includeInternal: filter.includeInternalEvents,
    receivedFrom: instantOf("from", filter.from),
    ...given("receivedUntil", filter.until === undefined || filter.until === null ? undefined : instantOf("until", filter.until)),
  };
  const limit = pageSize(first);
  const found = await history.listEvents({ ...base, limit: limit + 1, ...given("after", after ?? undefined) });
  return connection<EventRow>(found, {
    limit,
    hasPrevious: after !== undefined && after !== null,
    node: (event) => eventV2Object(request, event),
    cursor: ({ id }) => id,
    totalCount: async () => (await history.listEvents({ ...base, limit: EVENTS_COUNTED_MAX })).length,
  });
}

type ConnectionParts<T> = {
  readonly limit: number;
  readonly hasPrevious: boolean;
  readonly node: (row: T) => unknown;
  readonly cursor: (row: T) => string;
  readonly totalCount: () => unknown;
};

/** A page; `found` has one row more where there is a next one. */
function connection<T>(found: readonly T[], { limit, hasPrevious, node, cursor, totalCount }: ConnectionParts<T>): unknown {
  const edges = found.slice(0, limit).map((row) => ({ node: node(row), cursor: cursor(row) }));
  return {
    edges,
    pageInfo: {
      hasNextPage: found.length > limit,
      hasPreviousPage: hasPrevious,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount,
  };
}

async function runById({ context }: GqlRequest, runId: string): Promise<RunRow | undefined> {
  return (await context.engine.store.history.runsByIds([runId]))[0];
}

function pageSize(first: number): number {
  if (first < 1) throw gqlInvalid("first must be at least 1.");
  return Math.min(first, PAGE_MAX);
}

function instantOf(name: string, value: unknown): number {
  const at = typeof value === "string" ? parseRfc3339(value) : undefined;
  if (at === undefined) throw gqlInvalid(`${name} must be a time such as 2026-01-31T12:00:00Z.`);
  return at;
}

function placeOf(cursor: string | undefined): RunQuery["after"] {
  if (cursor === undefined || cursor === "") return undefined;
  const parsed = parseJson(Buffer.from(cursor, "base64").toString("utf8"));
  const [at, id] = Array.isArray(parsed) ? (parsed as readonly unknown[]) : [];
  if (typeof at !== "number" || typeof id !== "string") throw badCursor();
  return { at, id };
}

function badCursor(): Error {
  return gqlInvalid("The cursor is not one that this server gave; begin again without one.");
}
