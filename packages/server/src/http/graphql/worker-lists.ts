/**
 * GraphQL's workers: one node for each app of each connection.
 *
 * I1  Those that are connected now, and those that left last, while this process runs.
 * I2  Nodes of a list have one order, so that a cursor goes on where a page ended, even when the node that it names has left meanwhile.
 *
 * Spec: wire 12.1.
 */
import { CONNECTION_STATUS, GATEWAY_ID } from "../../connect/introspection.ts";
import type { Leave, ServedApp, Worker } from "../../connect/workers.ts";
import { rfc3339 } from "../rest/identity.ts";
import { parseJson } from "../ui/stored-json.ts";
import { badCursor, connection, instantOf, pageSize } from "./gql-lists.ts";
import type { GqlRequest } from "./gql-request.ts";
import { appObject } from "./registry-objects.ts";

type TimeField = "CONNECTED_AT" | "LAST_HEARTBEAT_AT" | "DISCONNECTED_AT";

/** Arguments of `workerConnections`. */
export type WorkersArguments = {
  readonly first: number;
  readonly after?: string | null;
  readonly orderBy: readonly { readonly field: TimeField; readonly direction: "ASC" | "DESC" }[];
  readonly filter?: {
    readonly from?: unknown;
    readonly until?: unknown;
    readonly timeField?: TimeField | null;
    readonly status?: readonly string[] | null;
    readonly appIDs?: readonly string[] | null;
  } | null;
};

type Row = { readonly worker: Pick<Worker, "facts" | "heardAt" | "phase">; readonly leave?: Leave; readonly app: ServedApp };
/** Where a node is in its list: a time, the connection, the app. */
type Place = readonly [at: number, id: string, appId: string];

/** A page of workers. */
export function workersConnection(request: GqlRequest, { first, after, orderBy, filter }: WorkersArguments): unknown {
  const [order] = orderBy;
  const field = order?.field ?? "CONNECTED_AT";
  const sign = order?.direction === "ASC" ? 1 : -1;
  const placeOf = (row: Row): Place => [timeOf(row, field) ?? 0, row.worker.facts.connectionId, row.app.id];
  const rows = rowsOf(request)
    .filter(filterOf(filter ?? {}))
    .toSorted((a, b) => sign * compare(placeOf(a), placeOf(b)));
  const start = readPlace(after ?? "");
  const rest = start === undefined ? rows : rows.filter((row) => sign * compare(placeOf(row), start) > 0);
  const page = rest.slice(0, pageSize(first));
  const last = page.at(-1);
  return connection(page.length < rest.length && last !== undefined ? { rows: page, next: last } : { rows: page }, {
    hasPrevious: start !== undefined,
    node: (row) => workerObject(request, row),
    cursor: (row) => Buffer.from(JSON.stringify(placeOf(row))).toString("base64"),
    totalCount: () => rows.length,
  });
}

/** The first app of a connection; null where it is not known any more. */
export function workerConnection(request: GqlRequest, connectionId: string): unknown {
  const row = rowsOf(request).find(({ worker }) => worker.facts.connectionId === connectionId);
  return row === undefined ? null : workerObject(request, row);
}

function rowsOf({ context: { workers } }: GqlRequest): readonly Row[] {
  const here = (workers?.all() ?? []).flatMap((worker) => worker.facts.apps.map((app) => ({ worker, app })));
  const left = (workers?.left() ?? []).flatMap(({ facts, heardAt, leave }) =>
    facts.apps.map((app) => ({ worker: { facts, heardAt, phase: "gone" as const }, leave, app })),
  );
  return [...here, ...left];
}

function filterOf({ from, until, timeField, status, appIDs }: NonNullable<WorkersArguments["filter"]>): (row: Row) => boolean {
  const field = timeField ?? "CONNECTED_AT";
  const isGiven = (value: unknown): boolean => value !== undefined && value !== null;
  const least = isGiven(from) ? instantOf("from", from) : undefined;
  const bound = isGiven(until) ? instantOf("until", until) : undefined;
  return (row) => {
    const at = timeOf(row, field);
    const isInTime =
      least === undefined && bound === undefined ? true : at !== undefined && at >= (least ?? at) && at < (bound ?? Infinity);
    return (
      isInTime &&
      (appIDs?.includes(row.app.id) ?? true) &&
      (status === undefined || status === null || status.length === 0 || status.includes(CONNECTION_STATUS[row.worker.phase]))
    );
  };
}

/** Undefined for the end of a connection that has not ended. */
function timeOf({ worker, leave }: Row, field: TimeField): number | undefined {
  switch (field) {
    case "CONNECTED_AT":
      return worker.facts.connectedAt;
    case "LAST_HEARTBEAT_AT":
      return worker.heardAt;
    case "DISCONNECTED_AT":
      return leave?.at;
  }
}

function workerObject(request: GqlRequest, { worker, leave, app }: Row): Readonly<Record<string, unknown>> {
  const { connectionId, instanceId, address, capacity, connectedAt, sdk, platform, system } = worker.facts;
  const [sdkLang = "", sdkVersion = ""] = sdk.split(":");
  const { registry } = request.context.engine;
  const served = registry.appById(app.id);
  return {
    id: connectionId,
    gatewayId: GATEWAY_ID,
    instanceId,
    workerIp: address,
    maxWorkerConcurrency: Number.isFinite(capacity) ? capacity : 0,
    appName: app.name,
    appID: app.id,
    app: () => (served === undefined ? null : appObject(request, served)),
    connectedAt: rfc3339(connectedAt),
    lastHeartbeatAt: rfc3339(worker.heardAt),
    disconnectedAt: leave === undefined ? null : rfc3339(leave.at),
    disconnectReason: leave?.reason ?? null,
    status: CONNECTION_STATUS[worker.phase],
    groupHash: app.group,
    sdkLang,
    sdkVersion,
    sdkPlatform: platform ?? "",
    // What workers of another version than the registered one brought is not known any more.
    syncId: served?.checksum === app.group ? (served.syncId ?? null) : null,
    buildId: null,
    appVersion: app.version ?? null,
    functionCount: app.slugs.size,
    cpuCores: system?.cpuCores ?? 0,
    memBytes: system?.memBytes ?? 0,
    os: system?.os ?? "",
  };
}

function compare(a: Place, b: Place): number {
  const index = a.findIndex((part, at) => part !== b[at]);
  const [left, right] = [a[index] ?? 0, b[index] ?? 0];
  return index === -1 ? 0 : left < right ? -1 : 1;
}

function readPlace(cursor: string): Place | undefined {
  if (cursor === "") return undefined;
  const place = parseJson(Buffer.from(cursor, "base64").toString("utf8"));
  const [at, id, appId] = Array.isArray(place) ? (place as readonly unknown[]) : [];
  if (typeof at !== "number" || typeof id !== "string" || typeof appId !== "string") throw badCursor();
  return [at, id, appId];
}
