import { afterEach, expect, test } from "vitest";
import {
  answer,
  type CallBody,
  functionConfig,
  START,
  testServer,
  type TestServer,
  type TestServerOptions,
  settled,
} from "../test-server.fixture.ts";

let server: TestServer;
afterEach(() => server.stop());

async function started(options: TestServerOptions = {}): Promise<TestServer> {
  server = await testServer(options);
  return server;
}

async function sent(data: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const { body } = await server.post("/ui/v1/events", { name: "shop/imported", data });
  await settled();
  const { body: list } = await server.get("/ui/v1/runs");
  expect(body.ids).toEqual([list.items[0].eventId]);
  return list.items[0].id as string;
}

const isDone = ({ steps }: CallBody, id: string): boolean => id in steps;

test("boot says what the server is", async () => {
  await started();
  const { body } = await server.get("/ui/v1/boot");
  expect(body).toMatchObject({ version: "1.2.3", kind: "dev", store: "memory", startedAt: START });
  expect(body.seq).toBeGreaterThan(START * 1_000);
});

test("an event that is sent starts a run, which is listed and can be opened", async () => {
  await started({
    app: (call) =>
      isDone(call, "a")
        ? answer(200, { total: 3 })
        : answer(206, [{ op: "StepRun", id: "a", displayName: "load", data: 3, opts: { input: [1, 2] } }]),
  });
  const runId = await sent({ n: 1 });
  const { body: list } = await server.get("/ui/v1/runs");
  expect(list.items).toHaveLength(1);
  expect(list.items[0]).toMatchObject({
    id: runId,
    functionSlug: "shop-import",
    appName: "shop",
    status: "COMPLETED",
    phase: "completed",
    eventName: "shop/imported",
    stepsDone: 1,
  });
  const { body: detail } = await server.get(`/ui/v1/runs/${runId}`);
  expect(detail).toMatchObject({ output: '{"total":3}', canCancel: false, childRuns: [] });
  expect(detail.events).toMatchObject([
    { name: "shop/imported", data: '{"n":1}', internal: false, runs: [{ id: runId, status: "COMPLETED" }] },
  ]);
  expect(detail.spans).toMatchObject([
    { id: "function", kind: "function", status: "completed", attempts: [{ attempt: 0, outcome: "completed" }], output: '{"total":3}' },
    {
      id: "a",
      kind: "run",
      name: "load",
      status: "completed",
      input: "[1,2]",
      output: "3",
      attempts: [{ attempt: 0, outcome: "completed" }],
    },
  ]);
});

test("a run that sleeps says until when, in the list and on its page", async () => {
  await started({ app: () => answer(206, [{ op: "Sleep", id: "s", displayName: "nap", name: "1h" }]) });
  const runId = await sent();
  const reason = { code: "sleeping", since: START, until: START + 3_600_000 };
  const { body: list } = await server.get("/ui/v1/runs");
  expect(list.items[0]).toMatchObject({ status: "RUNNING", phase: "waiting", reason });
  const { body: detail } = await server.get(`/ui/v1/runs/${runId}`);
  expect(detail.run.reason).toEqual(list.items[0].reason);
  expect(detail.spans[1]).toMatchObject({ kind: "sleep", status: "waiting", until: START + 3_600_000, reason });
});

test("a run that is held says by which limit and key", async () => {
  await started({ config: { concurrency: [{ limit: 1, key: "event.data.user" }] }, app: () => new Promise(() => {}) });
  await sent({ user: "ada" });
  const held = await sent({ user: "ada" });
  const { body: list } = await server.get("/ui/v1/runs");
  expect(list.items[0]).toMatchObject({ id: held, phase: "held", reason: { code: "concurrency-limit" } });
  expect(list.items[0].reason.text).toBe("Held by the concurrency limit for event.data.user = ada: its only slot is in use.");
  expect(list.items[1]).toMatchObject({ phase: "running", reason: { code: "in-progress", since: START } });
});

test("a run that is retried says what failed and when it goes on", async () => {
  await started({ app: () => answer(500, { name: "TypeError", message: "boom" }) });
  const runId = await sent();
  const { body: detail } = await server.get(`/ui/v1/runs/${runId}`);
  expect(detail.run).toMatchObject({ phase: "retrying", reason: { code: "retrying" } });
  expect(detail.run.reason.text).toBe("The last attempt failed (TypeError: boom); attempt 2 of 5 is scheduled.");
  expect(detail.spans[0]).toMatchObject({
    status: "retrying",
    attempts: [{ attempt: 0, outcome: "failed", httpStatus: 500, error: { name: "TypeError", message: "boom" } }],
  });
  expect(detail.spans[0].attempts[0].retryAt).toBe(detail.run.reason.until);
});

test("an app that can't be reached is the reason", async () => {
  await started({ app: () => ({ kind: "no-response", code: "http_unreachable", message: "Unable to reach the app" }) });
  await sent();
  const { body: list } = await server.get("/ui/v1/runs");
  expect(list.items[0]).toMatchObject({ phase: "retrying", reason: { code: "app-unreachable" } });
});

