/** What is deleted when it has become old, and what is not. */
import { describe, expect, test } from "vitest";
import type { Store } from "../store.ts";
import { fixtures, idOf } from "./fixtures.ts";
import { commit, type OpenStore, openForTest } from "./harness.ts";

/** An ended run with an event, a step, an attempt and notes. */
async function insertEnded(store: Store, n: number, endedAt: number): Promise<void> {
  const runId = idOf(n);
  await commit(store, [
    { kind: "insert-event", event: fixtures.event({ id: runId, isProcessed: true }) },
    {
      kind: "insert-run",
      run: fixtures.run({ id: runId, eventIds: [runId], status: "COMPLETED", endedAt, idempotencyKey: `k${String(n)}` }),
    },
    { kind: "put-step", step: fixtures.step({ runId }) },
    { kind: "insert-attempt", attempt: fixtures.attempt({ runId }) },
    { kind: "put-metadata", metadata: { runId, stepId: "", kind: "k", name: "", values: "1", updatedAt: 1 } },
    { kind: "put-defer", defer: { runId, id: "d", slug: "s", input: "{}", status: "after-run", createdAt: 1 } },
    { kind: "insert-event-outcome", outcome: { eventId: runId, functionId: "f", reason: "expression-false", at: 1 } },
  ]);
}

export function describePurge(open: OpenStore): void {
  describe("purge", () => {
    test("deletes runs that ended before, with all that belongs to them, the oldest first and no more than asked", async () => {
      const { store } = await openForTest(open);
      for (const n of [1, 2, 3]) await insertEnded(store, n, n * 1_000);
      await commit(store, [{ kind: "insert-run", run: fixtures.run({ id: idOf(4) }) }]);
      expect(await store.purge({ runsBefore: 3_000, limit: 1 })).toEqual({ runs: 1, events: 0, cells: 0 });
      expect(await store.history.runDetail(idOf(1))).toBeUndefined();
      expect(await store.purge({ runsBefore: 3_000, limit: 9 })).toEqual({ runs: 1, events: 0, cells: 0 });
      expect(await store.history.runDetail(idOf(3))).toMatchObject({ steps: [{}], attempts: [{}], metadata: [{}], defers: [{}] });
      expect(await store.loadRun(idOf(4))).toBeDefined();
      expect(await store.runByIdempotencyKey({ functionId: "function-a", key: "k1", since: 0 })).toBeUndefined();
      await commit(store, [{ kind: "insert-run", run: fixtures.run({ id: idOf(1), eventIds: [] }) }]);
      expect(await store.history.runDetail(idOf(1))).toMatchObject({ steps: [], attempts: [], metadata: [], defers: [] });
    });

    test("deletes processed events that no run, batch or caller needs", async () => {
      const { store } = await openForTest(open);
      await insertEnded(store, 1, 1_000);
      const event = (n: number, over = {}) =>
        ({ kind: "insert-event", event: fixtures.event({ id: idOf(n), isProcessed: true, ...over }) }) as const;
      await commit(store, [
        event(2),
        event(3, { isProcessed: false }),
        event(4),
        event(5),
        event(6, { receivedAt: 9_000 }),
        { kind: "insert-batch-event", batchEvent: { batchId: "b", position: 0, eventId: idOf(4) } },
      ]);
      expect(await store.purge({ eventsBefore: 9_000, keepEventIds: [idOf(5)], limit: 9 })).toEqual({ runs: 0, events: 1, cells: 0 });
      const left = await store.history.listEvents({ includeInternal: true, limit: 9 });
      expect(left.map(({ id }) => id)).toEqual([idOf(6), idOf(5), idOf(4), idOf(3), idOf(1)]);
      await store.purge({ runsBefore: 2_000, limit: 9 });
      expect(await store.purge({ eventsBefore: 9_000, keepEventIds: [idOf(5)], limit: 9 })).toMatchObject({ events: 1 });
      expect(await store.history.outcomesOfEvents([idOf(1)])).toEqual([]);
    });

    test("deletes cells that have expired", async () => {
      const { store } = await openForTest(open);
      const cell = (key: string, expiresAt?: number) =>
        ({
          kind: "put-cell",
          cell: { key, kind: "rate", functionId: "f", state: "[]", version: 1, ...(expiresAt === undefined ? {} : { expiresAt }) },
        }) as const;
      await commit(store, [cell("a", 1_000), cell("b", 2_000), cell("c")]);
      expect(await store.purge({ cellsBefore: 2_000, limit: 9 })).toEqual({ runs: 0, events: 0, cells: 1 });
      expect((await store.cells(["a", "b", "c"])).map(({ key }) => key)).toEqual(["b", "c"]);
    });
  });
}
