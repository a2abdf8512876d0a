/** Queue items: writes, scans and leases. */
import { describe, expect, test } from "vitest";
import type { ItemRow } from "@pawl/engine";
import type { Store } from "../store.ts";
import { fixtures, idOf } from "./fixtures.ts";
import { claimOne, commit, conflict, idsOf, openForTest, type OpenStore } from "./harness.ts";

function itemOf(n: number, row: Partial<ItemRow> = {}): ItemRow {
  return fixtures.item({ runId: idOf(n), ...row });
}

async function insert(store: Store, items: readonly ItemRow[]): Promise<void> {
  await commit(
    store,
    items.map((item) => ({ kind: "insert-item", item })),
  );
}

export function describeQueue(open: OpenStore): void {
  describe("queue items", () => {
    test("an item reads back as it was written; the first of two with one id wins", async () => {
      const { store } = await openForTest(open);
      const item = itemOf(1, { kind: "planned-step", stepId: "step-a", score: -0.5, lane: "lane ☂ 😀", attempt: 2, attemptsMax: 21 });
      await insert(store, [item, itemOf(1, { lane: "other" })]);
      expect(await store.itemsOfRun(idOf(1))).toEqual([item]);
    });

    test("rescheduling changes the instant, the attempt, the attempts in all and the lane only", async () => {
      const { store } = await openForTest(open);
      await insert(store, [itemOf(1)]);
      const changed = { dueAt: 7_000, attempt: 3, attemptsMax: 11, lane: "other" };
      await commit(store, [{ kind: "reschedule-item", item: itemOf(1, { ...changed, score: 1 }) }]);
      expect(await store.itemsOfRun(idOf(1))).toEqual([itemOf(1, changed)]);
    });

    test("amending changes the attempt and the lane, and leaves the lease alone", async () => {
      const { store } = await openForTest(open);
      await insert(store, [itemOf(1)]);
      const [claim] = await store.claimItems([itemOf(1).id]);
      await commit(store, [{ kind: "amend-item", item: itemOf(1, { dueAt: 7_000, attempt: 3, score: 1, lane: "other" }) }]);
      expect(await store.itemsOfRun(idOf(1))).toEqual([itemOf(1, { attempt: 3, lane: "other" })]);
      await commit(store, [], [{ kind: "item-leased", itemId: itemOf(1).id, generation: claim?.generation ?? 0 }]);
    });

    test("the work of a run is deleted, and of no other", async () => {
      const { store } = await openForTest(open);
      const other = itemOf(2, { runId: `${idOf(1)}0`, id: `${idOf(1)}0/start` });
      await insert(store, [itemOf(1), itemOf(1, { id: `${idOf(1)}/step/x` }), itemOf(2), other]);
      await commit(store, [
        { kind: "insert-pause", pause: fixtures.pause() },
        { kind: "delete-run-work", runId: idOf(1), hasPauses: false },
      ]);
      expect(await store.itemsOfRun(idOf(1))).toEqual([]);
      expect(await store.itemsOfRun(idOf(2))).toHaveLength(1);
      expect(await store.itemsOfRun(other.runId)).toEqual([other]);
      expect(await store.pauseById(fixtures.pause().id)).toEqual(fixtures.pause());
    });

    test("an item whose id does not start with its run's is refused", async () => {
      const { store } = await openForTest(open);
      const item = itemOf(1, { id: "elsewhere" });
      await expect(store.apply({ guards: [], changes: [{ kind: "insert-item", item }] })).rejects.toMatchObject({
        code: "STORE_ROW_INVALID",
      });
    });

    describeScans(open);
    describeLeases(open);
    describeStaleLeases(open);
  });
}

