/** The workers that are connected, and those that left last, for people. Shapes: `@pawl/protocol`, ui-apps.ts. */
import type { UiLeftWorker, UiWorker, UiWorkerApp, UiWorkerList } from "@pawl/protocol";
import type { LeaveReason, LeftWorker, Worker } from "../../connect/workers.ts";
import type { Registry } from "../../core/registry.ts";
import { given } from "../../json.ts";
import type { ServerContext } from "../context.ts";

/** Workers of one answer. People look at some dozens; GraphQL's `workerConnections` has pages. */
const WORKERS_LISTED_MAX = 200;
const LEFT_LISTED_MAX = 50;

/** Who is connected. */
export function workerList({ workers, engine: { registry } }: Pick<ServerContext, "workers" | "engine">): UiWorkerList {
  const all = (workers?.all() ?? []).toSorted((a, b) => b.facts.connectedAt - a.facts.connectedAt);
  const served = new Set(all.flatMap(({ facts }) => facts.apps.map(({ id }) => id)));
  const without = registry
    .apps()
    .filter(({ id, method, archivedAt }) => method === "connect" && archivedAt === undefined && !served.has(id));
  return {
    items: all.slice(0, WORKERS_LISTED_MAX).map((worker) => workerView(worker, registry)),
    total: all.length,
    appsWithout: without.map(({ name }) => name).toSorted(),
    left: (workers?.left() ?? []).slice(0, LEFT_LISTED_MAX).map(leftView),
  };
}

function workerView({ facts, phase, requests, heardAt }: Worker, registry: Registry): UiWorker {
  const { connectionId, instanceId, apps, sdk, platform, system, address, capacity, connectedAt } = facts;
  return {
    id: connectionId,
    instanceId,
    // A worker that is gone is in no list.
    status: phase === "gone" ? "draining" : phase,
    apps: apps.map((app) => appView(app, registry)),
    sdk,
    inUse: requests.size,
    connectedAt,
    heardAt,
    ...given("capacity", Number.isFinite(capacity) ? capacity : undefined),
    ...given("platform", platform),
    ...given("address", address === "" ? undefined : address),
    ...given("os", system?.os),
    ...given("cpuCores", system?.cpuCores),
    ...given("memBytes", system?.memBytes),
  };
}

const LEAVE_REASONS: Readonly<Record<LeaveReason, UiLeftWorker["reason"]>> = {
  WORKER_SHUTDOWN: "shutdown",
  UNEXPECTED: "cut-off",
  GATEWAY_DRAINING: "server-stopped",
  CONSECUTIVE_HEARTBEATS_MISSED: "silent",
  MESSAGE_TOO_LARGE: "message-too-large",
};

function leftView({ facts, heardAt, leave }: LeftWorker): UiLeftWorker {
  const { connectionId, instanceId, sdk, connectedAt, apps } = facts;
  const appNames = apps.map(({ name }) => name);
  return { id: connectionId, instanceId, sdk, connectedAt, heardAt, appNames, leftAt: leave.at, reason: LEAVE_REASONS[leave.reason] };
}

function appView({ name, id, version, group, slugs }: Worker["facts"]["apps"][number], registry: Registry): UiWorkerApp {
  return {
    name,
    isRegistered: registry.appById(id)?.checksum === group,
    functionSlugs: [...slugs].toSorted(),
    ...given("version", version === "" ? undefined : version),
  };
}
