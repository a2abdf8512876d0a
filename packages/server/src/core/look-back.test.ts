import { type EventRow, type ItemRow, type RunRow, type RunState, runStateOf, type StepRow } from "@pawl/engine";
import { hashStepId } from "@pawl/protocol";
import { type MemoryStore, openMemoryStore } from "@pawl/store-memory";
import { afterEach, expect, test } from "vitest";
import { answer, type CallBody, type Json, settled, type TestServer, testServer } from "../http/test-server.fixture.ts";
import { eventsBefore } from "./look-back.ts";

let server: TestServer;
afterEach(() => server.stop());

const WAIT = hashStepId("wait");

/** A function that waits, and returns what it got. */
async function waiting(opts: Readonly<Record<string, unknown>>, before: () => Promise<void> = async () => {}): Promise<void> {
  server = await testServer({
    app: ({ steps }: CallBody) =>
      steps[WAIT] === undefined
        ? answer(206, [{ op: "WaitForEvent", id: WAIT, name: "a", opts: { timeout: "1h", ...opts } }])
        : answer(200, steps[WAIT]),
  });
  await before();
  await server.clock.advance(1_000);
  await server.post("/e/k", { name: "shop/imported", data: { id: 1 } });
  await settled();
}

const send = async (name: string, data: unknown): Promise<void> => {
  await server.post("/e/k", { name, data });
  await settled();
};

async function run(): Promise<Json> {
  const { body } = await server.get("/v2/runs?includeOutput=true");
  return body.data[0];
}

test("a wait that looks back gets the oldest matching event of that time, though it is processed", async () => {
  await waiting({ lookBack: "5s", if: "async.data.id == event.data.id" }, async () => {
    await send("a", { id: 2, n: 1 });
    await send("a", { id: 1, n: 2 });
    await send("a", { id: 1, n: 3 });
  });
  expect(await run()).toMatchObject({ status: "COMPLETED", output: { name: "a", data: { id: 1, n: 2 } } });
});

test("what came before that time does not count, and what comes afterwards does", async () => {
  await waiting({ lookBack: "500ms" }, () => send("a", { n: 1 }));
  expect(await run()).toMatchObject({ status: "RUNNING" });
  await send("a", { n: 2 });
  expect(await run()).toMatchObject({ status: "COMPLETED", output: { data: { n: 2 } } });
});

test("without a look-back, an event that came before is missed", async () => {
  await waiting({}, () => send("a", { n: 1 }));
  expect(await run()).toMatchObject({ status: "RUNNING" });
});

/** A store with events of one name, numbered from 1, one each millisecond. */
function manyEvents(count: number): {
  readonly store: MemoryStore;
  readonly state: RunState;
  readonly item: ItemRow;
  readonly read: () => number;
} {
  const store = openMemoryStore();
  const idOf = (n: number): string => `01K6${String(n).padStart(22, "0")}`;
  const run = { id: "r", eventIds: [idOf(1)] } as unknown as RunRow;
  const step = { runId: "r", id: "w", kind: "wait-for-event" } as StepRow;
  const pause = { id: "r/w", runId: "r", kind: "event", stepId: "w", eventName: "a", createdAt: 0, expiresAt: 1e9 } as const;
  const events = Array.from({ length: count }, (_, index): EventRow => {
    const id = idOf(index + 1);
    const body = JSON.stringify({ name: "a", data: { n: index + 1 } });
    return { id, externalId: id, name: "a", ts: index, receivedAt: index, body, isInternal: false, isProcessed: true };
  });
  const expression = { expression: "async.data.n % 600.0 == 1.0" };
  void store.apply({
    guards: [],
    changes: [
      ...events.map((event) => ({ kind: "insert-event", event }) as const),
      { kind: "insert-pause", pause: { ...pause, ...expression } },
    ],
  });
  let reads = 0;
  const eventsOfName: MemoryStore["eventsOfName"] = (query) => {
    reads += 1;
    return store.eventsOfName(query);
  };
  const item = { id: "r/look-back/0/w", runId: "r", kind: "look-back", stepId: "w" } as ItemRow;
  return { store: { ...store, eventsOfName }, state: runStateOf(run, [step], { events: [] }), item, read: () => reads };
}

test("the search goes on page by page until an event fits that is not the run's own", async () => {
  const { store, state, item, read } = manyEvents(1_000);
  const found = await eventsBefore(store, state, { item, now: 5_000 });
  expect(found.map(({ event }) => JSON.parse(event.body).data.n)).toEqual([601]);
  expect(read()).toBe(7);
});

test("the search ends with what is stored, and at its bound", async () => {
  const few = manyEvents(250);
  expect(await eventsBefore(few.store, few.state, { item: few.item, now: 5_000 })).toEqual([]);
  expect(few.read()).toBe(3);
  const late = manyEvents(600);
  expect(await eventsBefore(late.store, late.state, { item: late.item, now: 5_000 })).toEqual([]);
  expect(late.read()).toBe(7);
});

test("a busy name is searched up to a bound", async () => {
  const { store, state, item } = manyEvents(1);
  const event = (await store.eventsOfName({ name: "a", receivedFrom: 0, receivedUntil: 0, limit: 1 }))[0] as EventRow;
  let read = 0;
  const endless: MemoryStore["eventsOfName"] = async ({ limit }) => {
    read += limit;
    return Array.from({ length: limit }, () => event);
  };
  expect(await eventsBefore({ ...store, eventsOfName: endless }, state, { item, now: 5_000 })).toEqual([]);
  expect(read).toBe(10_000);
});

test("the first of several events ends the wait, and the others find nothing", async () => {
  await waiting({ events: ["a", { event: "b", if: "async.data.ok" }] });
  await send("b", { ok: false });
  expect(await run()).toMatchObject({ status: "RUNNING" });
  await send("b", { ok: true });
  expect(await run()).toMatchObject({ status: "COMPLETED", output: { name: "b" } });
  await send("a", {});
  expect(await server.engine.store.findPauses({ eventName: "a", valueAt: () => undefined })).toEqual([]);
});

test("a time-out takes all pauses along", async () => {
  await waiting({ events: ["a", "b"] });
  await server.clock.advance(3_600_000);
  await settled();
  expect(await run()).toMatchObject({ status: "COMPLETED" });
  for (const eventName of ["a", "b"]) expect(await server.engine.store.findPauses({ eventName, valueAt: () => undefined })).toEqual([]);
});