function describeScans(open: OpenStore): void {
  test("a lane is scanned by score and id, up to an instant, page after page", async () => {
    const { store } = await openForTest(open);
    const items = [
      itemOf(1, { score: 30, dueAt: 10 }),
      itemOf(2, { score: 10, dueAt: 20 }),
      itemOf(3, { score: 10, dueAt: 10 }),
      itemOf(4, { score: 5, dueAt: 21 }),
      itemOf(5, { score: 1, dueAt: 10, lane: "lane-b" }),
      itemOf(6, { score: -7.5, dueAt: 0 }),
    ];
    await insert(store, items);
    const first = await store.scanItems({ lane: "lane-a", dueBy: 20, limit: 2 });
    expect(first).toEqual([items[5], items[1]]);
    expect(await store.scanItems({ lane: "lane-a", dueBy: 20, limit: 9, after: first[1] as ItemRow })).toEqual([items[2], items[0]]);
    await insert(store, [itemOf(7, { score: 2, dueAt: 3 })]);
    await commit(store, [{ kind: "reschedule-item", item: itemOf(1, { dueAt: 99 }) }]);
    expect(idsOf(await store.scanItems({ lane: "lane-a", dueBy: 20, limit: 9 }))).toEqual([6, 7, 2, 3].map((n) => itemOf(n).id));
    expect(await store.scanItems({ lane: "lane-a", dueBy: 9, limit: 9 })).toHaveLength(2);
    expect(await store.scanItems({ lane: "lane-a", limit: 9 })).toHaveLength(6);
  });

  test("all lanes are scanned by instant and id", async () => {
    const { store } = await openForTest(open);
    const items = [itemOf(3, { dueAt: 10 }), itemOf(2, { dueAt: 10, lane: "lane-b" }), itemOf(1, { dueAt: 20 }), itemOf(4, { dueAt: 5 })];
    await insert(store, items);
    await store.dueLanes(15);
    expect(await store.scanItems({ dueAfter: 5, limit: 2 })).toEqual([items[1], items[0]]);
    expect(await store.scanItems({ dueAfter: 5, limit: 2, after: items[1] as ItemRow })).toEqual([items[0], items[2]]);
    expect(await store.scanItems({ dueAfter: 5, limit: 9, dueBy: 10 })).toEqual([items[1], items[0]]);
    expect(await store.scanItems({ limit: 9 })).toHaveLength(4);
  });

  test("lanes with due items are counted", async () => {
    const { store } = await openForTest(open);
    const lanes = async (dueBy: number): Promise<unknown> => (await store.dueLanes(dueBy)).toSorted((a, b) => (a.lane < b.lane ? -1 : 1));
    expect(await lanes(1_000)).toEqual([]);
    await insert(store, [itemOf(1, { dueAt: 10 }), itemOf(2, { dueAt: 20 }), itemOf(3, { dueAt: 30, lane: "lane-b" })]);
    expect(await lanes(20)).toEqual([{ lane: "lane-a", count: 2 }]);
    await insert(store, [itemOf(4, { dueAt: 15 })]);
    await commit(store, [{ kind: "delete-item", itemId: itemOf(1).id }]);
    expect(await lanes(30)).toEqual([
      { lane: "lane-a", count: 2 },
      { lane: "lane-b", count: 1 },
    ]);
    expect(await lanes(15)).toEqual([{ lane: "lane-a", count: 1 }]);
  });

  test("a thousand items due at one instant are all found", async () => {
    const { store } = await openForTest(open);
    await insert(
      store,
      Array.from({ length: 1_200 }, (_, n) => itemOf(n, { dueAt: n < 1_000 ? 5 : n })),
    );
    expect(await store.dueLanes(10_000)).toEqual([{ lane: "lane-a", count: 1_200 }]);
    expect(await store.scanItems({ lane: "lane-a", dueBy: 1_100, limit: 2_000 })).toHaveLength(1_101);
  });
}

