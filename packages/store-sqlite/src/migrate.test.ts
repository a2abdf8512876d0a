/** Files of older schemas: their rows survive the migrations, and a process that dies within one leaves the schema before it. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fixtures, idOf } from "@pawl/store/conformance";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openConnection } from "./connection.ts";
import { migrate } from "./migrate.ts";
import { openSqliteStore } from "./open-sqlite-store.ts";

const MIGRATIONS = new URL("../migrations/", import.meta.url);
const FILES: readonly string[] = readdirSync(MIGRATIONS).sort();
const OLDER: readonly number[] = FILES.map((_, index) => index).slice(1);

const RUN = idOf(3);

/** Rows of the first schema: a run of two events that waits for another function, and one that has ended. */
const ROWS = `
  insert into apps values ('app-a', 'shop', 'http://127.0.0.1:3000/api', 'js:v1.0.0', 'node', '7', 'connect', 'c', 'late', 1000, 2000, 3000);
  insert into functions values ('function-a', 'app-a', 'shop-charge', 'charge', 4, '${JSON.stringify(fixtures.function().definition)}', '{}', 1000, null);
  insert into events values ('${idOf(1)}', null, 'shop/order.placed', 1000, 1001, '{"data":1}', 0);
  insert into events values ('${idOf(2)}', 'mine', 'shop/order.placed', 1002, 1000, '{"data":2}', 1);
  insert into unprocessed_events values ('${idOf(2)}');
  insert into event_outcomes values ('${idOf(1)}', 'function-b', 'expression-false', null, 1001);
  insert into runs (id, function_id, app_id, function_version, status, version, request_version, event_id, more_event_ids, event_name,
      queued_at, started_at, lane, score, state_bytes, steps_done, stalls, has_fanned_out, has_pauses)
    values ('${RUN}', 'function-a', 'app-a', 4, 'RUNNING', 2, 2, '${idOf(1)}', '["${idOf(2)}"]', 'shop/order.placed',
      1000, 1001, 'lane-a', 1000, 5, 1, 0, 0, 1);
  insert into runs (id, function_id, app_id, function_version, status, version, request_version, event_id, event_name, idempotency_key,
      queued_at, started_at, ended_at, output, lane, score, state_bytes, steps_done, stalls, has_fanned_out, has_pauses)
    values ('${idOf(4)}', 'function-a', 'app-a', 4, 'COMPLETED', 3, 2, '${idOf(1)}', 'shop/order.placed', 'key',
      1000, 1001, 1002, '"done"', 'lane-a', 1000, 0, 0, 0, 0, 0);
  insert into run_events values ('${idOf(2)}', '${RUN}');
  insert into steps (run_id, id, kind, name, status, mode, position, result, item_id, attempt, queued_at)
    values ('${RUN}', 'step-a', 'run', 'charge', 'completed', 'wait', 0, '{"data":1}', '${RUN}/step/step-a', 0, 1000);
  insert into attempts values ('${RUN}', 1000, 'step-a', 0, 1001, '{"name":"Error"}', 500, 1002);
  insert into items values ('${RUN}/step/step-b', '${RUN}', 'function-a', 'pause-timeout', 'step-b', 9000, 1000, 'lane-a', 0, 5, 0);
  insert into pauses values ('${RUN}/step-b', '${RUN}', 'invoke', 'step-b', null, null, '', '', 'correlation', null, 1000, 9000);
  update counters set value = 41 where name = 'epoch';`;

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pawl-migrate-"));
  path = join(folder, "pawl.db");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function sqlOf(version: number): string {
  return `${readFileSync(new URL(FILES[version - 1] ?? "", MIGRATIONS), "utf8")}; pragma user_version = ${String(version)};`;
}

/** A file as the first schema left it, brought up to a version. */
function writeFile(version: number): void {
  const database = new DatabaseSync(path);
  database.exec(`pragma journal_mode = wal; pragma application_id = ${String(0x50_61_77_6c)}; ${sqlOf(1)} ${ROWS}`);
  for (let next = 2; next <= version; next += 1) database.exec(sqlOf(next));
  database.close();
}

type Contents = { readonly version: unknown; readonly schema: unknown; readonly rows: Readonly<Record<string, readonly unknown[]>> };