test("an invoked run is linked while its parent waits for it, and afterwards", async () => {
  const parent = functionConfig("shop-import");
  const child = functionConfig("shop-child", { triggers: [{ event: "never/sent" }] });
  await started({
    functions: [parent, child],
    app: (call, { url }) => {
      if (url.includes("shop-child"))
        return isDone(call, "s") ? answer(200, "child's") : answer(206, [{ op: "Sleep", id: "s", name: "1m" }]);
      return isDone(call, "i")
        ? answer(200, "parent's")
        : answer(206, [
            { op: "InvokeFunction", id: "i", displayName: "call", opts: { function_id: "shop-child", payload: { data: { a: 1 } } } },
          ]);
    },
  });
  await server.post("/ui/v1/events", { name: "shop/imported", data: {} });
  await settled();
  const { body: list } = await server.get("/ui/v1/runs?function=shop-import");
  const runId = list.items[0].id as string;
  const { body: waiting } = await server.get(`/ui/v1/runs/${runId}`);
  expect(waiting.run.reason).toMatchObject({ code: "waiting-for-invoke", text: "Waiting for shop-child to finish, or for the timeout." });
  const [childId] = waiting.childRuns as readonly string[];
  expect(waiting.spans[1]).toMatchObject({ input: '{"data":{"a":1}}', invoke: { functionSlug: "shop-child", runId: childId } });
  await server.clock.advance(60_000);
  const { body: ended } = await server.get(`/ui/v1/runs/${runId}`);
  expect(ended).toMatchObject({ run: { phase: "completed" }, childRuns: [childId] });
  expect(ended.spans[1]).toMatchObject({ status: "completed", output: '"child\'s"' });
});

test("a run can be cancelled once, and run again", async () => {
  await started({ app: () => answer(206, [{ op: "Sleep", id: "s", name: "1h" }]) });
  const runId = await sent();
  expect(await server.post(`/ui/v1/runs/${runId}/cancel`)).toMatchObject({ status: 200, body: { ok: true } });
  expect(await server.post(`/ui/v1/runs/${runId}/cancel`)).toMatchObject({ status: 409, body: { error: { code: "run-ended" } } });
  const { body: detail } = await server.get(`/ui/v1/runs/${runId}`);
  expect(detail.spans[1]).toMatchObject({ status: "cancelled", endedAt: START });
  const { body } = await server.post(`/ui/v1/runs/${runId}/rerun`);
  await settled();
  const { body: again } = await server.get(`/ui/v1/runs/${body.runId}`);
  expect(again.run).toMatchObject({ rerunOf: runId, phase: "waiting" });
});

test("lists are paged newest first, and filtered", async () => {
  await started();
  const ids: string[] = [];
  for (let count = 0; count < 3; count++) {
    ids.unshift(await sent());
    await server.clock.advance(1_000);
  }
  const { body: first } = await server.get("/ui/v1/runs?limit=2");
  const { body: second } = await server.get(`/ui/v1/runs?limit=2&cursor=${first.next}`);
  expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
  expect(second.next).toBeUndefined();
  expect((await server.get(`/ui/v1/runs?from=${START + 1_000}`)).body.items).toHaveLength(2);
  expect((await server.get("/ui/v1/runs?status=FAILED,RUNNING")).body.items).toEqual([]);
  expect((await server.get(`/ui/v1/runs?q=${ids[1]?.toLowerCase()}`)).body.items).toMatchObject([{ id: ids[1] }]);
  const { body: events } = await server.get("/ui/v1/events?limit=2");
  expect(events.items).toMatchObject([{ runs: [{ id: ids[0] }] }, { runs: [{ id: ids[1] }] }]);
  expect((await server.get(`/ui/v1/events?cursor=${events.next}`)).body.items).toHaveLength(1);
  expect((await server.get("/ui/v1/events?internal=true&name=inngest/function.finished")).body.items).toHaveLength(3);
});

test("apps and functions are listed", async () => {
  await started();
  expect((await server.get("/ui/v1/apps")).body.items).toMatchObject([
    { name: "shop", sdk: "js:v4.24.0", framework: "express", functionCount: 1 },
  ]);
  const { body } = await server.get("/ui/v1/functions");
  expect(body.items).toMatchObject([{ slug: "shop-import", appName: "shop", triggers: [{ event: "shop/imported" }] }]);
  expect(JSON.parse(body.items[0].config)).toMatchObject({ id: "shop-import" });
});

test.each([
  ["/ui/v1/runs?status=DONE", 400, "invalid-request"],
  ["/ui/v1/runs?limit=1000", 400, "invalid-request"],
  ["/ui/v1/runs?from=yesterday", 400, "invalid-request"],
  ["/ui/v1/runs?cursor=%7B", 400, "invalid-request"],
  ["/ui/v1/runs/01K6ZZZZZZ0000000000000000", 404, "run-not-found"],
  ["/ui/v1/nothing", 404, "unknown-path"],
])("%s is refused with a code and a sentence", async (url, status, code) => {
  await started();
  const response = await server.get(url);
  expect(response).toMatchObject({ status, body: { error: { code, message: expect.stringMatching(/\.$/) } } });
});

test.each([[{ name: "a" }], [{ name: "", data: {} }], [{ name: "inngest/x", data: {} }], [[]], [{ name: "a", data: [1] }]])(
  "the event %j is refused",
  async (event) => {
    await started();
    expect(await server.post("/ui/v1/events", event)).toMatchObject({ status: 400, body: { error: { code: "invalid-request" } } });
  },
);
