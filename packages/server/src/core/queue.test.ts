import { type ItemRow } from "@pawl/engine";
import { openMemoryStore } from "@pawl/store-memory";
import { expect, test } from "vitest";
import { silentLogger } from "../ports/logger.ts";
import { ManualClock, settled, START } from "../ports/manual-clock.fixture.ts";
import { Queue } from "./queue.ts";

function itemRow(index: number, over: Partial<ItemRow> = {}): ItemRow {
  const runId = `01K7${String(index).padStart(22, "0")}`;
  return {
    id: `${runId}/start`,
    runId,
    functionId: "f",
    kind: "start",
    dueAt: START,
    score: index,
    lane: "f",
    attempt: 0,
    attemptsMax: 4,
    ...over,
  };
}

/** A queue over a memory store that notes what it hands on; each item is deleted when its work ends. */
async function queueOf(
  items: readonly ItemRow[],
  over: { readonly workers?: number; readonly limit?: number; readonly isManual?: boolean } = {},
) {
  const store = openMemoryStore();
  const clock = new ManualClock();
  const started: string[] = [];
  const open: (() => void)[] = [];
  let now = 0;
  let most = 0;
  const insert = (rows: readonly ItemRow[]) =>
    store.apply({ guards: [], changes: rows.map((item) => ({ kind: "insert-item", item }) as const) });
  await insert(items);
  const step = over.limit === undefined ? [] : [{ limit: over.limit, scope: "fn" as const }];
  const functionById = (): never => ({ definition: { concurrency: { step } } }) as never;
  const queue: Queue = new Queue({
    store,
    clock,
    logger: silentLogger,
    workers: over.workers ?? 10,
    functionById,
    returned: () => {},
    process: async (item) => {
      started.push(item.id);
      most = Math.max(most, (now += 1));
      if (over.isManual === true) await new Promise<void>((resolve) => open.push(resolve));
      await store.apply({ guards: [], changes: [{ kind: "delete-item", itemId: item.id }] });
      queue.forget(item.id);
      now -= 1;
      return "decided";
    },
  });
  return { queue, clock, store, started, open, insert, most: () => most };
}

test("every due item of a lane much larger than its window is handed on once, in order, whatever comes meanwhile", async () => {
  const items = Array.from({ length: 3_500 }, (_, index) => itemRow(index));
  const world = await queueOf(
    items.filter((_, index) => index % 7 !== 0),
    { workers: 1 },
  );
  await world.queue.start();
  for (const late of items.filter((_, index) => index % 7 === 0)) {
    await world.insert([late]);
    world.queue.offer(late);
    if (late.score % 70 === 0) await settled();
  }
  for (let round = 0; round < 4_000 && world.started.length < items.length; round++) await world.clock.advance(1);
  expect(new Set(world.started).size).toBe(3_500);
  expect(world.started).toHaveLength(3_500);
});

test("more items than fit into memory, offered while the lane is busy, are all handed on, smallest score first", async () => {
  const world = await queueOf([], { workers: 1, isManual: true });
  await world.queue.start();
  const items = Array.from({ length: 2_600 }, (_, index) => itemRow(2_600 - index));
  await world.insert(items);
  for (const item of items) world.queue.offer(item);
  await settled();
  while (world.open.length > 0) {
    for (const release of world.open.splice(0)) release();
    await settled();
    await settled();
  }
  expect(world.started).toHaveLength(2_600);
  // The first began before the others came; the rest follow their order.
  expect(world.started.slice(1)).toEqual(world.started.slice(1).toSorted());
});

test("more timers than fit into the window all go off, each at its time", async () => {
  const items = Array.from({ length: 12_500 }, (_, index) =>
    itemRow(index, { kind: "sleep", stepId: "s", dueAt: START + 1_000 + (index % 500) * 10 }),
  );
  const world = await queueOf([]);
  await world.queue.start();
  await world.insert(items);
  for (const item of items) world.queue.offer(item);
  expect(world.queue.sizes().items).toBeLessThanOrEqual(10_000);
  await world.clock.advance(999);
  expect(world.started).toHaveLength(0);
  await world.clock.advance(6_000);
  expect(new Set(world.started).size).toBe(12_500);
  expect(world.started).toHaveLength(12_500);
});

test("a limit is never exceeded and a free slot is taken at once", async () => {
  const world = await queueOf(
    Array.from({ length: 20 }, (_, index) => itemRow(index)),
    { limit: 3, isManual: true },
  );
  await world.queue.start();
  await settled();
  expect(world.started).toHaveLength(3);
  while (world.open.length > 0) {
    world.open.shift()?.();
    await settled();
    await settled();
  }
  expect(world.started).toHaveLength(20);
  expect(world.most()).toBe(3);
});

test("lanes take turns: a full one delays the first item of another by no more than what has begun", async () => {
  const many = Array.from({ length: 900 }, (_, index) => itemRow(index, { lane: "f|fn:aaaaaaaaaaaa:big" }));
  const other = itemRow(5_000, { lane: "f|fn:aaaaaaaaaaaa:small" });
  const world = await queueOf([...many, other], { workers: 2, isManual: true });
  await world.queue.start();
  await settled();
  while (!world.started.includes(other.id) && world.open.length > 0) {
    world.open.shift()?.();
    await settled();
    await settled();
  }
  expect(world.started.indexOf(other.id)).toBeLessThan(5);
});

test("an item that is offered twice before it is due begins once, and is in progress until its work ends, though both its timers go off", async () => {
  const later = itemRow(1, { dueAt: START + 1_000 });
  const { queue, clock, started, open, insert } = await queueOf([], { isManual: true });
  await queue.start();
  await insert([later]);
  queue.offer(later);
  queue.offer(later);
  await clock.advance(1_000);
  expect([started.length, queue.isInProgress(later.id), queue.sizes().inProgress]).toEqual([1, true, 1]);
  open[0]?.();
  await settled();
});
