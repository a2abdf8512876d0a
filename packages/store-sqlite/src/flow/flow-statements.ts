/**
 * Cells, batches, deferred functions, metadata, spans.
 *
 * Indexes: the primary keys; `cells_kind_idx` for lists of a kind.
 * Plan: each statement touches one row, or the range of one batch or one run.
 */
import type { BatchEvent, CellKind, CellRow, DeferRow, MetadataRow } from "@pawl/engine";
import type { Connection } from "../connection.ts";
import type { Mutable } from "../sql-values.ts";
import { type SpanStatements, spanStatements } from "./span-statements.ts";

export interface FlowStatements extends SpanStatements {
  putCell(cell: CellRow): void;
  deleteCell(key: string): void;
  /** 0 where there is no such cell. */
  cellVersion(key: string): number;
  cells(keys: readonly string[]): readonly CellRow[];
  cellsOfKind(query: { readonly kind: CellKind; readonly after: string; readonly limit: number }): readonly CellRow[];
  insertBatchEvent(event: BatchEvent): void;
  deleteBatch(batchId: string): void;
  /** Ids of a batch's events, in order. */
  batchEventIds(batchId: string): readonly string[];
  putDefer(defer: DeferRow): void;
  defersOfRun(runId: string): readonly DeferRow[];
  putMetadata(metadata: MetadataRow): void;
  metadataOfRun(runId: string): readonly MetadataRow[];
}

/** Prepares the statements. */
export function flowStatements(connection: Connection): FlowStatements {
  return { ...cellStatements(connection), ...batchStatements(connection), ...noteStatements(connection), ...spanStatements(connection) };
}

type CellRecord = {
  readonly key: string;
  readonly kind: CellKind;
  readonly function_id: string;
  readonly state: string;
  readonly version: number;
  readonly expires_at: number | null;
};

const CELL_COLUMNS = "key, kind, function_id, state, version, expires_at";

type CellStatements = Pick<FlowStatements, "putCell" | "deleteCell" | "cellVersion" | "cells" | "cellsOfKind">;

function cellStatements(connection: Connection): CellStatements {
  const put = connection.prepare(
    `insert into cells (${CELL_COLUMNS}) values (?, ?, ?, ?, ?, ?) on conflict (key) do update set kind = excluded.kind,
       function_id = excluded.function_id, state = excluded.state, version = excluded.version, expires_at = excluded.expires_at`,
  );
  const remove = connection.prepare("delete from cells where key = ?");
  const version = connection.prepare<{ version: number }>("select version from cells where key = ?");
  const byKey = connection.prepare<CellRecord>(`select ${CELL_COLUMNS} from cells where key = ?`);
  const ofKind = connection.prepare<CellRecord>(`select ${CELL_COLUMNS} from cells where kind = ? and key > ? order by key limit ?`);
  return {
    putCell: (cell) => void put.run(cell.key, cell.kind, cell.functionId, cell.state, cell.version, cell.expiresAt ?? null),
    deleteCell: (key) => void remove.run(key),
    cellVersion: (key) => version.get(key)?.version ?? 0,
    cells: (keys) => keys.flatMap((key) => byKey.all(key)).map(cellOf),
    cellsOfKind: ({ kind, after, limit }) => ofKind.all(kind, after, limit).map(cellOf),
  };
}

function cellOf(record: CellRecord): CellRow {
  const { key, kind, function_id: functionId, state, version, expires_at: expiresAt } = record;
  return expiresAt === null ? { key, kind, functionId, state, version } : { key, kind, functionId, state, version, expiresAt };
}

type BatchStatements = Pick<FlowStatements, "insertBatchEvent" | "deleteBatch" | "batchEventIds">;

function batchStatements(connection: Connection): BatchStatements {
  const insert = connection.prepare("insert into batch_events (batch_id, position, event_id) values (?, ?, ?) on conflict do nothing");
  const remove = connection.prepare("delete from batch_events where batch_id = ?");
  const eventIds = connection.prepare<{ event_id: string }>("select event_id from batch_events where batch_id = ? order by position");
  return {
    insertBatchEvent: ({ batchId, position, eventId }) => void insert.run(batchId, position, eventId),
    deleteBatch: (batchId) => void remove.run(batchId),
    batchEventIds: (batchId) => eventIds.all(batchId).map((record) => record.event_id),
  };
}

type DeferRecord = {
  readonly run_id: string;
  readonly id: string;
  readonly slug: string;
  readonly input: string;
  readonly status: DeferRow["status"];
  readonly reason: string | null;
  readonly created_at: number;
};

type MetadataRecord = {
  readonly run_id: string;
  readonly step_id: string;
  readonly kind: string;
  readonly name: string;
  readonly values: string;
  readonly updated_at: number;
};

type NoteStatements = Pick<FlowStatements, "putDefer" | "defersOfRun" | "putMetadata" | "metadataOfRun">;

function noteStatements(connection: Connection): NoteStatements {
  const putDefer = connection.prepare(
    "insert or replace into defers (run_id, id, slug, input, status, reason, created_at) values (?, ?, ?, ?, ?, ?, ?)",
  );
  const defers = connection.prepare<DeferRecord>("select * from defers where run_id = ? order by created_at, id");
  const putMetadata = connection.prepare(
    'insert or replace into metadata (run_id, step_id, kind, name, "values", updated_at) values (?, ?, ?, ?, ?, ?)',
  );
  const metadata = connection.prepare<MetadataRecord>("select * from metadata where run_id = ? order by step_id, kind, name");
  return {
    putDefer: ({ runId, id, slug, input, status, reason, createdAt }) =>
      void putDefer.run(runId, id, slug, input, status, reason ?? null, createdAt),
    defersOfRun: (runId) => defers.all(runId).map(deferOf),
    putMetadata: ({ runId, stepId, kind, name, values, updatedAt }) => void putMetadata.run(runId, stepId, kind, name, values, updatedAt),
    metadataOfRun: (runId) => metadata.all(runId).map(metadataOf),
  };
}

function deferOf(record: DeferRecord): DeferRow {
  const { run_id: runId, id, slug, input, status, created_at: createdAt } = record;
  const defer: Mutable<DeferRow> = { runId, id, slug, input, status, createdAt };
  if (record.reason !== null) defer.reason = record.reason;
  return defer;
}

function metadataOf({ run_id: runId, step_id: stepId, updated_at: updatedAt, kind, name, values }: MetadataRecord): MetadataRow {
  return { runId, stepId, kind, name, values, updatedAt };
}
