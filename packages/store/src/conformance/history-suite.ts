/** Lists of runs: filters, orders, pages, counts, and what an event started. */
import { describe, expect, test } from "vitest";
import { DEFERRED_SCHEDULE, type RunRow } from "@pawl/engine";
import type { RunQuery } from "../history.ts";
import type { Store } from "../store.ts";
import { fixtures, idOf } from "./fixtures.ts";
import { commit, idsOf, openForTest, type OpenStore } from "./harness.ts";

const RUNS: readonly RunRow[] = [
  fixtures.run({ id: idOf(1), queuedAt: 10, startedAt: 60, endedAt: 70, status: "COMPLETED" }),
  fixtures.run({ id: idOf(2), queuedAt: 30, startedAt: 50, status: "RUNNING", functionId: "function-b" }),
  fixtures.run({ id: idOf(3), queuedAt: 20, status: "QUEUED", appId: "app-b" }),
  fixtures.run({ id: idOf(4), queuedAt: 20, startedAt: 50, endedAt: 90, status: "FAILED", eventName: "other" }),
  fixtures.run({ id: idOf(15), queuedAt: 40, endedAt: 41, status: "CANCELLED", functionId: "function-c", eventName: DEFERRED_SCHEDULE }),
];

async function insertAll(store: Store): Promise<void> {
  await commit(
    store,
    RUNS.map((run) => ({ kind: "insert-run", run })),
  );
}

async function list(store: Store, query: Partial<RunQuery>): Promise<readonly string[]> {
  return idsOf(await store.history.listRuns({ filter: {}, timeField: "queuedAt", order: "desc", limit: 10, ...query }));
}

export function describeHistory(open: OpenStore): void {
  describe("history", () => {
    test("runs are listed by the chosen instant and id; those without the instant are left out", async () => {
      const { store } = await openForTest(open);
      await insertAll(store);
      expect(await list(store, {})).toEqual([15, 2, 4, 3, 1].map(idOf));
      expect(await list(store, { order: "asc" })).toEqual([1, 3, 4, 2, 15].map(idOf));
      expect(await list(store, { timeField: "startedAt" })).toEqual([1, 4, 2].map(idOf));
      expect(await list(store, { timeField: "endedAt", order: "asc" })).toEqual([15, 1, 4].map(idOf));
    });

    test("pages go on after the last row, among rows of one instant too", async () => {
      const { store } = await openForTest(open);
      await insertAll(store);
      expect(await list(store, { limit: 3 })).toEqual([15, 2, 4].map(idOf));
      expect(await list(store, { limit: 3, after: { at: 20, id: idOf(4) } })).toEqual([3, 1].map(idOf));
      expect(await list(store, { order: "asc", after: { at: 20, id: idOf(3) } })).toEqual([4, 2, 15].map(idOf));
    });

    describeFilters(open);
    describeLookUps(open);
  });
}

