/** One change set at a time, whole or not at all, and what is left after a close or a crash. */
import { describe, expect, test } from "vitest";
import type { Change, ChangeSet } from "@pawl/engine";
import { fixtures, idOf } from "./fixtures.ts";
import { claimOne, commit, conflict, openForTest, type OpenStore } from "./harness.ts";

const INSERT_RUN: Change = { kind: "insert-run", run: fixtures.run() };
const BROKEN: Change = { kind: "insert-item", item: fixtures.item({ id: "elsewhere" }) };

export function describeAtomicity(open: OpenStore): void {
  describe("atomicity", () => {
    test("a guard that fails among others leaves nothing of the change set", async () => {
      const { store } = await openForTest(open);
      const guards = [
        { kind: "run-absent", runId: idOf(1) },
        { kind: "pause-open", pauseId: "none" },
      ] as const;
      await conflict(store, guards, [INSERT_RUN, { kind: "insert-event", event: fixtures.event() }]);
      expect(await store.loadRun(idOf(1))).toBeUndefined();
      expect(await store.history.eventById(idOf(1))).toBeUndefined();
    });

    test("a change that fails in the middle leaves nothing of the change set", async () => {
      const { store } = await openForTest(open);
      await commit(store, [{ kind: "put-step", step: fixtures.step() }]);
      const changes: readonly Change[] = [
        INSERT_RUN,
        { kind: "insert-event", event: fixtures.event() },
        { kind: "put-step", step: fixtures.step({ attempt: 5 }) },
        { kind: "insert-pause", pause: fixtures.pause({ kind: "signal", signal: "go" }) },
        { kind: "insert-item", item: fixtures.item() },
        BROKEN,
      ];
      await expect(store.apply({ guards: [], changes })).rejects.toMatchObject({ code: "STORE_ROW_INVALID", isRetryable: false });
      expect(await store.loadRun(idOf(1))).toBeUndefined();
      expect(await store.unprocessedEvents({ limit: 1 })).toEqual([]);
      expect(await store.pauseBySignal("go")).toBeUndefined();
      expect(await store.itemsOfRun(idOf(1))).toEqual([]);
      await commit(store, [INSERT_RUN]);
      expect((await store.loadRun(idOf(1)))?.steps.get("step-a")).toEqual(fixtures.step());
    });

    test("the guards of a change set do not see its own changes", async () => {
      const { store } = await openForTest(open);
      await commit(store, [INSERT_RUN], [{ kind: "run-absent", runId: idOf(1) }]);
    });

    describeConcurrency(open);
    describeSizes(open);
    describeClosing(open);
  });
}

function describeConcurrency(open: OpenStore): void {
  test("change sets applied at once take effect in the order of the calls", async () => {
    const { store } = await openForTest(open);
    await commit(store, [INSERT_RUN]);
    const update = (version: number): ChangeSet => ({
      guards: [{ kind: "run-version", runId: idOf(1), version }],
      changes: [{ kind: "update-run", run: fixtures.run({ version: version + 1 }) }],
    });
    const results = await Promise.all([1, 2, 2, 4, 3].map((version) => store.apply(update(version))));
    expect(results.map(({ kind }) => kind)).toEqual(["applied", "applied", "conflict", "conflict", "applied"]);
    expect((await store.loadRun(idOf(1)))?.run.version).toBe(4);
  });

  test("one change set that fails among others fails alone", async () => {
    const { store } = await openForTest(open);
    const insertEvent = (n: number): ChangeSet => ({
      guards: [],
      changes: [{ kind: "insert-event", event: fixtures.event({ id: idOf(n) }) }],
    });
    const results = await Promise.allSettled([
      store.apply(insertEvent(1)),
      store.apply({ guards: [], changes: [...insertEvent(2).changes, BROKEN] }),
      store.apply({ guards: [{ kind: "pause-open", pauseId: "none" }], changes: insertEvent(3).changes }),
      store.apply(insertEvent(4)),
    ]);
    expect(results.map((result) => (result.status === "fulfilled" ? result.value.kind : "rejected"))).toEqual([
      "applied",
      "rejected",
      "conflict",
      "applied",
    ]);
    expect((await store.unprocessedEvents({ limit: 9 })).map(({ id }) => id)).toEqual([idOf(1), idOf(4)]);
  });

  test("two thousand change sets applied at once are all stored", async () => {
    const { store } = await openForTest(open);
    const sets = Array.from({ length: 2_000 }, (_, n) => fixtures.event({ id: idOf(n) }));
    const results = await Promise.all(sets.map((event) => store.apply({ guards: [], changes: [{ kind: "insert-event", event }] })));
    expect(results.every(({ kind }) => kind === "applied")).toBe(true);
    expect(await store.unprocessedEvents({ limit: 5_000 })).toHaveLength(2_000);
  });
}

