/**
 * Spans of users' code.
 *
 * Index: the primary key, by run.
 */
import type { SpanBatchRow } from "@pawl/engine";
import type { Connection } from "../connection.ts";

export interface SpanStatements {
  /** Nothing where the row exists already. */
  insertSpans(batch: SpanBatchRow): void;
  /** In the order of their receipt. */
  spansOfRun(runId: string): readonly SpanBatchRow[];
}

type Record = { readonly run_id: string; readonly id: string; readonly spans: string; readonly received_at: number };

/** Prepares the statements. */
export function spanStatements(connection: Connection): SpanStatements {
  const insert = connection.prepare("insert or ignore into span_batches (run_id, id, spans, received_at) values (?, ?, ?, ?)");
  const ofRun = connection.prepare<Record>("select * from span_batches where run_id = ? order by received_at, id");
  return {
    insertSpans: ({ runId, id, spans, receivedAt }) => void insert.run(runId, id, spans, receivedAt),
    spansOfRun: (runId) =>
      ofRun.all(runId).map(({ run_id: ofRunId, id, spans, received_at: receivedAt }) => ({ runId: ofRunId, id, spans, receivedAt })),
  };
}
