/**
 * Opens a file as a store.
 *
 * I1  One process at a time: the file is locked by the operating system until the process closes it or dies, by whatever signal, so no lock
 *     is left behind. A second opener gets `STORE_LOCKED`.
 * I2  With `full`, a commit that is acknowledged survives a power cut; with `normal`, it survives a killed process.
 */
import { StoreError, type Store } from "@pawl/store";
import { openBackups } from "./backup.ts";
import { openConnection, resultCodeOf, type Connection } from "./connection.ts";
import { migrate } from "./migrate.ts";
import { storeOnConnection } from "./sqlite-store.ts";

export type SqliteStoreOptions = {
  /** A file, created with its folder where it does not exist, or `:memory:`. */
  readonly path: string;
  /** `full`: the disk confirms every commit. `normal`: faster, for development and tests. Default `full`. */
  readonly synchronous?: "full" | "normal";
  /** How long to wait for another process to close the file, in milliseconds; it blocks the event loop. Default 1 000. */
  readonly lockTimeoutMs?: number;
  /** Memory for pages of the file, in KiB. Default 65 536. */
  readonly cacheKib?: number;
};

/** Rejects with `STORE_LOCKED`, `STORE_SCHEMA_UNKNOWN` or `STORE_FAILED`. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const connection = connect(options);
  try {
    configure(connection, options);
    migrate(connection, options.path);
    const { path } = options;
    return storeOnConnection(
      connection,
      path === ":memory:" ? undefined : openBackups(connection, { path, checkpointPages: CHECKPOINT_PAGES }),
    );
  } catch (error) {
    connection.close();
    throw failureOf(error, options.path);
  }
}

/** SQLITE_BUSY and SQLITE_LOCKED. */
const LOCKED_CODES: readonly number[] = [5, 6];

/** SQLITE_NOTADB. */
const NOT_A_DATABASE_CODE = 26;

/** Pages of the log after which they are copied into the file: 16 MiB, so that the copy, which a commit waits for, is rare. */
const CHECKPOINT_PAGES = 4_000;

function connect({ path, lockTimeoutMs = 1_000 }: SqliteStoreOptions): Connection {
  try {
    return openConnection(path, lockTimeoutMs);
  } catch (error) {
    throw failureOf(error, path);
  }
}

/** The exclusive locking mode comes before the first access: the lock is then taken by it and kept, and the log needs no shared memory. */
function configure(connection: Connection, { synchronous = "full", cacheKib = 65_536 }: SqliteStoreOptions): void {
  connection.execute(`
    pragma locking_mode = exclusive;
    pragma journal_mode = wal;
    pragma synchronous = ${synchronous === "full" ? "full" : "normal"};
    pragma cache_size = -${Math.max(1_024, Math.trunc(cacheKib))};
    pragma temp_store = memory;
    pragma wal_autocheckpoint = ${CHECKPOINT_PAGES};
    begin exclusive;
    commit;
  `);
}

function failureOf(error: unknown, path: string): unknown {
  if (StoreError.is(error)) return error;
  const code = resultCodeOf(error);
  if (LOCKED_CODES.includes(code)) {
    return new StoreError(
      "STORE_LOCKED",
      `The database ${path} is open in another process; one process at a time can use it. Stop the other one, or give this one another file.`,
      { cause: error },
    );
  }
  if (code === NOT_A_DATABASE_CODE) {
    return new StoreError("STORE_SCHEMA_UNKNOWN", `The file ${path} is no SQLite database. Give Pawl a file of its own.`, { cause: error });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new StoreError("STORE_FAILED", `The database ${path} could not be opened: ${reason}`, { cause: error });
}
