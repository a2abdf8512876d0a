import { hashStepId } from "@pawl/protocol";
import { openMemoryStore } from "@pawl/store-memory";
import { expect, test } from "vitest";
import type { EventRow, FunctionRow } from "@pawl/engine";
import { systemClock } from "../ports/clock.ts";
import { ManualClock } from "../ports/manual-clock.fixture.ts";
import { silentLogger } from "../ports/logger.ts";
import { systemRandom } from "../ports/random.ts";
import { answer, settled } from "../http/test-server.fixture.ts";
import { Engine } from "./engine.ts";

const invoker = { call: async () => ({ kind: "no-response", code: "x", message: "x" }) as const, close: async () => {} };

function eventRow(index: number): EventRow {
  const id = `01K6${String(index).padStart(22, "0")}`;
  const body = JSON.stringify({ data: {}, id, name: "a", ts: 1, user: {} });
  return { id, externalId: id, name: "a", ts: 1, receivedAt: 1, body, isInternal: false, isProcessed: false };
}

const listening: FunctionRow = {
  id: "fn-1",
  appId: "app-1",
  slug: "shop-f",
  name: "f",
  version: 1,
  config: "{}",
  createdAt: 1,
  definition: {
    slug: "shop-f",
    name: "f",
    url: "http://127.0.0.1:1/?fnId=shop-f",
    attemptsMax: 1,
    triggers: [{ kind: "event", event: "a" }],
    concurrency: { step: [] },
    cancelOn: [],
    timeouts: {},
  },
};

test("every event that a crash left unprocessed has its run after a restart, however many there are", async () => {
  const store = openMemoryStore();
  const changes = Array.from({ length: 1_203 }, (_, index) => ({ kind: "insert-event", event: eventRow(index) }) as const);
  await store.apply({ guards: [], changes: [{ kind: "put-function", function: listening }, ...changes] });
  const engine = new Engine({ store, clock: systemClock, random: systemRandom(), logger: silentLogger, invoker, workers: 1 });
  await engine.start();
  expect(await store.unprocessedEvents({ limit: 10 })).toEqual([]);
  expect(await store.history.countRuns({ filter: {}, timeField: "queuedAt", max: 5_000 })).toBe(1_203);
  await engine.stop(0);
});

test("an event that could not be stored resumes nothing (simulator seed 54)", async () => {
  let isFailing = false;
  const faults = {
    beforeCommit: ({ changes }: { readonly changes: readonly { readonly kind: string }[] }) => {
      if (isFailing && changes.some(({ kind }) => kind === "insert-event")) throw new Error("The disk is full.");
    },
  };
  const store = openMemoryStore({ faults });
  const waiting = answer(206, [{ op: "WaitForEvent", id: hashStepId("wait"), name: "b", opts: { timeout: "1h" } }]);
  const app = { call: async () => waiting, close: async () => {} };
  const engine = new Engine({ store, clock: systemClock, random: systemRandom(), logger: silentLogger, invoker: app });
  await store.apply({ guards: [], changes: [{ kind: "put-function", function: listening }] });
  await engine.start();
  const [eventId = ""] = await engine.send([{ name: "a", data: {} }]);
  await settled();
  isFailing = true;
  await expect(engine.send([{ name: "b", data: {} }])).rejects.toThrow("The disk is full.");
  await settled();
  const [run] = await store.history.runsOfEvents([eventId]);
  expect(await store.pauseById(`${run?.id}/${hashStepId("wait")}`)).toBeDefined();
  isFailing = false;
  await engine.send([{ name: "b", data: {} }]);
  await settled();
  expect(await store.pauseById(`${run?.id}/${hashStepId("wait")}`)).toBeUndefined();
  await engine.stop(0);
});

test("an invocation of a function that does not exist fails at once, also where commits take time", async () => {
  const base = openMemoryStore();
  const apply: typeof base.apply = async (changeSet) => {
    await new Promise((resolve) => setImmediate(resolve));
    return base.apply(changeSet);
  };
  const stepId = hashStepId("invoke");
  const invoking = answer(206, [
    { op: "InvokeFunction", id: stepId, name: "invoke", opts: { function_id: "nobody", payload: {}, timeout: "1h" } },
  ]);
  const calls: string[] = [];
  const call = async ({ body }: { readonly body: string }) => (calls.push(body) === 1 ? invoking : answer(200, null));
  await base.apply({ guards: [], changes: [{ kind: "put-function", function: listening }] });
  const options = { clock: systemClock, random: systemRandom(), logger: silentLogger, invoker: { call, close: async () => {} } };
  const engine = new Engine({ store: { ...base, apply }, ...options });
  await engine.start();
  await engine.send([{ name: "a", data: {} }]);
  for (let turns = 0; turns < 20; turns++) await settled();
  expect(calls).toHaveLength(2);
  expect(calls[1]).toContain("could not find function with ID: nobody");
  await engine.stop(0);
});

test("an event that is sent again while its first, failed request is still being processed has its run (simulator seed 17526)", async () => {
  let inserts = 0;
  const store = openMemoryStore({
    faults: {
      beforeCommit: ({ changes }) => {
        if (changes.some(({ kind }) => kind === "insert-event") && inserts++ === 0) throw new Error("The disk is full.");
      },
    },
  });
  await store.apply({ guards: [], changes: [{ kind: "put-function", function: listening }] });
  const engine = new Engine({ store, clock: systemClock, random: systemRandom(), logger: silentLogger, invoker });
  await engine.start();
  const event = { name: "a", data: {}, internalId: eventRow(1).id };
  const first = engine.send([event]);
  const second = engine.send([event]);
  await expect(first).rejects.toThrow("The disk is full.");
  await second;
  await settled();
  expect(await store.history.countRuns({ filter: {}, timeField: "queuedAt", max: 10 })).toBe(1);
  expect(await store.unprocessedEvents({ limit: 10 })).toEqual([]);
  await engine.stop(0);
});

test("an event that could not be stored is not kept, and makes no others, while the store fails", async () => {
  const clock = new ManualClock();
  const faults = {
    beforeCommit: ({ changes }: { readonly changes: readonly { readonly kind: string }[] }) => {
      if (changes.some(({ kind }) => kind !== "put-app" && kind !== "put-function")) throw new Error("The disk is full.");
    },
  };
  const store = openMemoryStore({ faults });
  await store.apply({ guards: [], changes: [{ kind: "put-function", function: listening }] });
  const engine = new Engine({ store, clock, random: systemRandom(), logger: silentLogger, invoker });
  await engine.start();
  await expect(engine.send([{ name: "a", data: {} }])).rejects.toThrow("full");
  await clock.advance(0);
  expect(engine.pendingEvents).toEqual({ count: 0, bytes: 0 });
  await engine.stop(0);
});

test("an event that was stored without our being told is processed", async () => {
  const clock = new ManualClock();
  let isLost = false;
  const faults = {
    afterCommit: (): void => {
      if (isLost) throw new Error("The connection was lost.");
    },
  };
  const store = openMemoryStore({ faults });
  await store.apply({ guards: [], changes: [{ kind: "put-function", function: listening }] });
  const engine = new Engine({ store, clock, random: systemRandom(), logger: silentLogger, invoker });
  await engine.start();
  isLost = true;
  await expect(engine.send([{ name: "a", data: {} }])).rejects.toThrow("lost");
  isLost = false;
  await clock.advance(100);
  await clock.advance(100);
  expect(engine.pendingEvents.count).toBe(0);
  expect(await store.history.countRuns({ filter: {}, timeField: "queuedAt", max: 10 })).toBe(1);
  await engine.stop(0);
});
