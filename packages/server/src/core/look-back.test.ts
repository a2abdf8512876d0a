import { hashStepId } from "@pawl/protocol";
import { afterEach, expect, test } from "vitest";
import { answer, type CallBody, type Json, settled, type TestServer, testServer } from "../http/test-server.fixture.ts";

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

test("the run's own event, and one that has ended a wait before, are used up", async () => {
  const second = hashStepId("again");
  server = await testServer({
    app: ({ steps }: CallBody) => {
      const next = steps[WAIT] === undefined ? WAIT : steps[second] === undefined ? second : undefined;
      if (next === undefined) return answer(200, [steps[WAIT], steps[second]]);
      return answer(206, [{ op: "WaitForEvent", id: next, name: "shop/imported", opts: { timeout: "1h", lookBack: "run" } }]);
    },
  });
  await send("shop/imported", { n: 1 });
  expect(await run()).toMatchObject({ status: "RUNNING" });
  await server.post("/v2/apps/shop/functions/import/invoke", { data: {} });
  await send("other", {});
  const { body } = await server.get("/v2/runs?order=asc");
  expect(body.data[0].status).toBe("RUNNING");
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
