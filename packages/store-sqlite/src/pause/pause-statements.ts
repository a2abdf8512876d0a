/**
 * Pauses, as decisions write them and read them by key. Matching of events: pause-match.ts.
 *
 * Indexes: `pauses` by id (its primary key; a run's pauses are a range of it, as items are), `pauses_signal_idx`.
 * Plan: one search each. A second pause for a held signal breaks the unique index, which fails the change set.
 */
import type { PauseRow } from "@pawl/engine";
import { assertIdOfRun } from "@pawl/store";
import type { Connection } from "../connection.ts";
import { PAUSE_COLUMNS, pauseOf, type PauseRecord } from "./pause-record.ts";

export interface PauseStatements {
  insert(pause: PauseRow): void;
  delete(pauseId: string): void;
  deleteOfRun(runId: string): void;
  exists(pauseId: string): boolean;
  isSignalHeld(signal: string): boolean;
  byId(pauseId: string): PauseRow | undefined;
  bySignal(signal: string): PauseRow | undefined;
}

/** Prepares the statements. */
export function pauseStatements(connection: Connection): PauseStatements {
  const remove = connection.prepare("delete from pauses where id = ?");
  const removeOfRun = connection.prepare("delete from pauses where id > ? and id < ? and run_id = ?");
  const exists = connection.prepare("select 1 from pauses where id = ?");
  const signalHeld = connection.prepare("select 1 from pauses where signal = ?");
  const readBy = (column: string): ((value: string) => PauseRow | undefined) => {
    const read = connection.prepare<PauseRecord>(`select ${PAUSE_COLUMNS} from pauses where ${column} = ? order by id limit 1`);
    return (value) => {
      const record = read.get(value);
      return record === undefined ? undefined : pauseOf(record);
    };
  };
  return {
    insert: insertOf(connection),
    delete: (pauseId) => void remove.run(pauseId),
    deleteOfRun: (runId) => void removeOfRun.run(`${runId}/`, `${runId}0`, runId),
    exists: (pauseId) => exists.get(pauseId) !== undefined,
    isSignalHeld: (signal) => signalHeld.get(signal) !== undefined,
    byId: readBy("id"),
    bySignal: readBy("signal"),
  };
}

function insertOf(connection: Connection): (pause: PauseRow) => void {
  const insert = connection.prepare(
    `insert into pauses (${PAUSE_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing`,
  );
  return (pause) => {
    assertIdOfRun(pause);
    insert.run(
      pause.id,
      pause.runId,
      pause.kind,
      pause.stepId ?? null,
      pause.eventName ?? null,
      pause.expression ?? null,
      pause.matchPath ?? "",
      pause.matchValue ?? "",
      pause.correlationId ?? null,
      pause.signal ?? null,
      pause.createdAt,
      pause.expiresAt,
    );
  };
}
