/** Pauses: matching, keys, signals. */
import { describe, expect, test } from "vitest";
import type { PauseRow } from "@pawl/engine";
import type { Store } from "../store.ts";
import { fixtures, idOf } from "./fixtures.ts";
import { commit, conflict, idsOf, openForTest, type OpenStore } from "./harness.ts";

function pauseOf(n: number, row: Partial<PauseRow> = {}): PauseRow {
  return fixtures.pause({ runId: idOf(n), ...row });
}

async function insert(store: Store, pauses: readonly PauseRow[]): Promise<void> {
  await commit(
    store,
    pauses.map((pause) => ({ kind: "insert-pause", pause })),
  );
}

async function find(store: Store, eventName: string, values: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  return idsOf(await store.findPauses({ eventName, valueAt: (path) => values[path] }));
}

export function describePauses(open: OpenStore): void {
  describe("pauses", () => {
    test("a pause reads back as it was written; the first of two with one id wins", async () => {
      const { store } = await openForTest(open);
      const match = { matchPath: "async.data.id", matchValue: "s:☂", expression: "async.data.id == '☂'" };
      const pause = pauseOf(1, { stepId: "step-a", ...match });
      await insert(store, [pause, pauseOf(1, { eventName: "other" })]);
      expect(await store.pauseById(pause.id)).toEqual(pause);
      expect(await store.findPauses({ eventName: "shop/order.paid", valueAt: () => "s:☂" })).toEqual([pause]);
      expect(await store.pauseById("none")).toBeUndefined();
    });

    test("a pause is open until it is deleted", async () => {
      const { store } = await openForTest(open);
      const guard = { kind: "pause-open", pauseId: pauseOf(1).id } as const;
      await conflict(store, [guard]);
      await insert(store, [pauseOf(1)]);
      await commit(store, [{ kind: "delete-pause", pauseId: pauseOf(1).id }], [guard]);
      await conflict(store, [guard]);
      expect(await find(store, "shop/order.paid")).toEqual([]);
    });

    test("a pause whose id does not start with its run's is refused", async () => {
      const { store } = await openForTest(open);
      const pause = pauseOf(1, { id: `${idOf(2)}/step-a` });
      const applied = store.apply({ guards: [], changes: [{ kind: "insert-pause", pause }] });
      await expect(applied).rejects.toMatchObject({ code: "STORE_ROW_INVALID" });
    });

    test("ending a run deletes its pauses, and no others", async () => {
      const { store } = await openForTest(open);
      await insert(store, [pauseOf(1), pauseOf(1, { id: `${idOf(1)}/cancel/0`, kind: "cancel" }), pauseOf(2)]);
      await commit(store, [{ kind: "delete-run-work", runId: idOf(1), hasPauses: true }]);
      expect(await find(store, "shop/order.paid")).toEqual([pauseOf(2).id]);
    });

    describeMatching(open);
    describeKeys(open);
  });
}

function describeMatching(open: OpenStore): void {
  test("an event finds the pauses of its name without an equality, and those whose equality holds, oldest first", async () => {
    const { store } = await openForTest(open);
    const on = (matchPath: string, matchValue: string): Partial<PauseRow> => ({ matchPath, matchValue });
    await insert(store, [
      pauseOf(1, { createdAt: 5_000, ...on("async.data.id", "s:x") }),
      pauseOf(2, { createdAt: 4_000, ...on("async.data.id", "s:y") }),
      pauseOf(3, { createdAt: 3_000, ...on("async.data.n", "n:1") }),
      pauseOf(4, { createdAt: 3_000, kind: "cancel" }),
      pauseOf(5, { createdAt: 1_000, eventName: "other" }),
      pauseOf(6, { createdAt: 2_000, kind: "signal", signal: "s" }),
    ]);
    expect(await find(store, "shop/order.paid", { "async.data.id": "s:x", "async.data.n": "n:1" })).toEqual(
      [3, 4, 1].map((n) => pauseOf(n).id),
    );
    expect(await find(store, "shop/order.paid", { "async.data.id": "n:1" })).toEqual([pauseOf(4).id]);
    expect(await find(store, "unknown")).toEqual([]);
  });

  test("a name is found again after all its pauses had gone", async () => {
    const { store } = await openForTest(open);
    for (let round = 0; round < 2; round += 1) {
      await insert(store, [pauseOf(1, { matchPath: "p", matchValue: "v" })]);
      expect(await find(store, "shop/order.paid", { p: "v" })).toEqual([pauseOf(1).id]);
      await commit(store, [{ kind: "delete-pause", pauseId: pauseOf(1).id }]);
      expect(await find(store, "shop/order.paid", { p: "v" })).toEqual([]);
    }
  });
}

function describeKeys(open: OpenStore): void {
  test("signals are found by name", async () => {
    const { store } = await openForTest(open);
    const signal = pauseOf(2, { kind: "signal", signal: "go ☂" });
    await insert(store, [signal]);
    expect(await store.pauseBySignal("go ☂")).toEqual(signal);
    expect(await store.pauseBySignal("other")).toBeUndefined();
  });

  test("a signal is held by one pause", async () => {
    const { store } = await openForTest(open);
    const [first, second] = [pauseOf(1, { kind: "signal", signal: "go" }), pauseOf(2, { kind: "signal", signal: "go" })];
    const guard = { kind: "signal-free", signal: "go" } as const;
    await commit(store, [{ kind: "insert-pause", pause: first }], [guard]);
    await conflict(store, [guard], [{ kind: "insert-pause", pause: second }]);
    const unguarded = store.apply({ guards: [], changes: [{ kind: "insert-pause", pause: second }] });
    await expect(unguarded).rejects.toMatchObject({ code: "STORE_ROW_INVALID" });
    expect(await store.pauseBySignal("go")).toEqual(first);
    await commit(store, [{ kind: "delete-run-work", runId: idOf(1), hasPauses: true }]);
    await commit(store, [{ kind: "insert-pause", pause: second }], [guard]);
    expect(await store.pauseBySignal("go")).toEqual(second);
  });
}
