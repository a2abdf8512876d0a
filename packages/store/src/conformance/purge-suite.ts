/** What is deleted when it has become old, and what is not. */
import { describe, expect, test } from "vitest";
import type { Purge, Store } from "../store.ts";
import { fixtures, idOf } from "./fixtures.ts";
import { commit, conflict, type OpenStore, openForTest } from "./harness.ts";

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
    { kind: "insert-spans", batch: { runId, id: "b", spans: "[]", receivedAt: 1 } },
    { kind: "put-defer", defer: { runId, id: "d", slug: "s", input: "{}", status: "after-run", createdAt: 1 } },
    { kind: "insert-event-outcome", outcome: { eventId: runId, functionId: "f", reason: "expression-false", at: 1 } },
  ]);
}

/** Calls until there is no more; the bound is far above what any driver needs here. */
async function drain(store: Store, query: Omit<Purge, "limit">): Promise<{ readonly runs: number; readonly events: number }> {
  const total = { runs: 0, events: 0 };
  for (let call = 0; call < 100; call += 1) {
    const { runs, events, hasMore } = await store.purge({ ...query, limit: 2 });
    total.runs += runs;
    total.events += events;
    if (!hasMore) return total;
  }
  throw new Error("no end after 100 calls");
}

export function describePurge(open: OpenStore): void {
  describe("purge", () => {
    describeRunPurge(open);
    describeEventPurge(open);
    describeCellPurge(open);
  });
}

function describeRunPurge(open: OpenStore): void {
  test("deletes runs that ended before, with all that belongs to them, the oldest first and no more than asked", async () => {
    const { store } = await openForTest(open);
    for (const n of [1, 2, 3]) await insertEnded(store, n, n * 1_000);
    await commit(store, [{ kind: "insert-run", run: fixtures.run({ id: idOf(4) }) }]);
    expect(await store.purge({ runsBefore: 3_000, limit: 1 })).toEqual({ runs: 1, events: 0, cells: 0, hasMore: true });
    expect(await store.history.runDetail(idOf(1))).toBeUndefined();
    expect([await store.history.spansOfRun(idOf(1)), await store.history.spansOfRun(idOf(3))]).toMatchObject([[], [{}]]);
    expect(await store.purge({ runsBefore: 3_000, limit: 9 })).toEqual({ runs: 1, events: 0, cells: 0, hasMore: false });
    expect(await store.history.runDetail(idOf(3))).toMatchObject({ steps: [{}], attempts: [{}], metadata: [{}], defers: [{}] });
    expect(await store.loadRun(idOf(4))).toBeDefined();
    expect(await store.runByIdempotencyKey({ functionId: "function-a", key: "k1", since: 0 })).toBeUndefined();
    await commit(store, [{ kind: "insert-run", run: fixtures.run({ id: idOf(1), eventIds: [] }) }]);
    expect(await store.history.runDetail(idOf(1))).toMatchObject({ steps: [], attempts: [], metadata: [], defers: [] });
  });

  test("comes to an end, however much a run holds and however many events stay", async () => {
    const { store } = await openForTest(open);
    const ids = Array.from({ length: 2_500 }, (_, n) => idOf(n));
    const event = (id: string) => ({ kind: "insert-event", event: fixtures.event({ id, isProcessed: true }) }) as const;
    await commit(store, [...ids.map(event), { kind: "insert-run", run: fixtures.run({ id: idOf(1), eventIds: ids }) }]);
    const large = [5_001, 5_002, 5_003].map((n) =>
      fixtures.run({ id: idOf(n), eventIds: [idOf(n)], status: "COMPLETED", endedAt: n, stateBytes: 1e9, stepsDone: 1_000 }),
    );
    await commit(
      store,
      large.flatMap((run) => [event(run.id), { kind: "insert-run", run } as const]),
    );
    const query = { runsBefore: 9_000, eventsBefore: 9_000 };
    expect(await drain(store, query)).toEqual({ runs: 3, events: 3 });
    expect(await drain(store, query)).toEqual({ runs: 0, events: 0 });
    await commit(store, [{ kind: "update-run", run: fixtures.run({ id: idOf(1), status: "COMPLETED", endedAt: 8_000, version: 2 }) }]);
    expect(await drain(store, { ...query, eventsBefore: 0 })).toEqual({ runs: 1, events: 0 });
    const { runs, events } = await store.purge({ ...query, limit: 5_000 });
    expect({ runs, hasEvents: events > 0 }).toEqual({ runs: 0, hasEvents: true });
  });
}

function describeEventPurge(open: OpenStore): void {
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
    const purged = await store.purge({ eventsBefore: 9_000, keepEventIds: [idOf(5)], limit: 9 });
    expect(purged).toEqual({ runs: 0, events: 1, cells: 0, hasMore: false });
    const left = await store.history.listEvents({ includeInternal: true, limit: 9 });
    expect(left.map(({ id }) => id)).toEqual([idOf(6), idOf(5), idOf(4), idOf(3), idOf(1)]);
    await store.purge({ runsBefore: 2_000, limit: 9 });
    expect(await store.purge({ eventsBefore: 9_000, keepEventIds: [idOf(5)], limit: 9 })).toMatchObject({ events: 1 });
    expect(await store.history.outcomesOfEvents([idOf(1)])).toEqual([]);
  });

  test("events wait until no old run is left", async () => {
    const { store } = await openForTest(open);
    for (const n of [1, 2]) await insertEnded(store, n, n * 1_000);
    await commit(store, [{ kind: "insert-event", event: fixtures.event({ id: idOf(3), isProcessed: true }) }]);
    const query = { runsBefore: 9_000, eventsBefore: 9_000, limit: 2 };
    expect(await store.purge(query)).toEqual({ runs: 2, events: 0, cells: 0, hasMore: true });
    expect(await store.purge(query)).toEqual({ runs: 0, events: 2, cells: 0, hasMore: true });
    expect(await store.purge(query)).toEqual({ runs: 0, events: 1, cells: 0, hasMore: false });
  });
}

function describeCellPurge(open: OpenStore): void {
  test("a cell that was deleted has version 0 again", async () => {
    const { store } = await openForTest(open);
    const cell = { key: "rate|f|a", kind: "rate", functionId: "f", state: "[]", version: 3, expiresAt: 1_000 } as const;
    await commit(store, [{ kind: "put-cell", cell }]);
    await store.purge({ cellsBefore: 2_000, limit: 9 });
    await conflict(store, [{ kind: "cell-version", key: cell.key, version: 3 }]);
    await commit(store, [{ kind: "put-cell", cell: { ...cell, version: 1 } }], [{ kind: "cell-version", key: cell.key, version: 0 }]);
  });

  test("deletes cells that have expired", async () => {
    const { store } = await openForTest(open);
    const cell = (key: string, expiresAt?: number) =>
      ({
        kind: "put-cell",
        cell: { key, kind: "rate", functionId: "f", state: "[]", version: 1, ...(expiresAt === undefined ? {} : { expiresAt }) },
      }) as const;
    await commit(store, [cell("a", 1_000), cell("b", 2_000), cell("c")]);
    expect(await store.purge({ cellsBefore: 2_000, limit: 9 })).toEqual({ runs: 0, events: 0, cells: 1, hasMore: false });
    expect((await store.cells(["a", "b", "c"])).map(({ key }) => key)).toEqual(["b", "c"]);
  });
}
