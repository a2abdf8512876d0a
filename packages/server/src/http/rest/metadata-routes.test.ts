import { hashStepId } from "@pawl/protocol";
import { afterEach, expect, test } from "vitest";
import { answer, type Json, settled, type TestServer, testServer } from "../test-server.fixture.ts";

let server: TestServer;
afterEach(() => server.stop());

async function runWithStep(): Promise<string> {
  server = await testServer({
    app: ({ steps }) =>
      steps[hashStepId("score")] === undefined
        ? answer(206, [{ op: "StepRun", id: hashStepId("score"), displayName: "score", data: 1 }])
        : answer(200, "done"),
  });
  await server.post("/e/key", { name: "shop/imported", data: {}, meta: { sessions: { user: "u1" } } });
  await settled();
  const { body } = await server.get("/v2/runs");
  return body.data[0].id;
}

const spans = async (runId: string): Promise<Json> => (await server.get(`/v2/runs/${runId}/trace`)).body.data.rootSpan;

test("metadata of a run and of a step is stored, merged and shown", async () => {
  const runId = await runWithStep();
  const note = (values: unknown, target = {}) =>
    server.post(`/v1/runs/${runId}/metadata`, { target, metadata: [{ kind: "userland.default", op: "merge", values }] });
  expect((await note({ rows: 3 })).status).toBe(200);
  await server.clock.advance(1);
  await note({ cols: 2 });
  await note({ rows: 9 }, { step_id: "score" });
  const root = await spans(runId);
  expect(root.metadata).toMatchObject([{ scope: "run", kind: "userland.default", values: { rows: "3", cols: "2" } }]);
  expect(root.children[0].metadata).toMatchObject([{ scope: "step", values: { rows: "9" } }]);
  expect((await server.get(`/ui/v1/runs/${runId}`)).body).toMatchObject({ sessions: [["user", "u1"]], metadata: [{}, {}] });
});

test("scores are stored with their experiment", async () => {
  const runId = await runWithStep();
  const scores = [
    { name: "quality", value: 0.5 },
    { name: "good", value: true, experiment: { id: "prompt", variant: "b" } },
    { name: "speed", value: 2, stepId: "score" },
    { name: "cost", value: 0 },
    { name: "safe", value: false },
  ];
  expect((await server.post(`/v2/runs/${runId}/scores`, scores)).body.data).toEqual(scores.map((score) => ({ runId, ...score })));
  const root = await spans(runId);
  expect(root.metadata.map(({ kind, values }: Json) => [kind, values])).toEqual([
    ["inngest.score", { quality: '{"value":0.5}', good: '{"value":true}', cost: '{"value":0}', safe: '{"value":false}' }],
    ["inngest.experiment", { name: '"prompt"', variant: '"b"' }],
  ]);
  expect(root.children[0].metadata[0].values).toEqual({ speed: '{"value":2}' });
  const snake = await server.post(`/v2/runs/${runId}/scores`, [{ name: "late", value: 1, step_id: "score" }]);
  expect(snake.body.data).toEqual([{ runId, name: "late", value: 1, stepId: "score" }]);
});

test.each([
  [{ metadata: [] }, 400],
  [{ metadata: [{ kind: "inngest.nope", op: "merge", values: {} }] }, 400],
  [{ target: { step_index: 1 }, metadata: [{ kind: "userland.a", op: "merge", values: {} }] }, 400],
  [{ metadata: [{ kind: "userland.a", op: "merge", values: { a: "x".repeat(70_000) } }] }, 413],
  [{ metadata: [{ kind: "userland.a", op: "merge", values: { a: "€".repeat(22_000) } }] }, 413],
  [{ metadata: [{ kind: `userland.${"é".repeat(60)}`, op: "merge", values: {} }] }, 400],
])("metadata is refused: %#", async (body, status) => {
  const runId = await runWithStep();
  expect((await server.post(`/v1/runs/${runId}/metadata`, body)).status).toBe(status);
});

test.each([
  [[], 400],
  [[{ name: "", value: 1 }], 400],
  [[{ name: "a", value: "1" }], 400],
  [[{ name: "a", value: 1, stepId: "s", experiment: { id: "e", variant: "v" } }], 400],
  [[{ name: "a", value: 1, weight: 2 }], 400],
  [Array.from({ length: 101 }, () => ({ name: "a", value: 1 })), 400],
])("scores are refused: %#", async (body, status) => {
  const runId = await runWithStep();
  expect((await server.post(`/v2/runs/${runId}/scores`, body)).status).toBe(status);
});

test("a run that is not there has no metadata", async () => {
  await runWithStep();
  const id = "01K6ZZZZZZ0000000000000000";
  expect((await server.post(`/v2/runs/${id}/scores`, [{ name: "a", value: 1 }])).status).toBe(404);
  expect((await server.post(`/v1/runs/${id}/metadata`, { metadata: [{ kind: "userland.a", values: {} }] })).status).toBe(404);
});

test("updates that come at the same time stay within the run's limit together", async () => {
  const runId = await runWithStep();
  const metadata = [{ kind: "userland.a", op: "merge", values: { a: "é".repeat(32_000) } }];
  const answers = await Promise.all(Array.from({ length: 20 }, () => server.post(`/v1/runs/${runId}/metadata`, { metadata })));
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([...Array(16).fill(200), ...Array(4).fill(413)]);
});
