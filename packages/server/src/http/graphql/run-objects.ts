/** GraphQL's runs and events. Members that are functions are resolved when they are asked for. Spec: wire 12.1. */
import { batchUlidOf, type EventRow, type RunRow } from "@pawl/engine";
import { isTerminalStatus, ulidTime } from "@pawl/protocol";
import { isRecord } from "../../json.ts";
import { ENVIRONMENT_ID, rfc3339 } from "../rest/identity.ts";
import { dataText } from "../ui/event-view.ts";
import { parseJson } from "../ui/stored-json.ts";
import { deferMembers } from "./defer-objects.ts";
import type { GqlRequest } from "./gql-request.ts";
import { appObject, functionObject } from "./registry-objects.ts";
import { spanTree, traceIdOf } from "./span-objects.ts";

type GqlObject = Readonly<Record<string, unknown>>;

const WORKSPACE = { id: "local" };

/** A FunctionRunV2. */
export function runObject(request: GqlRequest, run: RunRow): GqlObject {
  const { engine } = request.context;
  const { registry } = engine;
  return {
    id: run.id,
    appID: run.appId,
    app: () => wrap(registry.appById(run.appId), (app) => appObject(request, app)),
    functionID: run.functionId,
    function: () => wrap(registry.functionById(run.functionId), (row) => functionObject(request, row)),
    traceID: traceIdOf(run.id),
    queuedAt: rfc3339(run.queuedAt),
    startedAt: rfc3339(run.startedAt) ?? null,
    endedAt: rfc3339(run.endedAt) ?? null,
    status: run.status,
    sourceID: null,
    triggerIDs: run.eventIds,
    eventName: run.eventName,
    isBatch: isBatch(run),
    batchCreatedAt: batchCreatedAt(run),
    cronSchedule: run.cron ?? null,
    output: run.output ?? run.error ?? null,
    trace: () => spanTree(request, { runId: run.id, runObject }),
    hasAI: async () => (await engine.store.history.metadataOfRun(run.id)).some(({ kind }) => kind === "inngest.ai"),
    ...deferMembers(request, run, runObject),
  };
}

/** Whether it is of a batch, were it of one event. */
export function isBatch(run: RunRow): boolean {
  return run.eventIds.length > 1 || batchUlidOf(run) !== undefined;
}

/** When its batch began. */
function batchCreatedAt(run: RunRow): string | null {
  const id = batchUlidOf(run);
  return id === undefined ? null : (rfc3339(ulidTime(id)) ?? null);
}

/** A FunctionRun, the older shape. */
export function oldRunObject(request: GqlRequest, run: RunRow): GqlObject {
  const { engine } = request.context;
  const events = async (): Promise<readonly GqlObject[]> =>
    (await engine.store.history.eventsByIds(run.eventIds)).map((row) => eventObject(request, row));
  return {
    id: run.id,
    functionID: run.functionId,
    function: () => wrap(engine.registry.functionById(run.functionId), (row) => functionObject(request, row)),
    workspace: WORKSPACE,
    event: async () => (await events())[0] ?? null,
    events,
    batchID: batchUlidOf(run) ?? null,
    batchCreatedAt: batchCreatedAt(run),
    status: run.status,
    pendingSteps: async () => (await request.facts(run.id)).steps.filter(({ endedAt }) => endedAt === undefined).length,
    startedAt: rfc3339(run.startedAt) ?? null,
    finishedAt: rfc3339(run.endedAt) ?? null,
    output: run.output ?? run.error ?? null,
    eventID: run.eventIds[0] ?? "",
    cron: run.cron ?? null,
  };
}

/** An EventV2. */
export function eventV2Object(request: GqlRequest, event: EventRow): GqlObject {
  const body = parseJson(event.body);
  return {
    envID: ENVIRONMENT_ID,
    id: event.id,
    idempotencyKey: event.externalId === event.id ? null : event.externalId,
    name: event.name,
    occurredAt: rfc3339(event.ts),
    raw: event.body,
    receivedAt: rfc3339(event.receivedAt),
    runs: async () => (await runsOf(request, event)).map((run) => runObject(request, run)),
    source: { id: event.isInternal ? "internal" : "api", name: null, sourceKind: event.isInternal ? "INTERNAL" : "API" },
    version: isRecord(body) && typeof body["v"] === "string" ? body["v"] : null,
  };
}

/** An Event, the older shape. */
export function eventObject(request: GqlRequest, event: EventRow): GqlObject {
  const pending = (runs: readonly RunRow[]): number => runs.filter(({ status }) => !isTerminalStatus(status)).length;
  return {
    id: event.id,
    externalID: event.externalId,
    workspace: WORKSPACE,
    name: event.name,
    createdAt: rfc3339(event.receivedAt),
    payload: () => dataText(event),
    schema: null,
    status: async () => eventStatus(await runsOf(request, event)),
    pendingRuns: async () => pending(await runsOf(request, event)),
    totalRuns: async () => (await runsOf(request, event)).length,
    raw: event.body,
    functionRuns: async () => (await runsOf(request, event)).map((run) => oldRunObject(request, run)),
  };
}

/** What became of an event as a whole. */
function eventStatus(runs: readonly Pick<RunRow, "status">[]): string {
  if (runs.length === 0) return "NO_FUNCTIONS";
  if (runs.some(({ status }) => !isTerminalStatus(status))) return "RUNNING";
  const failed = runs.filter(({ status }) => status === "FAILED").length;
  if (failed === 0) return "COMPLETED";
  return failed === runs.length ? "FAILED" : "PARTIALLY_FAILED";
}

function runsOf({ context }: GqlRequest, { id }: EventRow): Promise<readonly RunRow[]> {
  return context.engine.store.history.runsOfEvents([id]);
}

function wrap<T>(row: T | undefined, make: (row: T) => GqlObject): GqlObject | null {
  return row === undefined ? null : make(row);
}
