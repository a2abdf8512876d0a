/** Apps and functions. */
import { describe, expect, test } from "vitest";
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
  });
}