function describeSizes(open: OpenStore): void {
  test("the largest event, step and output read back", async () => {
    const { store } = await openForTest(open);
    const body = JSON.stringify({ data: { text: "☂".repeat(1_000_000) } });
    const result = JSON.stringify({ data: "x".repeat(4 * 1_024 * 1_024) });
    await commit(store, [
      { kind: "insert-event", event: fixtures.event({ body }) },
      INSERT_RUN,
      { kind: "put-step", step: fixtures.step({ result }) },
      { kind: "update-run", run: fixtures.run({ output: result }) },
    ]);
    const state = await store.loadRun(idOf(1));
    expect(state?.events[0] === body).toBe(true);
    expect(state?.steps.get("step-a")?.result === result).toBe(true);
    expect(state?.run.output === result).toBe(true);
  });

  test("a thousand steps of one run read back in order", async () => {
    const { store } = await openForTest(open);
    const ids = Array.from({ length: 1_000 }, (_, n) => `step-${(n * 7_919) % 1_000}`);
    await commit(store, [INSERT_RUN, ...ids.map((id) => ({ kind: "put-step", step: fixtures.step({ id }) }) as const)]);
    expect((await store.history.runDetail(idOf(1)))?.steps.map(({ id }) => id)).toEqual(ids);
  });
}

function describeClosing(open: OpenStore): void {
  test("closing waits for applies and refuses later calls", async () => {
    const { store } = await openForTest(open);
    const pending = store.apply({ guards: [], changes: [INSERT_RUN] });
    await store.close();
    expect(await pending).toEqual({ kind: "applied" });
    await store.close();
    const refused = { code: "STORE_CLOSED" };
    await expect(store.apply({ guards: [], changes: [] })).rejects.toMatchObject(refused);
    await expect(store.loadRun(idOf(1))).rejects.toMatchObject(refused);
    await expect(store.scanItems({ limit: 1 })).rejects.toMatchObject(refused);
    await expect(store.history.runDetail(idOf(1))).rejects.toMatchObject(refused);
  });

  test("everything acknowledged is there after a restart; leases are not, and generations go on", async ({ skip }) => {
    const opened = await openForTest(open);
    if (opened.reopen === undefined) return skip();
    const item = fixtures.item({ dueAt: 5 });
    const pause = fixtures.pause({ matchPath: "p", matchValue: "v" });
    await commit(opened.store, [
      INSERT_RUN,
      { kind: "insert-event", event: fixtures.event() },
      { kind: "insert-item", item },
      { kind: "insert-pause", pause },
    ]);
    await opened.store.dueLanes(10);
    const claim = await claimOne(opened.store, item.id);
    const { store } = await openForTest(opened.reopen);
    expect((await store.loadRun(idOf(1)))?.run).toEqual(fixtures.run());
    expect(await store.unprocessedEvents({ limit: 9 })).toEqual([fixtures.event()]);
    expect(await store.findPauses({ eventName: "shop/order.paid", valueAt: () => "v" })).toEqual([pause]);
    await conflict(store, [{ kind: "item-leased", ...claim }]);
    expect(await store.dueLanes(10)).toEqual([{ lane: "lane-a", count: 1 }]);
    expect((await claimOne(store, item.id)).generation).toBeGreaterThan(claim.generation);
  });
}