function describeFilters(open: OpenStore): void {
  test("runs are filtered and counted by every filter", async () => {
    const { store } = await openForTest(open);
    await insertAll(store);
    const expectRuns = async (filter: RunQuery["filter"], ids: readonly number[]): Promise<void> => {
      expect(await list(store, { filter, order: "asc" })).toEqual(ids.map(idOf));
      expect(await store.history.countRuns({ filter, timeField: "queuedAt", max: 100 })).toBe(ids.length);
    };
    await expectRuns({ statuses: ["RUNNING", "QUEUED"] }, [3, 2]);
    await expectRuns({ statuses: ["RUNNING"] }, [2]);
    await expectRuns({ statuses: ["FAILED", "QUEUED"] }, [3, 4]);
    await expectRuns({ statuses: [] }, []);
    await expectRuns({ functionIds: ["function-b"] }, [2]);
    await expectRuns({ functionIds: ["function-b", "function-c"] }, [2, 15]);
    await expectRuns({ functionIds: ["function-a"], statuses: ["QUEUED"] }, [3]);
    await expectRuns({ live: true }, [3, 2]);
    await expectRuns({ live: true, functionIds: ["function-a"] }, [3]);
    await expectRuns({ live: false }, [1, 4, 15]);
    await expectRuns({ live: false, statuses: ["QUEUED", "FAILED"] }, [4]);
    await expectRuns({ hasStarted: true }, [1, 4, 2]);
    await expectRuns({ hasStarted: false, live: true }, [3]);
    await expectRuns({ appIds: ["app-b", "none"] }, [3]);
    await expectRuns({ eventName: "other" }, [4]);
    await expectRuns({ isDeferred: true }, [15]);
    await expectRuns({ isDeferred: false, live: false }, [1, 4]);
    await expectRuns({ isDeferred: true, eventName: "other" }, []);
    await expectRuns({ from: 20, until: 40 }, [3, 4, 2]);
    await expectRuns({ idPrefix: idOf(1).toLowerCase().slice(0, -1) }, [1, 3, 4, 2]);
    await expectRuns({ idPrefix: idOf(15) }, [15]);
    await expectRuns({ idPrefix: "zz" }, []);
  });

  test("a count stops at its maximum", async () => {
    const { store } = await openForTest(open);
    await insertAll(store);
    expect(await store.history.countRuns({ filter: {}, timeField: "queuedAt", max: 3 })).toBe(3);
    expect(await store.history.countRuns({ filter: {}, timeField: "startedAt", max: 9 })).toBe(3);
  });

  test("the live runs of a function are paged oldest first while they end", async () => {
    const { store } = await openForTest(open);
    const runs = [1, 2, 3, 4, 5].map((n) => fixtures.run({ id: idOf(n), queuedAt: n < 4 ? 10 : n }));
    await commit(
      store,
      [...runs, fixtures.run({ id: idOf(9), functionId: "function-b" })].map((run) => ({ kind: "insert-run", run })),
    );
    const filter = { functionIds: ["function-a"], live: true } as const;
    const end = (run: RunRow | undefined) =>
      commit(store, [{ kind: "update-run", run: { ...(run as RunRow), status: "CANCELLED", endedAt: 50, version: 2 } }]);
    expect(await list(store, { filter, order: "asc", limit: 2 })).toEqual([4, 5].map(idOf));
    await end(runs[4]);
    await end(runs[0]);
    expect(await list(store, { filter, order: "asc", limit: 2, after: { at: 5, id: idOf(5) } })).toEqual([2, 3].map(idOf));
    expect(await list(store, { filter, order: "asc" })).toEqual([4, 2, 3].map(idOf));
  });

  test("a run moves between lists as it goes on", async () => {
    const { store } = await openForTest(open);
    await insertAll(store);
    const filter = { statuses: ["QUEUED", "RUNNING"] } as const;
    await commit(store, [
      { kind: "update-run", run: { ...(RUNS[2] as RunRow), status: "COMPLETED", startedAt: 21, endedAt: 22, version: 2 } },
    ]);
    expect(await list(store, { filter })).toEqual([idOf(2)]);
    expect(await list(store, { timeField: "endedAt" })).toEqual([4, 1, 15, 3].map(idOf));
    expect(await list(store, { timeField: "startedAt", filter: { from: 21, until: 22 } })).toEqual([idOf(3)]);
  });
}

function describeLookUps(open: OpenStore): void {
  test("runs are found by any of their events, oldest first", async () => {
    const { store } = await openForTest(open);
    const runs = [
      fixtures.run({ id: idOf(1), eventIds: [idOf(11)], queuedAt: 30 }),
      fixtures.run({ id: idOf(2), eventIds: [idOf(12), idOf(11), idOf(13)], queuedAt: 20 }),
      fixtures.run({ id: idOf(3), eventIds: [idOf(14)], queuedAt: 10 }),
    ];
    await commit(
      store,
      runs.map((run) => ({ kind: "insert-run", run })),
    );
    expect(await store.history.runsOfEvents([idOf(11)])).toEqual([runs[1], runs[0]]);
    expect(await store.history.runsOfEvents([idOf(13), idOf(14), idOf(12)])).toEqual([runs[2], runs[1]]);
    expect(await store.history.runsOfEvents([])).toEqual([]);
    expect(await store.history.runsByIds([idOf(3), idOf(1), idOf(9)])).toEqual([runs[2], runs[0]]);
  });

  test("a run's detail has its events in order, with whether they are processed", async () => {
    const { store } = await openForTest(open);
    await commit(store, [
      { kind: "insert-event", event: fixtures.event({ id: idOf(11) }) },
      { kind: "insert-event", event: fixtures.event({ id: idOf(12) }) },
      { kind: "mark-event-processed", eventId: idOf(11) },
      { kind: "insert-run", run: fixtures.run({ eventIds: [idOf(12), idOf(11)] }) },
    ]);
    const events = [fixtures.event({ id: idOf(12) }), fixtures.event({ id: idOf(11), isProcessed: true })];
    const run = fixtures.run({ eventIds: [idOf(12), idOf(11)] });
    expect(await store.history.runDetail(idOf(1))).toEqual({ run, steps: [], attempts: [], events, defers: [], metadata: [] });
    expect(await store.history.runDetail(idOf(2))).toBeUndefined();
    expect(await store.history.eventsByIds([idOf(12), idOf(99), idOf(11)])).toEqual(events);
  });
}
