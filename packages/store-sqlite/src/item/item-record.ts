/** A queue item as SQL keeps it. */
import type { ItemRow } from "@pawl/engine";
import type { Mutable } from "../sql-values.ts";

export type ItemRecord = {
  readonly id: string;
  readonly run_id: string;
  readonly function_id: string;
  readonly kind: ItemRow["kind"];
  readonly step_id: string | null;
  readonly due_at: number;
  readonly score: number;
  readonly lane: string;
  readonly attempt: number;
  readonly attempts_max: number;
};

/** Columns of an `ItemRecord`. */
export const ITEM_COLUMNS = "id, run_id, function_id, kind, step_id, due_at, score, lane, attempt, attempts_max";

/** The row of a record. */
export function itemOf(record: ItemRecord): ItemRow {
  const item: Mutable<ItemRow> = {
    id: record.id,
    runId: record.run_id,
    functionId: record.function_id,
    kind: record.kind,
    dueAt: record.due_at,
    score: record.score,
    lane: record.lane,
    attempt: record.attempt,
    attemptsMax: record.attempts_max,
  };
  if (record.step_id !== null) item.stepId = record.step_id;
  return item;
}
