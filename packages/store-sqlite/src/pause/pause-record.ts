/** A pause as SQL keeps it. */
import type { PauseRow } from "@pawl/engine";
import type { Mutable } from "../sql-values.ts";

export type PauseRecord = {
  readonly id: string;
  readonly run_id: string;
  readonly kind: PauseRow["kind"];
  readonly step_id: string | null;
  readonly event_name: string | null;
  readonly expression: string | null;
  /** Empty: the pause has no indexed equality. */
  readonly match_path: string;
  readonly match_value: string;
  readonly correlation_id: string | null;
  readonly signal: string | null;
  readonly created_at: number;
  readonly expires_at: number;
};

/** Columns of a `PauseRecord`. */
export const PAUSE_COLUMNS =
  "id, run_id, kind, step_id, event_name, expression, match_path, match_value, correlation_id, signal, created_at, expires_at";

/** The row of a record. */
export function pauseOf(record: PauseRecord): PauseRow {
  const pause: Mutable<PauseRow> = {
    id: record.id,
    runId: record.run_id,
    kind: record.kind,
    createdAt: record.created_at,
    expiresAt: record.expires_at,
  };
  if (record.step_id !== null) pause.stepId = record.step_id;
  if (record.event_name !== null) pause.eventName = record.event_name;
  if (record.expression !== null) pause.expression = record.expression;
  if (record.correlation_id !== null) pause.correlationId = record.correlation_id;
  if (record.signal !== null) pause.signal = record.signal;
  if (record.match_path !== "") {
    pause.matchPath = record.match_path;
    pause.matchValue = record.match_value;
  }
  return pause;
}
