/** Apps, functions, syncs. */
import { describe, expect, test } from "vitest";
import { SYNCS_KEPT_MAX, type SyncRow } from "@pawl/engine";
import { fixtures } from "./fixtures.ts";
import { commit, openForTest, type OpenStore } from "./harness.ts";

export function describeRegistry(open: OpenStore): void {
  describe("registry", () => {
    test("apps and functions are put, replaced and read whole", async () => {
      const { store } = await openForTest(open);
      const app = fixtures.app({
        appVersion: "7",
        error: "unreachable",
        archivedAt: 5_000,
        syncId: "s",
        method: "connect",
        formerChecksums: ["b", "a"],
      });
      const row = fixtures.function({ archivedAt: 5_000, paused: { mode: "drain", since: 4_000 }, config: '{"name":"☂"}' });
      await commit(store, [
        { kind: "put-app", app },
        { kind: "put-app", app: fixtures.app({ id: "app-b", method: "api" }) },
        { kind: "put-function", function: row },
        { kind: "put-function", function: fixtures.function({ id: "function-b" }) },
      ]);
      expect(await store.loadRegistry()).toEqual({
        apps: [app, fixtures.app({ id: "app-b", method: "api" })],
        functions: [row, fixtures.function({ id: "function-b" })],
      });
      await commit(store, [
        { kind: "put-app", app: fixtures.app() },
        { kind: "put-function", function: fixtures.function({ version: 2 }) },
        { kind: "delete-app", appId: "app-b" },
      ]);
      expect(await store.loadRegistry()).toEqual({
        apps: [fixtures.app()],
        functions: [fixtures.function({ version: 2 }), fixtures.function({ id: "function-b" })],
      });
    });

    test("syncs of an app are read newest first, however their clocks went; the first row of an id stays", async () => {
      const { store } = await openForTest(open);
      const full = sync({ id: "a", appVersion: "7", error: "unreachable", durationMs: 5, diff: { ...NOTHING, added: ["☂"] } });
      await commit(store, [
        { kind: "insert-sync", sync: full },
        { kind: "insert-sync", sync: sync({ id: "b", at: 500 }) },
        { kind: "insert-sync", sync: sync({ id: "a", at: 9_000 }) },
        { kind: "insert-sync", sync: sync({ id: "c", appId: "app-b" }) },
      ]);
      expect(await store.history.syncsOfApp("app-a")).toEqual([sync({ id: "b", at: 500 }), full]);
      await commit(store, [{ kind: "delete-app", appId: "app-a" }]);
      expect(await store.history.syncsOfApp("app-a")).toEqual([]);
      expect(await store.history.syncsOfApp("app-b")).toHaveLength(1);
    });

    test("the newest syncs of an app are kept", async () => {
      const { store } = await openForTest(open);
      const ids = Array.from({ length: SYNCS_KEPT_MAX + 2 }, (_, n) => `sync-${String(n)}`);
      await commit(store, [
        { kind: "insert-sync", sync: sync({ id: "other", appId: "app-b" }) },
        ...ids.map((id) => ({ kind: "insert-sync", sync: sync({ id }) }) as const),
      ]);
      expect((await store.history.syncsOfApp("app-a")).map(({ id }) => id)).toEqual(ids.slice(2).toReversed());
      expect(await store.history.syncsOfApp("app-b")).toHaveLength(1);
    });
  });
}

const NOTHING: SyncRow["diff"] = { app: [], added: [], removed: [], changed: [] };

function sync(row: Partial<SyncRow>): SyncRow {
  const what = { url: "http://127.0.0.1:3000/api", sdk: "js:v1.0.0", framework: "node", functionCount: 1, diff: NOTHING };
  return { id: "a", appId: "app-a", at: 1_000, source: "app", ...what, ...row };
}
