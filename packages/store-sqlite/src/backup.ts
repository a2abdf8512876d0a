/**
 * Copies of the file while it is used.
 *
 * I1  A copy holds exactly what was committed when it was asked for: the log is brought into the file first, and until the copy is made
 *     nothing more is, so the file stands still; new commits are in the log alone.
 * I2  Commits go on meanwhile. They wait for the log twice, as for any checkpoint: at the beginning, and, for what came meanwhile, at the end.
 * I3  The file is opened here once and stays open as long as the connection. Closing it would take SQLite's lock away: POSIX locks belong to
 *     the process, and end when it closes any of its descriptors of the file.
 *
 * SQLite's own online backup (`backup` of node:sqlite) was tried: it fails while the connection writes (Node 24.21), and Node 22.13 lacks it.
 */
import { closeSync, fstatSync, openSync, read as readCallback } from "node:fs";
import { open, rm } from "node:fs/promises";
import { promisify } from "node:util";
import { StoreError } from "@pawl/store";
import type { Connection } from "./connection.ts";

/** Bytes read and written at a time. */
const CHUNK_BYTES: number = 1_024 * 1_024;

const read = promisify(readCallback);

export interface Backups {
  /** Copies what is committed into a new file beside the database and resolves with its path. The caller deletes it. */
  make(): Promise<string>;
  /** After the connection is closed. A copy under way is given up. */
  close(): void;
}

/** `checkpointPages`: pages of the log after which they are copied into the file, otherwise. */
export function openBackups(connection: Connection, { path, checkpointPages }: BackupOptions): Backups {
  const target = `${path}.backup`;
  let source: number | undefined;
  let isUnderWay = false;
  let isOpen = true;
  const copy = async (): Promise<void> => {
    bringLogIntoFile(connection);
    source ??= openSync(path, "r");
    await copyBytes({ source, target, size: fstatSync(source).size, assertOpen });
  };
  const assertOpen = (): void => {
    if (!isOpen) throw new StoreError("STORE_CLOSED", "The store was closed before its backup was made.");
  };
  return {
    make: async () => {
      assertOpen();
      if (isUnderWay) throw new StoreError("STORE_LOCKED", "A backup is being made; there can be one at a time.");
      isUnderWay = true;
      connection.execute("pragma wal_autocheckpoint = 0");
      try {
        await copy();
        return target;
      } catch (error) {
        await rm(target, { force: true });
        throw StoreError.is(error)
          ? error
          : new StoreError("STORE_FAILED", `The backup could not be made: ${textOf(error)}`, { cause: error });
      } finally {
        isUnderWay = false;
        if (isOpen) connection.execute(`pragma wal_autocheckpoint = ${String(checkpointPages)}`);
      }
    },
    close: () => {
      isOpen = false;
      if (source !== undefined) closeSync(source);
      source = undefined;
    },
  };
}

export type BackupOptions = { readonly path: string; readonly checkpointPages: number };

/** Everything is synchronous and there is one connection, so nobody can be in the way. */
function bringLogIntoFile(connection: Connection): void {
  const row = connection.prepare<{ readonly busy: number }>("pragma wal_checkpoint(truncate)").get();
  if (row?.busy !== 0) throw new StoreError("STORE_FAILED", "The log could not be brought into the file.");
}

type Copy = { readonly source: number; readonly target: string; readonly size: number; readonly assertOpen: () => void };

/** Whatever a crash left at the target is replaced. */
async function copyBytes({ source, target, size, assertOpen }: Copy): Promise<void> {
  const file = await open(target, "w", 0o600);
  try {
    const buffer = Buffer.allocUnsafe(Math.min(size, CHUNK_BYTES));
    for (let position = 0; position < size;) {
      assertOpen();
      const { bytesRead } = await read(source, buffer, 0, Math.min(buffer.byteLength, size - position), position);
      if (bytesRead === 0) throw new Error("the file ended early");
      await file.writev([buffer.subarray(0, bytesRead)], position);
      position += bytesRead;
    }
    assertOpen();
  } finally {
    await file.close();
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
