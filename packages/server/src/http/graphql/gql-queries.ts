/** What GraphQL's queries read. Spec: wire 12.1. */
import { batchUlidOf, type RunRow } from "@pawl/engine";
import { given } from "../../json.ts";
import { rfc3339 } from "../rest/identity.ts";
import { type EventsArguments, eventsConnection, type RunsArguments, runsConnection } from "./gql-lists.ts";
import { gqlNotFound } from "./gql-refusal.ts";
import type { GqlRequest } from "./gql-request.ts";
import { appObject, functionObject } from "./registry-objects.ts";
import { eventObject, eventV2Object, isBatch, oldRunObject, runObject } from "./run-objects.ts";
import { spanOutput, spanTree } from "./span-objects.ts";
import { type StreamQuery, streamItems } from "./stream-items.ts";
import { type WorkersArguments, workerConnection, workersConnection } from "./worker-lists.ts";

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
  stream: ({ query }: Arguments<{ query: StreamQuery }>, request: GqlRequest) => streamItems(request, query),
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
  workerConnections: (args: WorkersArguments, request: GqlRequest) => workersConnection(request, args),
  workerConnection: ({ connectionId }: Arguments<{ connectionId: string }>, request: GqlRequest) => workerConnection(request, connectionId),
};

async function runTrigger(request: GqlRequest, runId: string): Promise<unknown> {
  const { run, events } = await request.facts(runId);
  return {
    eventName: run.eventName,
    IDs: run.eventIds,
    payloads: events.map(({ body }) => body),
    timestamp: rfc3339(events[0]?.receivedAt ?? run.queuedAt),
    isBatch: isBatch(run),
    batchID: batchUlidOf(run) ?? null,
    cron: run.cron ?? null,
  };
}

async function runById({ context }: GqlRequest, runId: string): Promise<RunRow | undefined> {
  return (await context.engine.store.history.runsByIds([runId]))[0];
}
