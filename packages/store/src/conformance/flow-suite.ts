/** Cells, batches, deferred functions, metadata: small states beside the runs. */
import type { CellRow, DeferRow, MetadataRow, SpanBatchRow } from "@pawl/engine";
import { describe, expect, test } from "vitest";
import { fixtures, idOf } from "./fixtures.ts";
import { commit, conflict, type OpenStore, openForTest } from "./harness.ts";

const KEY = "rate|function-a|limit|0123456789ab:user ☂";

function cellOf(over: Partial<CellRow> = {}): CellRow {
  return { key: KEY, kind: "rate", functionId: "function-a", state: '[["☂",1]]', version: 1, ...over };
}

export function describeFlow(open: OpenStore): void {
  describeCells(open);
  describeBatches(open);
  describeNotes(open);
  describeSearch(open);
}

function describeCells(open: OpenStore): void {
  describe("cells", () => {
    test("a cell reads back as it was written, replaces its former self and goes", async () => {
      const { store } = await openForTest(open);
      const cell = cellOf({ expiresAt: 1_760_000_000_000.25 });
      await commit(store, [{ kind: "put-cell", cell }]);
      expect(await store.cells(["other", KEY])).toEqual([cell]);
      await commit(store, [{ kind: "put-cell", cell: cellOf({ version: 2 }) }]);
      expect(await store.cells([KEY])).toEqual([cellOf({ version: 2 })]);
      await commit(store, [{ kind: "delete-cell", key: KEY }]);
      expect(await store.cells([KEY])).toEqual([]);
    });

    test("a guard holds for the cell's version only, and 0 means that there is none", async () => {
      const { store } = await openForTest(open);
      const guard = (version: number) => [{ kind: "cell-version", key: KEY, version } as const];
      await commit(store, [{ kind: "put-cell", cell: cellOf() }], guard(0));
      await conflict(store, guard(0), [{ kind: "delete-cell", key: KEY }]);
      await commit(store, [{ kind: "put-cell", cell: cellOf({ version: 2 }) }], guard(1));
      await conflict(store, guard(1));
      await commit(store, [{ kind: "delete-cell", key: KEY }], guard(2));
      await commit(store, [], guard(0));
    });

    test("cells of a kind are listed in the order of their keys, page by page", async () => {
      const { store } = await openForTest(open);
      const bulks = ["a", "b", "c"].map((name) => cellOf({ key: `bulk|${name}`, kind: "bulk" }));
      await commit(
        store,
        [...bulks.toReversed(), cellOf()].map((cell) => ({ kind: "put-cell", cell }) as const),
      );
      expect(await store.cellsOfKind({ kind: "bulk", limit: 2 })).toEqual(bulks.slice(0, 2));
      expect(await store.cellsOfKind({ kind: "bulk", after: "bulk|b", limit: 2 })).toEqual(bulks.slice(2));
    });

    test("a cell whose guard fails takes the whole change set with it, and the other way round", async () => {
      const { store } = await openForTest(open);
      const put = (version: number) => ({ kind: "put-cell", cell: cellOf({ version }) }) as const;
      await commit(store, [put(1)]);
      const stale = { kind: "cell-version", key: KEY, version: 0 } as const;
      await conflict(store, [stale], [put(1), { kind: "insert-run", run: fixtures.run() }]);
      expect(await store.loadRun(idOf(1))).toBeUndefined();
      const current = { kind: "cell-version", key: KEY, version: 1 } as const;
      await conflict(store, [current, { kind: "pause-open", pauseId: "none" }], [put(2)]);
      const broken = { kind: "insert-item", item: fixtures.item({ id: "elsewhere" }) } as const;
      await expect(store.apply({ guards: [current], changes: [put(2), broken] })).rejects.toMatchObject({ code: "STORE_ROW_INVALID" });
      expect(await store.cells([KEY])).toEqual([cellOf()]);
    });

    test("of two decisions on one version, applied at once, the first wins", async () => {
      const { store } = await openForTest(open);
      const admit = (state: string) => {
        const guard = { kind: "cell-version", key: KEY, version: 0 } as const;
        return store.apply({ guards: [guard], changes: [{ kind: "put-cell", cell: cellOf({ state }) }] });
      };
      const results = await Promise.all([admit('["first"]'), admit('["second"]')]);
      expect(results.map(({ kind }) => kind)).toEqual(["applied", "conflict"]);
      expect(await store.cells([KEY])).toEqual([cellOf({ state: '["first"]' })]);
    });

    test("cells and batches are there after a restart", async ({ skip }) => {
      const opened = await openForTest(open);
      if (opened.reopen === undefined) return skip();
      await commit(opened.store, [
        { kind: "put-cell", cell: cellOf() },
        { kind: "insert-event", event: fixtures.event() },
        { kind: "insert-batch-event", batchEvent: { batchId: "b", position: 0, eventId: idOf(1) } },
      ]);
      const { store } = await openForTest(opened.reopen);
      expect(await store.cells([KEY])).toEqual([cellOf()]);
      expect(await store.batchEvents("b")).toEqual([fixtures.event()]);
    });
  });
}

