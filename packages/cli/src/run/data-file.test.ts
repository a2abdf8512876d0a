import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "@pawl/store-sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { dataFileAt, deleteDatabase } from "./data-file.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pawl-data-"));
  path = join(folder, "dev.db");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a path is kept, no path is temporary", () => {
  expect(dataFileAt(path)).toEqual({ path, isTemporary: false });
  const temporary = dataFileAt(undefined);
  expect(temporary.isTemporary).toBe(true);
  rmSync(join(temporary.path, ".."), { recursive: true });
});

test("a database nobody uses is deleted; a missing one is no mistake", async () => {
  await (await openSqliteStore({ path })).close();
  await deleteDatabase(path);
  expect(existsSync(path)).toBe(false);
  await deleteDatabase(path);
});

test("a database that a server uses is not deleted", async () => {
  const store = await openSqliteStore({ path });
  await expect(deleteDatabase(path)).rejects.toThrow(/used by another server/);
  expect(existsSync(path)).toBe(true);
  await store.close();
});

test("a file that is no database is not deleted", async () => {
  writeFileSync(path, "my notes, which are long enough");
  await expect(deleteDatabase(path)).rejects.toThrow(/no SQLite database/);
  expect(existsSync(path)).toBe(true);
});

test("a database of a newer version is deleted", async () => {
  const { DatabaseSync } = await import("node:sqlite");
  const newer = new DatabaseSync(path);
  newer.exec("pragma user_version = 1000000; create table t (x)");
  newer.close();
  await deleteDatabase(path);
  expect(existsSync(path)).toBe(false);
});
