/**
 * Where `pawl dev` keeps its data.
 *
 * I1  Nothing is deleted that another server uses, or that is no database.
 */
import { closeSync, existsSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { CliError } from "../cli-error.ts";

export type DataFile = {
  readonly path: string;
  /** Whether it goes when the server ends. */
  readonly isTemporary: boolean;
};

/** Files that SQLite keeps beside a database. */
const SUFFIXES = ["", "-wal", "-shm", "-journal"] as const;

/** A server that uses the file holds it for good, so a short wait tells. */
const LOCK_MS = 50;

/** First bytes of every SQLite database. */
const SQLITE_MAGIC = "SQLite format 3\0";

/** The file at a path, or a temporary one that is deleted when the process exits. */
export function dataFileAt(path: string | undefined): DataFile {
  if (path !== undefined) return { path: resolve(path), isTemporary: false };
  const folder = mkdtempSync(join(tmpdir(), "pawl-dev-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return { path: join(folder, "dev.db"), isTemporary: true };
}

/** Deletes a database. Throws `CliError` when a server uses it or it is no database. */
export async function deleteDatabase(path: string): Promise<void> {
  if (!existsSync(path)) return;
  if (!isDatabase(path))
    throw new CliError(`${path} is no SQLite database, so --fresh does not delete it.`, "Name another file with --db.");
  const { openSqliteStore } = await import("@pawl/store-sqlite");
  const store = await openSqliteStore({ path, lockTimeoutMs: LOCK_MS }).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== "STORE_LOCKED") return undefined;
    throw new CliError(
      `${path} is used by another server, so --fresh does not delete it.`,
      "Stop that server, or name another file with --db.",
    );
  });
  await store?.close();
  for (const suffix of SUFFIXES) rmSync(`${path}${suffix}`, { force: true });
}

function isDatabase(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(SQLITE_MAGIC.length);
    const count = readSync(file, bytes);
    return count === 0 || bytes.toString("latin1", 0, count) === SQLITE_MAGIC;
  } finally {
    closeSync(file);
  }
}