function describeBatches(open: OpenStore): void {
  describe("batches", () => {
    test("a batch gives its events in the order of their positions, and none when it is deleted", async () => {
      const { store } = await openForTest(open);
      const place = (batchId: string, position: number, eventId: string) =>
        ({ kind: "insert-batch-event", batchEvent: { batchId, position, eventId } }) as const;
      await commit(store, [
        { kind: "insert-event", event: fixtures.event({ id: idOf(1) }) },
        { kind: "insert-event", event: fixtures.event({ id: idOf(2) }) },
        place("batch|f|1", 1, idOf(1)),
        place("batch|f|1", 0, idOf(2)),
        place("batch|f|1", 0, idOf(1)),
        place("batch|f|2", 0, idOf(1)),
      ]);
      expect((await store.batchEvents("batch|f|1")).map(({ id }) => id)).toEqual([idOf(2), idOf(1)]);
      await commit(store, [{ kind: "delete-batch", batchId: "batch|f|1" }]);
      expect(await store.batchEvents("batch|f|1")).toEqual([]);
      expect(await store.batchEvents("batch|f|2")).toHaveLength(1);
    });

    test("an item may belong to a key that is no run's", async () => {
      const { store } = await openForTest(open);
      const key = "debounce|function-a|0123456789ab:user";
      const item = fixtures.item({ id: `${key}/due`, runId: key, kind: "debounce" });
      await commit(store, [{ kind: "insert-item", item }]);
      expect(await store.itemsOfRun(key)).toEqual([item]);
      expect(await store.itemsOfRun("debounce|function-a")).toEqual([]);
      expect(await store.claimItems([item.id])).toHaveLength(1);
    });
  });
}

function describeNotes(open: OpenStore): void {
  describe("notes about runs", () => {
    test("deferred functions belong to the state of their run and to its detail", async () => {
      const { store } = await openForTest(open);
      const defer: DeferRow = { runId: idOf(1), id: "d", slug: "shop-mail", input: "{}", status: "after-run", createdAt: 5 };
      const rejected: DeferRow = { ...defer, id: "e", status: "rejected", reason: "per_run_count" };
      await commit(store, [
        { kind: "insert-run", run: fixtures.run() },
        { kind: "put-defer", defer },
        { kind: "put-defer", defer: rejected },
        { kind: "put-defer", defer: { ...defer, status: "aborted" } },
      ]);
      const expected = [{ ...defer, status: "aborted" }, rejected];
      expect([...((await store.loadRun(idOf(1)))?.defers.values() ?? [])]).toEqual(expected);
      expect((await store.history.runDetail(idOf(1)))?.defers).toEqual(expected);
      expect(await store.history.defersOfRun(idOf(1))).toEqual(expected);
      expect(await store.history.defersOfRun(idOf(2))).toEqual([]);
    });

    test("metadata is one row for each run, step, kind and name", async () => {
      const { store } = await openForTest(open);
      const row: MetadataRow = { runId: idOf(1), stepId: "", kind: "inngest.score", name: "quality", values: "1", updatedAt: 5 };
      await commit(store, [
        { kind: "insert-run", run: fixtures.run() },
        { kind: "put-metadata", metadata: { ...row, stepId: "s" } },
        { kind: "put-metadata", metadata: row },
        { kind: "put-metadata", metadata: { ...row, values: "2" } },
      ]);
      const expected = [
        { ...row, values: "2" },
        { ...row, stepId: "s" },
      ];
      expect((await store.history.runDetail(idOf(1)))?.metadata).toEqual(expected);
      expect(await store.history.metadataOfRun(idOf(1))).toEqual(expected);
      expect(await store.history.metadataOfRun(idOf(2))).toEqual([]);
    });

    test("spans are a row for each request that brought some; the first one stays", async () => {
      const { store } = await openForTest(open);
      const row: SpanBatchRow = { runId: idOf(1), id: "b", spans: "[]", receivedAt: 5 };
      await commit(store, [
        { kind: "insert-spans", batch: row },
        { kind: "insert-spans", batch: { ...row, spans: "[1]" } },
        { kind: "insert-spans", batch: { ...row, id: "a" } },
        { kind: "insert-spans", batch: { ...row, id: "c", receivedAt: 4 } },
        { kind: "insert-spans", batch: { ...row, runId: idOf(2) } },
      ]);
      expect(await store.history.spansOfRun(idOf(1))).toEqual([{ ...row, id: "c", receivedAt: 4 }, { ...row, id: "a" }, row]);
      expect(await store.history.spansOfRun(idOf(3))).toEqual([]);
    });

    test("what a run holds, why it was skipped, who made it and its labels read back; a run can be created ended", async () => {
      const { store } = await openForTest(open);
      const run = fixtures.run({
        status: "SKIPPED",
        endedAt: 1_000,
        skipReason: "singleton",
        holds: [KEY],
        bulkId: "bulk|1",
        sessions: '[["user","1"]]',
      });
      await commit(store, [{ kind: "insert-run", run }]);
      expect((await store.loadRun(run.id))?.run).toEqual(run);
      const { holds: _h, skipReason: _s, bulkId: _b, sessions: _l, ...without } = run;
      await commit(store, [{ kind: "update-run", run: { ...without, version: 2 } }]);
      expect((await store.loadRun(run.id))?.run).toEqual({ ...run, version: 2 });
      const query = { timeField: "queuedAt", order: "asc", limit: 9 } as const;
      expect(await store.history.listRuns({ filter: { bulkId: "bulk|1" }, ...query })).toEqual([{ ...run, version: 2 }]);
      expect(await store.history.listRuns({ filter: { bulkId: "bulk|2" }, ...query })).toEqual([]);
    });
  });
}

