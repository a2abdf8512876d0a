/**
 * Who is connected, in the shapes of the protocol.
 *
 * Spec: wire 9.4 (`ConnMetadata`, `ConnGroup`), 9.10.
 */
import { rfc3339 } from "../http/rest/identity.ts";
import { given } from "../json.ts";
import type { ServedApp, Worker, WorkerPhase } from "./workers.ts";

export type ConnectionView = {
  readonly id: string;
  readonly gateway_id: string;
  readonly instance_id: string;
  /** Id of the app → hash of its group. */
  readonly all_worker_groups: Readonly<Record<string, string>>;
  readonly synced_worker_groups: Readonly<Record<string, string>>;
  readonly status: string;
  readonly last_heartbeat_at: string;
  readonly sdk_language: string;
  readonly sdk_version: string;
  /** Absent where the worker tells nothing. */
  readonly attributes?: { readonly cpu_cores: number; readonly mem_bytes: number; readonly os: string };
};

/** There is one gateway. */
export const GATEWAY_ID = "gateway";

/** Names of the phases on the wire. */
export const CONNECTION_STATUS: Readonly<Record<WorkerPhase, "CONNECTED" | "READY" | "DRAINING" | "DISCONNECTED">> = {
  connected: "CONNECTED",
  ready: "READY",
  draining: "DRAINING",
  gone: "DISCONNECTED",
};

/** The connections; of one app, where it is named by its id. */
export function connectionsOf(workers: readonly Worker[], { appId }: { readonly appId?: string }): readonly ConnectionView[] {
  return workers.filter((worker) => appId === undefined || worker.appById(appId) !== undefined).map(viewOf);
}

/** A group; undefined where none of its workers is connected. */
export function groupOf(
  workers: readonly Worker[],
  { envId, groupId }: { readonly envId: string; readonly groupId: string },
): Readonly<Record<string, unknown>> | undefined {
  const members = workers.filter(({ facts }) => facts.apps.some(({ group }) => group === groupId));
  const app: ServedApp | undefined = members[0]?.facts.apps.find(({ group }) => group === groupId);
  if (app === undefined) return undefined;
  return {
    env_id: envId,
    app_id: app.id,
    app_name: app.name,
    hash: groupId,
    conns: members.map(viewOf),
    ...given("app_version", app.version),
  };
}

function viewOf({ facts, phase, heardAt }: Worker): ConnectionView {
  const groups = Object.fromEntries(facts.apps.map(({ id, group }) => [id, group]));
  const [language = "", version = ""] = facts.sdk.split(":");
  const { system } = facts;
  const attributes = system && { cpu_cores: system.cpuCores, mem_bytes: system.memBytes, os: system.os };
  return {
    id: facts.connectionId,
    gateway_id: GATEWAY_ID,
    instance_id: facts.instanceId,
    all_worker_groups: groups,
    synced_worker_groups: groups,
    status: CONNECTION_STATUS[phase],
    last_heartbeat_at: rfc3339(heardAt),
    sdk_language: language,
    sdk_version: version,
    ...given("attributes", attributes),
  };
}