function describeLeases(open: OpenStore): void {
  test("an item is leased once, and items that do not exist not at all", async () => {
    const { store } = await openForTest(open);
    await insert(store, [itemOf(1), itemOf(2), itemOf(3)]);
    await claimOne(store, itemOf(2).id);
    const claims = await store.claimItems([itemOf(3).id, itemOf(2).id, itemOf(9).id, itemOf(1).id, itemOf(1).id]);
    expect(claims.map(({ itemId }) => itemId)).toEqual([itemOf(3).id, itemOf(1).id]);
    expect(await store.scanItems({ lane: "lane-a", dueBy: 1_000, limit: 9 })).toHaveLength(3);
  });

  test("a guard holds for the living lease only, whose generation is greater than every earlier one", async () => {
    const { store } = await openForTest(open);
    await insert(store, [itemOf(1)]);
    const first = await claimOne(store, itemOf(1).id);
    await commit(store, [], [{ kind: "item-leased", ...first }]);
    await conflict(store, [{ kind: "item-leased", itemId: first.itemId, generation: first.generation + 1 }]);
    await store.releaseItems([first]);
    await conflict(store, [{ kind: "item-leased", ...first }]);
    const second = await claimOne(store, first.itemId);
    expect(second.generation).toBeGreaterThan(first.generation);
    await store.releaseItems([first]);
    await commit(store, [], [{ kind: "item-leased", ...second }]);
  });

  test("rescheduling ends the lease: the same change set again is a conflict, and the item can be claimed", async () => {
    const { store } = await openForTest(open);
    await insert(store, [itemOf(1)]);
    const first = await claimOne(store, itemOf(1).id);
    const retry = { kind: "reschedule-item", item: itemOf(1, { attempt: 1, dueAt: 2_000 }) } as const;
    await commit(store, [retry], [{ kind: "item-leased", ...first }]);
    await conflict(store, [{ kind: "item-leased", ...first }], [retry]);
    expect((await claimOne(store, first.itemId)).generation).toBeGreaterThan(first.generation);
  });
}

function describeStaleLeases(open: OpenStore): void {
  test("a lease ends with its item, also when the item comes back", async () => {
    const { store } = await openForTest(open);
    for (const change of [
      { kind: "delete-item", itemId: itemOf(1).id },
      { kind: "delete-run-work", runId: idOf(1), hasPauses: false },
    ] as const) {
      await insert(store, [itemOf(1)]);
      const claim = await claimOne(store, itemOf(1).id);
      await commit(store, [change], [{ kind: "item-leased", ...claim }]);
      await conflict(store, [{ kind: "item-leased", ...claim }]);
      expect(await store.claimItems([claim.itemId])).toEqual([]);
      await insert(store, [itemOf(1)]);
      await conflict(store, [{ kind: "item-leased", ...claim }]);
      expect((await claimOne(store, claim.itemId)).generation).toBeGreaterThan(claim.generation);
      await commit(store, [{ kind: "delete-item", itemId: claim.itemId }]);
    }
  });

  test("of two decisions about one lease that are applied at once, the first wins", async () => {
    const { store } = await openForTest(open);
    await insert(store, [itemOf(1)]);
    const guard = { kind: "item-leased", ...(await claimOne(store, itemOf(1).id)) } as const;
    const decide = { guards: [guard], changes: [{ kind: "delete-item", itemId: guard.itemId }] } as const;
    expect(await Promise.all([store.apply(decide), store.apply(decide)])).toEqual([{ kind: "applied" }, { kind: "conflict", guard }]);
  });

  test("a change set that fails keeps the lease", async () => {
    const { store } = await openForTest(open);
    await insert(store, [itemOf(1)]);
    const claim = await claimOne(store, itemOf(1).id);
    const broken = { kind: "insert-item", item: itemOf(2, { id: "elsewhere" }) } as const;
    await expect(store.apply({ guards: [], changes: [{ kind: "delete-item", itemId: claim.itemId }, broken] })).rejects.toThrow();
    await commit(store, [], [{ kind: "item-leased", ...claim }]);
    expect(await store.claimItems([claim.itemId])).toEqual([]);
  });
}
