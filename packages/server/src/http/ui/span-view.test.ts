import { afterEach, expect, test } from "vitest";
import { answer, settled, testServer, type FakeApp, type Json, type TestServer } from "../test-server.fixture.ts";

let server: TestServer;
afterEach(() => server.stop());

/** Spans of one run after `advanceMs`. */
async function spans(app: FakeApp, advanceMs = 0): Promise<Json> {
  server = await testServer({ app });
  await server.post("/ui/v1/events", { name: "shop/imported", data: {} });
  await settled();
  await server.clock.advance(advanceMs);
  const { body } = await server.get("/ui/v1/runs");
  return (await server.get(`/ui/v1/runs/${body.items[0].id}`)).body.spans;
}

const error = { name: "TypeError", message: "boom", stack: "at x" };

test("a step that fails and then succeeds has both attempts, and begins with the first", async () => {
  const [, step] = await spans(({ ctx, steps }) => {
    if ("a" in steps) return answer(200, 1);
    return answer(206, [
      ctx.attempt === 0 ? { op: "StepError", id: "a", name: "a", error } : { op: "StepRun", id: "a", name: "a", data: { n: 1 } },
    ]);
  }, 120_000);
  expect(step).toMatchObject({ status: "completed", output: '{"n":1}', startedAt: server.clock.now() - 120_000 });
  expect(step.attempts).toMatchObject([
    { attempt: 0, outcome: "failed", error },
    { attempt: 1, outcome: "completed" },
  ]);
  expect(step.attempts[0].retryAt).toBe(step.attempts[1].startedAt);
});

test("a step that fails for good has its error once", async () => {
  const [, step] = await spans(({ steps }) =>
    "a" in steps ? answer(200, "caught") : answer(206, [{ op: "StepFailed", id: "a", name: "a", error }]),
  );
  expect(step).toMatchObject({ status: "failed", error, attempts: [{ attempt: 0, outcome: "failed", error }] });
  expect(step.attempts).toHaveLength(1);
  expect(step.output).toBeUndefined();
});

test("a function that fails for good shows every attempt of its own code", async () => {
  const [fn] = await spans(() => answer(500, error), 24 * 3_600_000);
  expect(fn).toMatchObject({ kind: "function", status: "failed", error });
  expect(fn.attempts.map(({ attempt, outcome }: Json) => [attempt, outcome])).toEqual(
    [0, 1, 2, 3, 4].map((attempt) => [attempt, "failed"]),
  );
});

test("planned steps run at the same time, each with its call", async () => {
  const list = await spans(({ steps }, { url }) => {
    if (url.includes("stepId=step"))
      return answer(
        206,
        ["a", "b"].map((id) => ({ op: "StepPlanned", id, name: id, userland: { id, index: 2 } })),
      );
    return "a" in steps ? answer(200, 1) : new Promise(() => {});
  });
  expect(list).toMatchObject([
    { id: "function", status: "running", attempts: [] },
    { id: "a", status: "running", userlandId: "a:2", attempts: [{ attempt: 0, outcome: "running" }], reason: { code: "in-progress" } },
    { id: "b", status: "running" },
  ]);
});

test("a wait shows what it waits for, and after its time-out no output", async () => {
  const wait = { op: "WaitForEvent", id: "w", name: "shop/paid", opts: { event: "shop/paid", timeout: "1m", if: "async.data.id == 1" } };
  const [, step] = await spans(({ steps }) => ("w" in steps ? answer(200, 1) : answer(206, [wait])), 60_000);
  expect(step).toMatchObject({
    kind: "wait-for-event",
    status: "timed_out",
    attempts: [],
    wait: { eventName: "shop/paid", expression: "async.data.id == 1" },
  });
  expect(step.output).toBeUndefined();
  expect(step.error).toBeUndefined();
});

test("a wait that was matched shows the event", async () => {
  const wait = { op: "WaitForEvent", id: "w", name: "shop/paid", opts: { event: "shop/paid", timeout: "1m" } };
  server = await testServer({ app: ({ steps }) => ("w" in steps ? answer(200, 1) : answer(206, [wait])) });
  await server.post("/ui/v1/events", { name: "shop/imported", data: {} });
  await settled();
  const { body: sent } = await server.post("/ui/v1/events", { name: "shop/paid", data: { id: 7 } });
  await settled();
  const { body: list } = await server.get("/ui/v1/runs");
  const { body: detail } = await server.get(`/ui/v1/runs/${list.items[0].id}`);
  expect(detail.spans[1]).toMatchObject({ status: "completed", wait: { matchedEventId: sent.ids[0] } });
  expect(JSON.parse(detail.spans[1].output)).toMatchObject({ name: "shop/paid", data: { id: 7 } });
});