function describeSearch(open: OpenStore): void {
  test("events of a name are found by when they were received, oldest first, page by page", async () => {
    const { store } = await openForTest(open);
    const rows = [1, 2, 3, 4].map((n) => fixtures.event({ id: idOf(n), receivedAt: n * 1_000, name: n === 3 ? "other" : "shop/a" }));
    await commit(
      store,
      rows.map((event) => ({ kind: "insert-event", event }) as const),
    );
    const query = { name: "shop/a", receivedFrom: 1_000, receivedUntil: 4_000 };
    expect((await store.eventsOfName({ ...query, limit: 2 })).map(({ id }) => id)).toEqual([idOf(1), idOf(2)]);
    expect((await store.eventsOfName({ ...query, after: idOf(2), limit: 2 })).map(({ id }) => id)).toEqual([idOf(4)]);
    expect(await store.eventsOfName({ ...query, receivedFrom: 1_001, receivedUntil: 1_999, limit: 2 })).toEqual([]);
    expect((await store.eventsOfName({ ...query, receivedFrom: 3_000, after: idOf(1), limit: 2 })).map(({ id }) => id)).toEqual([idOf(4)]);
    expect(await store.eventsOfName({ ...query, after: idOf(7), limit: 2 })).toEqual([]);
  });

  test("events are found by when they were received also where their ids say another time", async () => {
    const { store } = await openForTest(open);
    const [late, early, same] = [fixtures.event({ id: idOf(1) }), fixtures.event({ id: idOf(9) }), fixtures.event({ id: idOf(2) })];
    const receivedAt = 1_760_000_000_000;
    const rows = [
      { ...late, receivedAt: receivedAt + 1 },
      { ...same, receivedAt: receivedAt + 1 },
      { ...early, receivedAt },
    ] as const;
    await commit(
      store,
      rows.map((event) => ({ kind: "insert-event", event }) as const),
    );
    const query = { name: late.name, receivedFrom: receivedAt, receivedUntil: receivedAt + 1 };
    expect((await store.eventsOfName({ ...query, limit: 9 })).map(({ id }) => id)).toEqual([9, 1, 2].map(idOf));
    expect((await store.eventsOfName({ ...query, after: idOf(9), limit: 1 })).map(({ id }) => id)).toEqual([idOf(1)]);
    expect((await store.eventsOfName({ ...query, after: idOf(1), limit: 9 })).map(({ id }) => id)).toEqual([idOf(2)]);
  });
}
