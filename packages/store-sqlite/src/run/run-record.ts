/** A run as SQL keeps it. */
import type { RunRow } from "@pawl/engine";
import type { Mutable } from "../sql-values.ts";

export type RunRecord = {
  readonly id: string;
  readonly function_id: string;
  readonly app_id: string;
  readonly function_version: number;
  readonly status: RunRow["status"];
  readonly version: number;
  readonly request_version: number;
  readonly event_id: string | null;
  readonly more_event_ids: string | null;
  readonly event_name: string;
  readonly idempotency_key: string | null;
  readonly queued_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly output: string | null;
  readonly error: string | null;
  readonly end_reason: string | null;
  readonly lane: string;
  readonly score: number;
  readonly correlation_id: string | null;
  readonly rerun_of: string | null;
  readonly cron: string | null;
  readonly state_bytes: number;
  readonly steps_done: number;
  readonly stalls: number;
  readonly has_fanned_out: number;
  readonly has_pauses: number;
  readonly finish_by: number | null;
  readonly holds: string | null;
  readonly skip_reason: NonNullable<RunRow["skipReason"]> | null;
  readonly bulk_id: string | null;
  readonly sessions: string | null;
};

/** Columns of a `RunRecord`, in the order of `RunStatements.insert`. */
export const RUN_COLUMNS = `id, function_id, app_id, function_version, status, version, request_version, event_id, more_event_ids, event_name,
  idempotency_key, queued_at, started_at, ended_at, output, error, end_reason, lane, score, correlation_id, rerun_of, cron,
  state_bytes, steps_done, stalls, has_fanned_out, has_pauses, finish_by, holds, skip_reason, bulk_id, sessions`;

/** The row of a record. */
export function runOf(record: RunRecord): RunRow {
  const run: Mutable<RunRow> = {
    id: record.id,
    functionId: record.function_id,
    appId: record.app_id,
    functionVersion: record.function_version,
    status: record.status,
    version: record.version,
    requestVersion: record.request_version,
    eventIds: eventIdsOf(record),
    eventName: record.event_name,
    queuedAt: record.queued_at,
    lane: record.lane,
    score: record.score,
    stateBytes: record.state_bytes,
    stepsDone: record.steps_done,
    stalls: record.stalls,
    hasFannedOut: record.has_fanned_out === 1,
    hasPauses: record.has_pauses === 1,
  };
  addOptional(run, record);
  return run;
}

function eventIdsOf({ event_id: first, more_event_ids: more }: RunRecord): readonly string[] {
  if (first === null) return [];
  return more === null ? [first] : [first, ...(JSON.parse(more) as string[])];
}

function addOptional(run: Mutable<RunRow>, record: RunRecord): void {
  if (record.idempotency_key !== null) run.idempotencyKey = record.idempotency_key;
  if (record.started_at !== null) run.startedAt = record.started_at;
  if (record.ended_at !== null) run.endedAt = record.ended_at;
  if (record.output !== null) run.output = record.output;
  if (record.error !== null) run.error = record.error;
  if (record.end_reason !== null) run.endReason = record.end_reason;
  if (record.correlation_id !== null) run.correlationId = record.correlation_id;
  if (record.rerun_of !== null) run.rerunOf = record.rerun_of;
  if (record.cron !== null) run.cron = record.cron;
  if (record.finish_by !== null) run.finishBy = record.finish_by;
  if (record.holds !== null) run.holds = JSON.parse(record.holds) as string[];
  if (record.skip_reason !== null) run.skipReason = record.skip_reason;
  if (record.bulk_id !== null) run.bulkId = record.bulk_id;
  if (record.sessions !== null) run.sessions = record.sessions;
}
