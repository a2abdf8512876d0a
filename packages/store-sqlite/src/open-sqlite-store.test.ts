import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fixtures, idOf } from "@pawl/store/conformance";
import { openSqliteStore } from "./open-sqlite-store.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pawl-open-"));
  path = join(folder, "pawl.db");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Another process that opens the file, stores one event after the other, prints each id once it is acknowledged, and never ends. */
function startWriter(): { readonly acknowledged: AsyncIterable<string>; readonly kill: () => Promise<void> } {
  const script = `
    import { openSqliteStore } from ${JSON.stringify(new URL("./open-sqlite-store.ts", import.meta.url).href)};
    import { fixtures, idOf } from ${JSON.stringify(new URL("../../store/src/conformance/fixtures.ts", import.meta.url).href)};
    const store = await openSqliteStore({ path: ${JSON.stringify(path)}, synchronous: "normal" });
    for (let n = 1; ; n += 1) {
      await store.apply({ guards: [], changes: [{ kind: "insert-event", event: fixtures.event({ id: idOf(n) }) }] });
      process.stdout.write(idOf(n) + "\\n");
    }`;
  const options = { cwd: fileURLToPath(new URL("..", import.meta.url)), stdio: ["ignore", "pipe", "inherit"] } as const;
  const child = spawn(process.execPath, ["--conditions=pawl-source", "--input-type=module", "--eval", script], options);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    acknowledged: createInterface({ input: child.stdout }),
    kill: () => {
      child.kill("SIGKILL");
      return exited;
    },
  };
}

describe("opening a file", () => {
  test("a folder that does not exist is created", async () => {
    const store = await openSqliteStore({ path: join(folder, "a", "b", "pawl.db") });
    await store.close();
    expect(statSync(join(folder, "a", "b", "pawl.db")).isFile()).toBe(true);
  });

  test("a file that is open already is refused with a sentence that says so", async () => {
    const store = await openSqliteStore({ path });
    const second = openSqliteStore({ path, lockTimeoutMs: 1 });
    await expect(second).rejects.toMatchObject({ code: "STORE_LOCKED", isRetryable: true });
    await expect(second).rejects.toThrow(/open in another process/);
    await store.close();
    await (await openSqliteStore({ path })).close();
  });

  test("a process that is killed loses nothing it acknowledged and leaves no lock", async () => {
    const writer = startWriter();
    let last = "";
    for await (const id of writer.acknowledged) {
      last = id;
      if (id === idOf(50)) await expect(openSqliteStore({ path, lockTimeoutMs: 1 })).rejects.toMatchObject({ code: "STORE_LOCKED" });
      if (id === idOf(500)) await writer.kill();
    }
    const store = await openSqliteStore({ path });
    const stored = await store.unprocessedEvents({ limit: 1_000_000 });
    const acknowledged = Number(last.slice(4));
    expect(stored.length).toBeGreaterThanOrEqual(acknowledged);
    expect(stored.slice(0, acknowledged).map(({ id }) => id)).toEqual(Array.from({ length: acknowledged }, (_, n) => idOf(n + 1)));
    await store.close();
  });

  test("generations of leases grow across processes, and across blocks", async () => {
    const generations: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const store = await openSqliteStore({ path });
      await store.apply({ guards: [], changes: [{ kind: "insert-item", item: fixtures.item() }] });
      generations.push((await store.claimItems([fixtures.item().id]))[0]?.generation ?? 0);
      await store.close();
    }
    expect(generations).toEqual([1, 2, 3].map((block) => block * 2 ** 20));
  });
});

describe("files that are not ours", () => {
  test("a file of another kind is refused and left as it is", async () => {
    writeFileSync(path, "x".repeat(8_192));
    await expect(openSqliteStore({ path })).rejects.toMatchObject({ code: "STORE_SCHEMA_UNKNOWN" });
  });

  test("a database of another program is refused", async () => {
    const other = new DatabaseSync(path);
    other.exec("create table notes (text text)");
    other.close();
    await expect(openSqliteStore({ path })).rejects.toThrow(/another program/);
  });

  test("a schema from a newer version is refused", async () => {
    await (await openSqliteStore({ path })).close();
    const newer = new DatabaseSync(path);
    newer.exec("pragma user_version = 9999");
    newer.close();
    await expect(openSqliteStore({ path })).rejects.toThrow(/newer version/);
  });
});
