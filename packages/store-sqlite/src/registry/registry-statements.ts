/**
 * Apps and functions.
 *
 * Indexes: the primary keys. Plan: writes touch one row; the registry is read whole, once, at the server's start.
 */
import type { AppRow, FunctionRow } from "@pawl/engine";
import type { Connection } from "../connection.ts";
import type { Mutable } from "../sql-values.ts";

export type Registry = { readonly apps: readonly AppRow[]; readonly functions: readonly FunctionRow[] };

export interface RegistryStatements {
  putApp(app: AppRow): void;
  deleteApp(appId: string): void;
  putFunction(row: FunctionRow): void;
  load(): Registry;
}

/** Prepares the statements. */
export function registryStatements(connection: Connection): RegistryStatements {
  const deleteApp = connection.prepare("delete from apps where id = ?");
  const apps = connection.prepare<AppRecord>(`select ${APP_COLUMNS} from apps order by id`);
  const functions = connection.prepare<FunctionRecord>(`select ${FUNCTION_COLUMNS} from functions order by id`);
  return {
    putApp: putAppOf(connection),
    deleteApp: (appId) => void deleteApp.run(appId),
    putFunction: putFunctionOf(connection),
    load: () => ({ apps: apps.all().map(appOf), functions: functions.all().map(functionOf) }),
  };
}

type AppRecord = {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly sdk: string;
  readonly framework: string;
  readonly app_version: string | null;
  readonly method: AppRow["method"];
  readonly checksum: string;
  readonly former_checksums: string | null;
  readonly error: string | null;
  readonly created_at: number;
  readonly synced_at: number;
  readonly sync_id: string | null;
  readonly archived_at: number | null;
};

const APP_COLUMNS =
  "id, name, url, sdk, framework, app_version, method, checksum, former_checksums, error, created_at, synced_at, sync_id, archived_at";

type FunctionRecord = {
  readonly id: string;
  readonly app_id: string;
  readonly slug: string;
  readonly name: string;
  readonly version: number;
  readonly definition: string;
  readonly config: string;
  readonly created_at: number;
  readonly archived_at: number | null;
  readonly paused: string | null;
};

const FUNCTION_COLUMNS = "id, app_id, slug, name, version, definition, config, created_at, archived_at, paused";

function putAppOf(connection: Connection): (app: AppRow) => void {
  const put = connection.prepare(`insert or replace into apps (${APP_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  return (app) => {
    put.run(
      app.id,
      app.name,
      app.url,
      app.sdk,
      app.framework,
      app.appVersion ?? null,
      app.method,
      app.checksum,
      app.formerChecksums === undefined ? null : JSON.stringify(app.formerChecksums),
      app.error ?? null,
      app.createdAt,
      app.syncedAt,
      app.syncId ?? null,
      app.archivedAt ?? null,
    );
  };
}

function putFunctionOf(connection: Connection): (row: FunctionRow) => void {
  const put = connection.prepare(`insert or replace into functions (${FUNCTION_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  return (row) => {
    put.run(
      row.id,
      row.appId,
      row.slug,
      row.name,
      row.version,
      JSON.stringify(row.definition),
      row.config,
      row.createdAt,
      row.archivedAt ?? null,
      row.paused === undefined ? null : JSON.stringify(row.paused),
    );
  };
}

function appOf(record: AppRecord): AppRow {
  const app: Mutable<AppRow> = {
    id: record.id,
    name: record.name,
    url: record.url,
    sdk: record.sdk,
    framework: record.framework,
    method: record.method,
    checksum: record.checksum,
    createdAt: record.created_at,
    syncedAt: record.synced_at,
  };
  if (record.app_version !== null) app.appVersion = record.app_version;
  if (record.former_checksums !== null) app.formerChecksums = JSON.parse(record.former_checksums) as readonly string[];
  if (record.error !== null) app.error = record.error;
  if (record.sync_id !== null) app.syncId = record.sync_id;
  if (record.archived_at !== null) app.archivedAt = record.archived_at;
  return app;
}

function functionOf(record: FunctionRecord): FunctionRow {
  const row: Mutable<FunctionRow> = {
    id: record.id,
    appId: record.app_id,
    slug: record.slug,
    name: record.name,
    version: record.version,
    definition: JSON.parse(record.definition) as FunctionRow["definition"],
    config: record.config,
    createdAt: record.created_at,
  };
  if (record.archived_at !== null) row.archivedAt = record.archived_at;
  if (record.paused !== null) row.paused = JSON.parse(record.paused) as NonNullable<FunctionRow["paused"]>;
  return row;
}