/** Everything that the file holds. */
function contents(): Contents {
  const database = new DatabaseSync(path);
  const schema = database.prepare("select name, tbl_name, type, sql from sqlite_schema order by type, name").all();
  const tables = schema.filter(({ type }) => type === "table").map(({ name }) => String(name));
  const rows = Object.fromEntries(tables.map((table) => [table, database.prepare(`select * from ${table}`).all()]));
  const version = database.prepare("pragma user_version").get()?.["user_version"];
  database.close();
  return { version, schema, rows };
}

describe.each(OLDER)("a file of schema %i", (version) => {
  test("has the newest schema once it was opened, and keeps its rows", async () => {
    writeFile(version);
    const store = await openSqliteStore({ path });
    const registry = await store.loadRegistry();
    expect(registry.apps).toEqual([
      fixtures.app({ method: "connect", appVersion: "7", error: "late", createdAt: 1_000, syncedAt: 2_000, archivedAt: 3_000 }),
    ]);
    expect(registry.functions).toEqual([fixtures.function({ version: 4 })]);
    expect((await store.unprocessedEvents({ limit: 9 })).map(({ externalId, isInternal }) => [externalId, isInternal])).toEqual([
      ["mine", true],
    ]);
    const search = { name: "shop/order.placed", receivedFrom: 0, receivedUntil: 9_000, limit: 9 };
    expect((await store.eventsOfName(search)).map(({ id }) => id)).toEqual([idOf(2), idOf(1)]);
    const state = await store.loadRun(RUN);
    expect(state?.run).toMatchObject({ status: "RUNNING", version: 2, eventIds: [idOf(1), idOf(2)], hasPauses: true });
    expect(state?.run).not.toHaveProperty("holds");
    expect(state?.events).toEqual(['{"data":1}', '{"data":2}']);
    expect(state?.steps.get("step-a")).toMatchObject({ status: "completed", result: '{"data":1}' });
    expect(state?.defers.size).toBe(0);
    expect((await store.history.runDetail(RUN))?.attempts).toHaveLength(1);
    expect(await store.itemsOfRun(RUN)).toHaveLength(1);
    expect(await store.pauseById(`${RUN}/step-b`)).toMatchObject({ kind: "invoke", correlationId: "correlation" });
    expect(await store.runByIdempotencyKey({ functionId: "function-a", key: "key", since: 0 })).toBe(idOf(4));
    expect(await store.history.outcomesOfEvents([idOf(1)])).toHaveLength(1);
    await store.apply({ guards: [], changes: [{ kind: "put-app", app: fixtures.app({ id: "app-b", method: "api" }) }] });
    await store.close();
    const migrated = contents();
    rmSync(path);
    await (await openSqliteStore({ path })).close();
    expect(migrated.schema).toEqual(contents().schema);
    expect(migrated.version).toBe(FILES.length);
  });

  test("is what it was when its migration fails at the end, and can be opened afterwards", async () => {
    writeFile(version);
    const before = contents();
    const connection = openConnection(path, 0);
    const failing = (script: string): void => {
      if (!script.includes("user_version")) return connection.execute(script);
      connection.execute(script);
      throw new Error("the disk is full");
    };
    expect(() => migrate({ ...connection, execute: failing }, path)).toThrow("the disk is full");
    connection.close();
    expect(contents()).toEqual(before);
    await (await openSqliteStore({ path })).close();
    expect(contents().version).toBe(FILES.length);
  });

  test("is what it was when the process is killed within its migration, and can be opened afterwards", async () => {
    writeFile(version);
    const before = contents();
    const script = `
      import { DatabaseSync } from "node:sqlite";
      const database = new DatabaseSync(process.argv[1]);
      database.exec("pragma locking_mode = exclusive; pragma journal_mode = wal; pragma cache_size = 1; begin immediate");
      database.exec(process.argv[2]);
      process.kill(process.pid, "SIGKILL");`;
    const killed = spawnSync(process.execPath, ["--input-type=module", "--eval", script, path, sqlOf(version + 1)], { encoding: "utf8" });
    expect(killed).toMatchObject({ signal: "SIGKILL", stderr: "" });
    expect(contents()).toEqual(before);
    await (await openSqliteStore({ path })).close();
    expect(contents()).toMatchObject({ version: FILES.length, rows: { apps: before.rows["apps"], pauses: before.rows["pauses"] } });
  });
});

test("an empty file has no schema, whatever number it bears", async () => {
  const database = new DatabaseSync(path);
  database.exec("pragma user_version = 2");
  database.close();
  await (await openSqliteStore({ path })).close();
  expect(contents().version).toBe(FILES.length);
});
