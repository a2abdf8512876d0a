/**
 * Steps of runs and the attempts that failed.
 *
 * Indexes: `steps` by (run_id, id), unique; `attempts` by its primary key, which starts with (run_id, started_at).
 * Plan: a put is one search of the index and one write; the steps of a run are one range of it. The list for people sorts by
 * (queued_at, rowid), where the rowid is the order of insertion: a replaced row keeps its own.
 */
import type { AttemptRow, StepRow } from "@pawl/engine";
import type { Connection } from "../connection.ts";
import type { Mutable } from "../sql-values.ts";

export interface StepStatements {
  put(step: StepRow): void;
  delete(runId: string, stepId: string): void;
  /** In no particular order. */
  ofRun(runId: string): readonly StepRow[];
  /** In order of appearance. */
  listOfRun(runId: string): readonly StepRow[];
  insertAttempt(attempt: AttemptRow): void;
  attemptsOfRun(runId: string): readonly AttemptRow[];
}

/** Prepares the statements. */
export function stepStatements(connection: Connection): StepStatements {
  const remove = connection.prepare("delete from steps where run_id = ? and id = ?");
  const ofRun = connection.prepare<StepRecord>(`select ${STEP_COLUMNS} from steps where run_id = ?`);
  const listOfRun = connection.prepare<StepRecord>(`select ${STEP_COLUMNS} from steps where run_id = ? order by queued_at, rowid`);
  const attemptsOfRun = connection.prepare<AttemptRecord>(
    `select ${ATTEMPT_COLUMNS} from attempts where run_id = ? order by started_at, step_id, attempt`,
  );
  const insertAttempt = connection.prepare(
    `insert into attempts (${ATTEMPT_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
  );
  return {
    put: putOf(connection),
    delete: (runId, stepId) => void remove.run(runId, stepId),
    ofRun: (runId) => ofRun.all(runId).map(stepOf),
    listOfRun: (runId) => listOfRun.all(runId).map(stepOf),
    insertAttempt: (row) =>
      void insertAttempt.run(
        row.runId,
        row.startedAt,
        row.stepId,
        row.attempt,
        row.endedAt,
        row.error,
        row.httpStatus ?? null,
        row.retryAt ?? null,
      ),
    attemptsOfRun: (runId) => attemptsOfRun.all(runId).map(attemptOf),
  };
}

type StepRecord = {
  readonly run_id: string;
  readonly id: string;
  readonly kind: StepRow["kind"];
  readonly name: string;
  readonly userland_id: string | null;
  readonly userland_index: number | null;
  readonly status: StepRow["status"];
  readonly mode: StepRow["mode"];
  readonly position: number | null;
  readonly result: string | null;
  readonly options: string | null;
  readonly input_override: string | null;
  readonly item_id: string;
  readonly attempt: number;
  readonly queued_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly until: number | null;
  readonly target: string | null;
  readonly target_run_id: string | null;
  readonly matched_event_id: string | null;
};

const STEP_COLUMNS = `run_id, id, kind, name, userland_id, userland_index, status, mode, position, result, options, input_override,
  item_id, attempt, queued_at, started_at, ended_at, until, target, target_run_id, matched_event_id`;

function putOf(connection: Connection): (step: StepRow) => void {
  const put = connection.prepare(
    `insert into steps (${STEP_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (run_id, id) do update set kind = excluded.kind, name = excluded.name, userland_id = excluded.userland_id,
       userland_index = excluded.userland_index, status = excluded.status, mode = excluded.mode, position = excluded.position,
       result = excluded.result, options = excluded.options, input_override = excluded.input_override, item_id = excluded.item_id,
       attempt = excluded.attempt, queued_at = excluded.queued_at, started_at = excluded.started_at, ended_at = excluded.ended_at,
       until = excluded.until, target = excluded.target, target_run_id = excluded.target_run_id,
       matched_event_id = excluded.matched_event_id`,
  );
  return (step) => {
    put.run(
      step.runId,
      step.id,
      step.kind,
      step.name,
      step.userlandId ?? null,
      step.userlandIndex ?? null,
      step.status,
      step.mode,
      step.position ?? null,
      step.result ?? null,
      step.options ?? null,
      step.inputOverride ?? null,
      step.itemId,
      step.attempt,
      step.queuedAt,
      step.startedAt ?? null,
      step.endedAt ?? null,
      step.until ?? null,
      step.target ?? null,
      step.targetRunId ?? null,
      step.matchedEventId ?? null,
    );
  };
}

function stepOf(record: StepRecord): StepRow {
  const step: Mutable<StepRow> = {
    runId: record.run_id,
    id: record.id,
    kind: record.kind,
    name: record.name,
    status: record.status,
    mode: record.mode,
    itemId: record.item_id,
    attempt: record.attempt,
    queuedAt: record.queued_at,
  };
  addIdentity(step, record);
  addProgress(step, record);
  return step;
}

function addIdentity(step: Mutable<StepRow>, record: StepRecord): void {
  if (record.userland_id !== null) step.userlandId = record.userland_id;
  if (record.userland_index !== null) step.userlandIndex = record.userland_index;
  if (record.options !== null) step.options = record.options;
  if (record.input_override !== null) step.inputOverride = record.input_override;
  if (record.target !== null) step.target = record.target;
  if (record.target_run_id !== null) step.targetRunId = record.target_run_id;
  if (record.matched_event_id !== null) step.matchedEventId = record.matched_event_id;
}

function addProgress(step: Mutable<StepRow>, record: StepRecord): void {
  if (record.position !== null) step.position = record.position;
  if (record.result !== null) step.result = record.result;
  if (record.started_at !== null) step.startedAt = record.started_at;
  if (record.ended_at !== null) step.endedAt = record.ended_at;
  if (record.until !== null) step.until = record.until;
}

type AttemptRecord = {
  readonly run_id: string;
  readonly started_at: number;
  readonly step_id: string;
  readonly attempt: number;
  readonly ended_at: number;
  readonly error: string;
  readonly http_status: number | null;
  readonly retry_at: number | null;
};

const ATTEMPT_COLUMNS = "run_id, started_at, step_id, attempt, ended_at, error, http_status, retry_at";

function attemptOf(record: AttemptRecord): AttemptRow {
  const attempt: Mutable<AttemptRow> = {
    runId: record.run_id,
    stepId: record.step_id,
    attempt: record.attempt,
    startedAt: record.started_at,
    endedAt: record.ended_at,
    error: record.error,
  };
  if (record.http_status !== null) attempt.httpStatus = record.http_status;
  if (record.retry_at !== null) attempt.retryAt = record.retry_at;
  return attempt;
}
