/**
 * Syncs of apps.
 *
 * Indexes: `id` (unique), `syncs_by_app` (app, order of insertion). Plan: an insert looks up the app's row that is no longer kept, if any;
 * a read is one range of the index.
 */
import { SYNCS_KEPT_MAX, type SyncRow } from "@pawl/engine";
import type { Connection } from "../connection.ts";
import type { Mutable } from "../sql-values.ts";

export interface SyncStatements {
  /** Nothing where the id exists already; what is no longer kept goes. */
  insertSync(sync: SyncRow): void;
  deleteSyncsOfApp(appId: string): void;
  /** Newest first. */
  syncsOfApp(appId: string): readonly SyncRow[];
}

type SyncRecord = {
  readonly id: string;
  readonly app_id: string;
  readonly at: number;
  readonly source: SyncRow["source"];
  readonly duration_ms: number | null;
  readonly url: string;
  readonly sdk: string;
  readonly framework: string;
  readonly app_version: string | null;
  readonly error: string | null;
  readonly function_count: number;
  readonly diff: string;
};

const COLUMNS = "id, app_id, at, source, duration_ms, url, sdk, framework, app_version, error, function_count, diff";

/** Prepares the statements. */
export function syncStatements(connection: Connection): SyncStatements {
  const trim = connection.prepare(
    `delete from syncs where app_id = ?1 and sequence <=
      (select sequence from syncs where app_id = ?1 order by sequence desc limit 1 offset ${SYNCS_KEPT_MAX})`,
  );
  const insert = connection.prepare(`insert or ignore into syncs (${COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const ofApp = connection.prepare<SyncRecord>(`select ${COLUMNS} from syncs where app_id = ? order by sequence desc`);
  const remove = connection.prepare("delete from syncs where app_id = ?");
  return {
    insertSync: (sync) => {
      insert.run(...valuesOf(sync));
      trim.run(sync.appId);
    },
    deleteSyncsOfApp: (appId) => void remove.run(appId),
    syncsOfApp: (appId) => ofApp.all(appId).map(syncOf),
  };
}

function valuesOf(sync: SyncRow): (string | number | null)[] {
  return [
    sync.id,
    sync.appId,
    sync.at,
    sync.source,
    sync.durationMs ?? null,
    sync.url,
    sync.sdk,
    sync.framework,
    sync.appVersion ?? null,
    sync.error ?? null,
    sync.functionCount,
    JSON.stringify(sync.diff),
  ];
}

function syncOf(record: SyncRecord): SyncRow {
  const sync: Mutable<SyncRow> = {
    id: record.id,
    appId: record.app_id,
    at: record.at,
    source: record.source,
    url: record.url,
    sdk: record.sdk,
    framework: record.framework,
    functionCount: record.function_count,
    diff: JSON.parse(record.diff) as SyncRow["diff"],
  };
  if (record.duration_ms !== null) sync.durationMs = record.duration_ms;
  if (record.app_version !== null) sync.appVersion = record.app_version;
  if (record.error !== null) sync.error = record.error;
  return sync;
}
