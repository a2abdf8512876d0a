/** Tools under the names of the protocol's reference server. Spec: wire 12.3. */
import { afterEach, expect, test } from "vitest";
import { answer, type Json, settled, START, testServer, type TestServer, type TestServerOptions } from "../http/test-server.fixture.ts";
import { rfc3339 } from "../http/rest/identity.ts";
import { Docs } from "./docs.ts";
import { mcpRoutes } from "./mcp-routes.ts";

const KEY = "0123456789abcdef0123456789abcdef";
const NO_RUN = "01K6ZZZZZZ0000000000000000";
const DOCS = new Docs([
  { path: "a.md", title: "A", lines: ["# A", "Throttle it.", "## B", "Not a throttle."] },
  { path: "guides/c.md", title: "C", lines: ["# C"] },
]);

let server: TestServer;
afterEach(() => server.stop());

async function started(options: TestServerOptions = {}): Promise<void> {
  server = await testServer({ ...options, routes: [mcpRoutes({ readDocs: async () => DOCS })] });
}

async function call(name: string, args: unknown = {}, key = KEY): Promise<Json> {
  const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } };
  const { body } = await server.post("/mcp", message, { authorization: `Bearer ${key}` });
  const { isError, content, structuredContent } = body.result;
  return isError === true ? content[0].text : structuredContent;
}

test("invoke_function_sync takes slug, id or name, data and user, and answers when the run has ended", async () => {
  await started({ app: ({ event }) => answer(200, [event.data["n"], (event as Json).user]) });
  const [{ id } = { id: "" }] = server.engine.registry.functions();
  for (const functionId of ["shop-import", "import", id]) {
    const result = await call("invoke_function_sync", { functionId, data: '{"n":1}', user: { id: "u" } });
    expect(result).toEqual({
      runId: expect.any(String),
      functionName: "import",
      status: "COMPLETED",
      eventId: expect.any(String),
      eventName: "inngest/function.invoked",
      output: [1, { id: "u" }],
      duration: 0,
    });
  }
  expect(await call("invoke_function_sync", { functionId: "none" })).toMatch(/No function has the slug, id or name none/);
});

test("get_run_status tells a run and its steps", async () => {
  await started({
    app: ({ steps }) =>
      "a" in steps ? answer(200, 7) : answer(206, [{ op: "StepRun", id: "a", name: "load", displayName: "load", data: 1 }]),
  });
  const { runId } = await call("invoke_function_sync", { functionId: "shop-import" });
  expect(await call("get_run_status", { runId })).toMatchObject({
    runId,
    functionName: "import",
    status: "COMPLETED",
    startedAt: expect.any(String),
    endedAt: expect.any(String),
    steps: [{ stepName: "load", stepId: "a", status: "completed", attempt: 0 }],
    output: 7,
  });
  expect(await call("get_run_status", { runId: NO_RUN })).toMatch(/No run has the id/);
});

test("poll_run_status waits for all runs, and no longer than it may", async () => {
  await started({
    app: ({ event }) => (event.data["naps"] === true ? answer(206, [{ op: "Sleep", id: "s", name: "1h" }]) : answer(200, 1)),
  });
  const start = async (naps: boolean): Promise<string> =>
    (await call("invoke_function", { functionId: "shop-import", data: { naps }, timeout: 0 })).runId;
  const runIds = [await start(false), await start(true)];
  const waiting = call("poll_run_status", { runIds, timeout: 5, pollInterval: 100 });
  await settled();
  await server.clock.advance(5_000);
  expect(await waiting).toMatchObject({ runs: [{ status: "COMPLETED" }, { status: "RUNNING" }], completed: 1, running: 1, failed: 0 });
  await server.engine.cancel(runIds[1] ?? "", "");
  expect(await call("poll_run_status", { runIds })).toMatchObject({ completed: 1, running: 0, failed: 1 });
  expect(await call("poll_run_status", { runIds: [NO_RUN] })).toMatch(/No run has the id/);
});

test("an event id's older name is understood", async () => {
  await started();
  await call("send_event", { name: "shop/imported", eventIdSeed: "once" });
  expect(await call("send_event", { name: "shop/imported", eventIdSeed: "once" })).toMatchObject({
    runs: [],
    notStarted: [{ reason: "duplicate-event-id" }],
  });
});

test("documents are listed, and lines of them found", async () => {
  await started();
  expect(await call("list_docs")).toMatchObject({
    generatedAt: rfc3339(START),
    totalDocs: 2,
    totalChunks: 3,
    categories: { general: 1, guides: 1 },
  });
  const matches = [
    { file: "a.md", line: 2, content: "Throttle it." },
    { file: "a.md", line: 4, content: "Not a throttle." },
  ];
  expect(await call("grep_docs", { pattern: "THROTTLE" })).toEqual({ matches, count: 2 });
  expect(await call("grep_docs", { pattern: "throttle", limit: 1 })).toEqual({ matches: matches.slice(0, 1), count: 1 });
  expect(await call("grep_docs", { pattern: "(.*)+$" })).toEqual({ matches: [], count: 0 });
});

test("tools of REST v2 answer as the API does", async () => {
  await started();
  const { runId, eventId } = await call("send_event", { name: "shop/imported" }).then((sent) => ({ runId: sent.runs[0].runId, ...sent }));
  await settled();
  expect(await call("health")).toMatchObject({ data: { status: "ok" } });
  for (const [name, args, url] of [
    ["get_apps", { limit: 5, archived: false }, "/v2/apps?limit=5"],
    ["get_app", { appId: "shop" }, "/v2/apps/shop"],
    ["get_function", { appId: "shop", functionId: "import" }, "/v2/apps/shop/functions/import"],
    ["list_function_runs", { appId: "shop", functionId: "import", status: ["COMPLETED", "FAILED"] }, "/v2/apps/shop/functions/import/runs"],
    ["get_event_runs", { eventId, includeOutput: true }, `/v2/events/${String(eventId)}/runs?includeOutput=true`],
    ["get_run_trace", { runId }, `/v2/runs/${String(runId)}/trace`],
  ] as const) {
    const { body } = await server.get(url);
    expect([name, await call(name, args)]).toEqual([name, body]);
    expect([name, body.data]).not.toEqual([name, undefined]);
  }
  expect((await call("rerun", { runId })).data.runId).not.toBe(runId);
  expect(await call("get_app", { appId: "a/b %" })).toBe(
    'REST API v2 returned HTTP 404: {"errors":[{"code":"not_found","message":"App a%2Fb%20%25 not found"}]}',
  );
  expect(await call("get_app")).toMatch(/appId is required/);
  expect(await call("list_function_runs", { appId: "shop", functionId: "import", limit: 101 })).toMatch(/limit must be/);
});

test("tools of REST v2 do what the caller's key may do", async () => {
  await started({ kind: "cloud", signingKey: KEY });
  const { secret } = await server.engine.apiKeys.create({ name: "reader", scopes: ["read"] });
  expect(await call("get_app", { appId: "shop" }, secret)).toMatchObject({ data: { name: "shop" } });
  expect(await call("rerun", { runId: NO_RUN }, secret)).toMatch(/only read/);
  expect(await call("rerun", { runId: NO_RUN })).toMatch(/HTTP 404/);
});
