/**
 * The little of an SQLite binding that this driver needs, so that another binding is one file.
 *
 * I1  Everything is synchronous, so no read ever sees an open transaction of `GroupCommit`.
 * I2  Placeholders are positional.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

export type SqlValue = string | number | null;

/** A prepared statement whose rows have the shape `Row`: columns by their SQL names. */
export interface Statement<Row> {
  run(...values: SqlValue[]): { readonly changes: number | bigint };
  get(...values: SqlValue[]): Row | undefined;
  all(...values: SqlValue[]): Row[];
}

export interface Connection {
  /** Runs a script of statements without values. */
  execute(script: string): void;
  /** Prepares one statement for as long as the connection lives. */
  prepare<Row = never>(sql: string): Statement<Row>;
  isInTransaction(): boolean;
  close(): void;
}

/** Opens a file (its folder is created) or `:memory:`. `lockTimeoutMs` bounds how long each statement waits for another process's lock. */
export function openConnection(path: string, lockTimeoutMs: number): Connection {
  if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: lockTimeoutMs });
  return {
    execute: (script) => database.exec(script),
    prepare: <Row>(sql: string) => database.prepare(sql) as unknown as Statement<Row>,
    isInTransaction: () => database.isTransaction,
    close: () => database.close(),
  };
}

/** SQLite's primary result code of a failure of `node:sqlite`, and 0 for any other error. */
export function resultCodeOf(error: unknown): number {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return 0;
  return error.errcode & 0xff;
}
