/**
 * Brings a file to the newest schema.
 *
 * I1  Migrations are `migrations/NNNN-what.sql`, numbered from 1 without gaps, applied in order, each in its own transaction; none changes
 *     once it is released.
 * I2  A file of a newer schema, or of another program, is refused and left as it is.
 *
 * `user_version` holds the number of the last migration, `application_id` says whose file it is.
 */
import { readdirSync, readFileSync } from "node:fs";
import { StoreError } from "@pawl/store";
import type { Connection } from "./connection.ts";

/** "Pawl" in ASCII. */
const APPLICATION_ID = 0x50_61_77_6c;

/** Beside `src` and `dist`, so that both find it. */
const MIGRATIONS_URL = new URL("../migrations/", import.meta.url);

/** Applies what is missing. Throws `STORE_SCHEMA_UNKNOWN` for a file it does not know. */
export function migrate(connection: Connection, path: string): void {
  const files = readdirSync(MIGRATIONS_URL)
    .filter((name) => /^\d{4}-.+\.sql$/u.test(name))
    .sort();
  const version = versionOf(connection, path);
  if (version > files.length) {
    throw new StoreError(
      "STORE_SCHEMA_UNKNOWN",
      `The database ${path} has schema ${version}; this version of Pawl knows ${files.length}. It was written by a newer version: use that one.`,
    );
  }
  files.slice(version).forEach((file, index) => applyMigration(connection, { file, version: version + index + 1 }));
}

function versionOf(connection: Connection, path: string): number {
  const owner = connection.prepare<{ application_id: number }>("pragma application_id").get()?.application_id;
  const version = connection.prepare<{ user_version: number }>("pragma user_version").get()?.user_version ?? 0;
  const tables = connection.prepare<{ n: number }>("select count(*) as n from sqlite_schema").get()?.n ?? 0;
  if (owner === APPLICATION_ID) return version;
  // Whoever made an empty file may have numbered it.
  if (tables === 0) return 0;
  throw new StoreError("STORE_SCHEMA_UNKNOWN", `The file ${path} is a database of another program. Give Pawl a file of its own.`);
}

function applyMigration(connection: Connection, migration: { readonly file: string; readonly version: number }): void {
  const sql = readFileSync(new URL(migration.file, MIGRATIONS_URL), "utf8");
  connection.execute("begin immediate");
  try {
    connection.execute(`pragma application_id = ${APPLICATION_ID}; ${sql}; pragma user_version = ${migration.version};`);
    connection.execute("commit");
  } catch (error) {
    if (connection.isInTransaction()) connection.execute("rollback");
    throw error;
  }
}
