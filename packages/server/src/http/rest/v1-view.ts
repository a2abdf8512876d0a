/** Shapes of REST v1. Spec: wire 11.2. */
import { batchUlidOf, type EventRow, type FunctionRow, type ItemRow, type RunRow } from "@pawl/engine";
import type { RunStatus } from "@pawl/protocol";
import { given, isRecord } from "../../json.ts";
import { parseJson } from "../ui/stored-json.ts";
import { ACCOUNT_ID, ENVIRONMENT_ID, rfc3339 } from "./identity.ts";

type Shape = Readonly<Record<string, unknown>>;

const STATUS: Readonly<Record<RunStatus, string>> = {
  QUEUED: "Scheduled",
  RUNNING: "Running",
  COMPLETED: "Completed",
  FAILED: "Failed",
  CANCELLED: "Cancelled",
  SKIPPED: "Skipped",
};

/** `{data, metadata}`. Nothing is cached, so an answer is as old as its `fetched_at`. */
export function envelope(data: unknown, now: number): Shape {
  return { data, metadata: { fetched_at: rfc3339(now), cached_until: null } };
}

/** An Event. */
export function eventShape(event: EventRow): Shape {
  const body = parseJson(event.body);
  const { data = {}, user, v } = isRecord(body) ? body : {};
  return {
    internal_id: event.id,
    account_id: ACCOUNT_ID,
    environment_id: ENVIRONMENT_ID,
    source: event.isInternal ? "internal" : "api",
    received_at: rfc3339(event.receivedAt),
    id: event.externalId,
    name: event.name,
    data,
    ...given("user", user),
    ts: event.ts,
    ...given("v", v),
  };
}

/** A FunctionRun; of a failed one the output is the error. */
export function runShape(run: RunRow): Shape {
  return {
    run_id: run.id,
    run_started_at: rfc3339(run.startedAt ?? run.queuedAt),
    function_id: run.functionId,
    function_version: run.functionVersion,
    environment_id: ENVIRONMENT_ID,
    event_id: run.eventIds[0] ?? null,
    ...given("batch_id", batchUlidOf(run)),
    ...given("original_run_id", run.rerunOf),
    ...given("cron", run.cron),
    status: STATUS[run.status],
    ...given("ended_at", rfc3339(run.endedAt)),
    ...given("output", parseJson(run.output ?? run.error)),
  };
}

/** A Function. */
export function functionShape(row: FunctionRow): Shape {
  return {
    internal_id: row.id,
    env_id: ENVIRONMENT_ID,
    app_id: row.appId,
    id: row.slug,
    name: row.name,
    config: parseJson(row.config),
    created_at: rfc3339(row.createdAt),
    ...given("archived_at", rfc3339(row.archivedAt)),
  };
}

/** A Job. Positions are among the items of the same run. */
export function jobShape(item: ItemRow, position: number): Shape {
  const { id, dueAt, kind, attempt } = item;
  return { JobID: id, at: rfc3339(dueAt), position, kind, attempt, Raw: item };
}
