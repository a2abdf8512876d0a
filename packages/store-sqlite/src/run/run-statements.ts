/**
 * Runs, as decisions write and read them. Lists for people: history/.
 *
 * Indexes: `runs` by id (unique); `runs_idempotency_idx` for the two look-ups by key.
 * Plan: each statement touches one row, or the first entry of an index range. An update writes the changing columns and, when a run
 * starts or ends, one entry of `runs_started_idx`, `runs_ended_idx` and `runs_live_idx`.
 */
import type { RunRow } from "@pawl/engine";
import type { Connection } from "../connection.ts";
import { flag } from "../sql-values.ts";
import { RUN_COLUMNS, runOf, type RunRecord } from "./run-record.ts";

export type IdempotencyQuery = { readonly functionId: string; readonly key: string; readonly since: number };

export interface RunStatements {
  insert(run: RunRow): void;
  update(run: RunRow): void;
  byId(runId: string): RunRow | undefined;
  version(runId: string): number | undefined;
  byIdempotencyKey(query: IdempotencyQuery): string | undefined;
}

/** Prepares the statements. */
export function runStatements(connection: Connection): RunStatements {
  const byId = connection.prepare<RunRecord>(`select ${RUN_COLUMNS} from runs where id = ?`);
  const version = connection.prepare<{ version: number }>("select version from runs where id = ?");
  const byKey = connection.prepare<{ id: string }>(
    "select id from runs where function_id = ? and idempotency_key = ? and queued_at >= ? order by queued_at desc, id desc limit 1",
  );
  return {
    insert: insertOf(connection),
    update: updateOf(connection),
    byId: (runId) => {
      const record = byId.get(runId);
      return record === undefined ? undefined : runOf(record);
    },
    version: (runId) => version.get(runId)?.version,
    byIdempotencyKey: ({ functionId, key, since }) => byKey.get(functionId, key, since)?.id,
  };
}

function insertOf(connection: Connection): (run: RunRow) => void {
  const insert = connection.prepare(
    `insert into runs (${RUN_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (id) do nothing`,
  );
  const insertEvent = connection.prepare("insert into run_events (event_id, run_id) values (?, ?) on conflict do nothing");
  return (run) => {
    const more = run.eventIds.length > 1 ? run.eventIds.slice(1) : undefined;
    const stored = insert.run(
      run.id,
      run.functionId,
      run.appId,
      run.functionVersion,
      run.status,
      run.version,
      run.requestVersion,
      run.eventIds[0] ?? null,
      more === undefined ? null : JSON.stringify(more),
      run.eventName,
      run.idempotencyKey ?? null,
      run.queuedAt,
      run.startedAt ?? null,
      run.endedAt ?? null,
      run.output ?? null,
      run.error ?? null,
      run.endReason ?? null,
      run.lane,
      run.score,
      run.correlationId ?? null,
      run.rerunOf ?? null,
      run.cron ?? null,
      run.stateBytes,
      run.stepsDone,
      run.stalls,
      flag(run.hasFannedOut),
      flag(run.hasPauses),
      run.finishBy ?? null,
      run.holds === undefined ? null : JSON.stringify(run.holds),
      run.skipReason ?? null,
      run.bulkId ?? null,
      run.sessions ?? null,
    );
    if (stored.changes === 1) more?.forEach((eventId) => insertEvent.run(eventId, run.id));
  };
}

function updateOf(connection: Connection): (run: RunRow) => void {
  const update = connection.prepare(
    `update runs set status = ?, version = ?, request_version = ?, started_at = ?, ended_at = ?, output = ?, error = ?, end_reason = ?,
       state_bytes = ?, steps_done = ?, stalls = ?, has_fanned_out = ?, has_pauses = ?, finish_by = ?
     where id = ?`,
  );
  return (run) => {
    update.run(
      run.status,
      run.version,
      run.requestVersion,
      run.startedAt ?? null,
      run.endedAt ?? null,
      run.output ?? null,
      run.error ?? null,
      run.endReason ?? null,
      run.stateBytes,
      run.stepsDone,
      run.stalls,
      flag(run.hasFannedOut),
      flag(run.hasPauses),
      run.finishBy ?? null,
      run.id,
    );
  };
}
