import { existsSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Store } from "@pawl/store";
import { fixtures, idOf } from "@pawl/store/conformance";
import { openSqliteStore } from "./open-sqlite-store.ts";

let folder: string;
let path: string;
let store: Store;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "pawl-backup-"));
  path = join(folder, "pawl.db");
  store = await openSqliteStore({ path, synchronous: "normal" });
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const insert = (n: number, body?: string): Promise<unknown> =>
  store.apply({
    guards: [],
    changes: [{ kind: "insert-event", event: fixtures.event({ id: idOf(n), ...(body === undefined ? {} : { body }) }) }],
  });

async function backup(): Promise<string> {
  if (store.backup === undefined) throw new Error("This store makes no backups.");
  return store.backup();
}

/** Ids of the events of a backup, which is sound. */
async function idsIn(file: string): Promise<readonly string[]> {
  const database = new DatabaseSync(file);
  expect(database.prepare("pragma integrity_check").get()).toEqual({ integrity_check: "ok" });
  database.close();
  const opened = await openSqliteStore({ path: file });
  const events = await opened.history.listEvents({ includeInternal: true, limit: 100_000 });
  await opened.close();
  return events.map(({ id }) => id);
}

test("a backup has what was handed over before it was asked for, and nothing that came later", async () => {
  const before = Promise.all([1, 2, 3].map((n) => insert(n)));
  const made = backup();
  await Promise.all([insert(4), before]);
  expect(await idsIn(await made)).toEqual([3, 2, 1].map(idOf));
  expect((await store.history.listEvents({ includeInternal: true, limit: 9 })).length).toBe(4);
});

test("commits go on while it is made, and it is what the file was at the beginning", async () => {
  const body = JSON.stringify({ text: "x".repeat(10_000) });
  const count = 1_000;
  await Promise.all(Array.from({ length: count }, (_, n) => insert(n, body)));
  let later = count;
  let isMade = false;
  const made = backup().finally(() => (isMade = true));
  // More than the log may hold before it is brought into the file, otherwise.
  while (!isMade || later < 3 * count) await insert(later++, body);
  const file = await made;
  expect((await idsIn(file)).length).toBe(count);
  renameSync(file, join(folder, "kept.db"));
  expect((await idsIn(await backup())).length).toBe(later);
});

test("the log is brought into the file again once the backup is made", async () => {
  await backup();
  const body = JSON.stringify({ text: "x".repeat(1_000_000) });
  for (let n = 0; n < 40; n++) await insert(n, body);
  expect(statSync(`${path}-wal`).size).toBeLessThan(25 * 1024 * 1024);
});

test("the file stays locked for others, during a backup and after it", async () => {
  const script = `
    import { openSqliteStore } from ${JSON.stringify(new URL("./open-sqlite-store.ts", import.meta.url).href)};
    const error = await openSqliteStore({ path: ${JSON.stringify(path)}, lockTimeoutMs: 1 }).catch((error) => error);
    process.stdout.write(String(error.code));`;
  const open = (): string =>
    spawnSync(process.execPath, ["--conditions=pawl-source", "--input-type=module", "--eval", script], {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      encoding: "utf8",
    }).stdout;
  await insert(1);
  const made = backup();
  expect(open()).toBe("STORE_LOCKED");
  rmSync(await made);
  expect(open()).toBe("STORE_LOCKED");
});

test("there is one at a time, and what a crash left of another is replaced", async () => {
  writeFileSync(`${path}.backup`, "x".repeat(1_000_000));
  await insert(1);
  const made = backup();
  await expect(backup()).rejects.toMatchObject({ code: "STORE_LOCKED" });
  expect(await idsIn(await made)).toEqual([idOf(1)]);
  expect(await idsIn(await backup())).toEqual([idOf(1)]);
});

test("a store that is closed meanwhile gives it up and leaves no file", async () => {
  await insert(1);
  const made = backup();
  const refused = expect(made).rejects.toMatchObject({ code: "STORE_CLOSED" });
  await store.close();
  await refused;
  expect(existsSync(`${path}.backup`)).toBe(false);
  await expect(backup()).rejects.toMatchObject({ code: "STORE_CLOSED" });
});

test("a store in memory makes none", async () => {
  const inMemory = await openSqliteStore({ path: ":memory:" });
  expect(inMemory.backup).toBeUndefined();
  await inMemory.close();
});
