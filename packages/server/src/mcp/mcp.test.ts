import { afterEach, expect, test } from "vitest";
import {
  answer,
  functionConfig,
  type Json,
  settled,
  START,
  testServer,
  type TestServer,
  type TestServerOptions,
} from "../http/test-server.fixture.ts";
import { problemOf } from "../json-schema.ts";
import { Docs } from "./docs.ts";
import { mcpRoutes } from "./mcp-routes.ts";

const KEY = "0123456789abcdef0123456789abcdef";
const NO_RUN = "01K6ZZZZZZ0000000000000000";

let server: TestServer;
afterEach(() => server.stop());

const DOCS = new Docs([
  { path: "a.md", title: "A", lines: ["# A", ...Array.from({ length: 500 }, (_, index) => `line ${String(index)}`)] },
]);

async function started(options: TestServerOptions = {}): Promise<void> {
  server = await testServer({ ...options, routes: [mcpRoutes({ readDocs: async () => DOCS })] });
}

async function request(method: string, params?: unknown): Promise<Json> {
  const { status, body } = await server.post("/mcp", { jsonrpc: "2.0", id: 1, method, params });
  expect([status, body.jsonrpc, body.id]).toEqual([200, "2.0", 1]);
  return body;
}

/** What a tool answers: its result, or the text of its refusal. */
async function call(name: string, args?: unknown): Promise<Json> {
  const { result } = await request("tools/call", { name, arguments: args });
  expect(result.content).toMatchObject([{ type: "text" }]);
  if (result.isError === true) return result.content[0].text;
  expect(JSON.parse(result.content[0].text)).toEqual(result.structuredContent);
  return result.structuredContent;
}

test("a client is welcomed in its revision of the protocol, or in the newest", async () => {
  await started();
  for (const [asked, told] of [
    ["2025-06-18", "2025-06-18"],
    ["2024-11-05", "2024-11-05"],
    ["1999-01-01", "2025-11-25"],
  ]) {
    const { result } = await request("initialize", { protocolVersion: asked, capabilities: {}, clientInfo: { name: "t", version: "1" } });
    expect(result).toMatchObject({ protocolVersion: told, capabilities: { tools: {} }, serverInfo: { name: "pawl", version: "1.2.3" } });
  }
  expect((await request("ping")).result).toEqual({});
  expect(await server.post("/mcp", { jsonrpc: "2.0", method: "notifications/initialized" })).toMatchObject({ status: 202, body: "" });
});

test("tools are listed with the schema of their arguments and with what they do", async () => {
  await started();
  const { result } = await request("tools/list");
  expect(result.tools.map(({ name, annotations }: Json) => [name, annotations.readOnlyHint, annotations.destructiveHint])).toEqual([
    ["list_functions", true, false],
    ["send_event", false, false],
    ["invoke_function", false, false],
    ["list_runs", true, false],
    ["get_run", true, false],
    ["cancel_run", false, true],
    ["search_docs", true, false],
    ["read_doc", true, false],
    ["grep_docs", true, false],
    ["list_docs", true, false],
    ["get_run_status", true, false],
    ["poll_run_status", true, false],
    ["invoke_function_sync", false, false],
    ["health", true, false],
    ["get_apps", true, false],
    ["get_app", true, false],
    ["get_function", true, false],
    ["list_function_runs", true, false],
    ["get_event_runs", true, false],
    ["get_run_trace", true, false],
    ["rerun", false, false],
  ]);
  for (const { inputSchema } of result.tools) expect(inputSchema).toMatchObject({ type: "object", additionalProperties: false });
});

test.each([
  ["{", 400, -32_700],
  ["[]", 400, -32_600],
  ["3", 400, -32_600],
  ['{"jsonrpc":"1.0","id":1,"method":"ping"}', 400, -32_600],
  ['{"jsonrpc":"2.0","id":{},"method":"ping"}', 400, -32_600],
  ['{"jsonrpc":"2.0","id":1,"method":"ping","params":3}', 400, -32_600],
  ['{"jsonrpc":"2.0","id":1,"method":"resources/list"}', 200, -32_601],
  ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"no"}}', 200, -32_602],
])("%s is answered with %i, error %i", async (payload, status, code) => {
  await started();
  const headers = { host: "localhost:8288", "content-type": "application/json" };
  const reply = await server.http.inject({ method: "POST", url: "/mcp", headers, payload });
  expect([reply.statusCode, reply.json().error.code]).toEqual([status, code]);
});

test("several messages at once are answered together, and an answer of a client is taken note of", async () => {
  await started();
  const ping = { jsonrpc: "2.0", id: "a", method: "ping" };
  const { status, body } = await server.post("/mcp", [ping, { jsonrpc: "2.0", method: "x" }, { ...ping, id: 2 }]);
  expect([status, body]).toEqual([
    200,
    [
      { jsonrpc: "2.0", id: "a", result: {} },
      { jsonrpc: "2.0", id: 2, result: {} },
    ],
  ]);
  expect((await server.post("/mcp", { jsonrpc: "2.0", id: 1, result: {} })).status).toBe(202);
  expect(
    (
      await server.post(
        "/mcp",
        Array.from({ length: 21 }, () => ping),
      )
    ).status,
  ).toBe(400);
});

test("there is no stream and no session, and revisions that nobody knows are refused", async () => {
  await started();
  expect(await server.get("/mcp")).toMatchObject({ status: 405, headers: { allow: "POST" } });
  expect((await server.delete("/mcp")).status).toBe(405);
  const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
  expect((await server.post("/mcp", ping, { "mcp-protocol-version": "1999-01-01" })).status).toBe(400);
  expect((await server.post("/mcp", ping, { "mcp-protocol-version": "2025-06-18" })).status).toBe(200);
});

test("in `start` the signing key is asked for; in development other sites' pages and names are refused", async () => {
  const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
  await started({ kind: "cloud", signingKey: KEY });
  expect((await server.post("/mcp", ping)).status).toBe(401);
  expect((await server.get("/mcp")).status).toBe(401);
  expect((await server.post("/mcp", ping, { authorization: `Bearer ${KEY}` })).status).toBe(200);
  await server.stop();
  await started();
  expect((await server.post("/mcp", ping, { origin: "https://evil.example" })).status).toBe(403);
  expect((await server.post("/mcp", ping, { host: "evil.example", "user-agent": "Mozilla/5.0" })).status).toBe(403);
  expect((await server.post("/mcp", ping, { origin: "http://localhost:6274" })).status).toBe(200);
});

test("an API key that may only read calls what changes nothing", async () => {
  await started({ kind: "cloud", signingKey: KEY });
  const { secret } = await server.engine.apiKeys.create({ name: "reader", scopes: ["read"] });
  const use = async (name: string, args: unknown): Promise<Json> => {
    const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } };
    return (await server.post("/mcp", message, { authorization: `Bearer ${secret}` })).body.result;
  };
  expect(await use("list_functions", {})).toMatchObject({ structuredContent: { functions: [{ functionId: "shop-import" }] } });
  expect(await use("send_event", { name: "shop/imported" })).toMatchObject({
    isError: true,
    content: [{ text: expect.stringMatching(/only read/) }],
  });
});

test("functions are listed with their triggers, and filtered", async () => {
  const triggers = [{ event: "shop/imported", expression: "event.data.n > 1" }, { cron: "0 0 * * *" }];
  await started({ functions: [functionConfig("shop-import", { triggers }), functionConfig("shop-other")] });
  expect((await call("list_functions")).functions).toMatchObject([{ functionId: "shop-import" }, { functionId: "shop-other" }]);
  expect(await call("list_functions", { query: "IMPORT" })).toEqual({
    functions: [
      {
        functionId: "shop-import",
        name: "import",
        app: "shop",
        triggers: [{ event: "shop/imported", if: "event.data.n > 1" }, { schedule: "0 0 * * *" }],
        attempts: 5,
      },
    ],
  });
  expect(await call("list_functions", { appId: "none" })).toEqual({ functions: [] });
  const first = await call("list_functions", { appId: "shop", limit: 1 });
  expect(first).toMatchObject({ functions: [{ functionId: "shop-import" }], leftOut: 1, cursor: "shop-import" });
  expect(await call("list_functions", { cursor: first.cursor })).toEqual({
    functions: [expect.objectContaining({ functionId: "shop-other" })],
  });
});

test("an event is sent, with the runs that it started and why there are none", async () => {
  await started();
  const sent = await call("send_event", { name: "shop/imported", data: { n: 1 }, id: "once" });
  expect(sent).toMatchObject({ status: "accepted", runs: [{ function: "shop-import" }], runIds: [sent.runs[0].runId], notStarted: [] });
  await settled();
  const run = await call("get_run", { runId: sent.runs[0].runId });
  expect(run).toMatchObject({ status: "COMPLETED", output: "done", function: "shop-import", eventId: sent.eventId });
  const again = await call("send_event", { name: "shop/imported", id: "once" });
  expect(again).toMatchObject({ runs: [], notStarted: [{ function: "shop-import", reason: "duplicate-event-id" }] });
  expect(await call("send_event", { name: "inngest/x" })).toMatch(/inngest\//);
});

test("sending waits until every function has a run or a reason, and for nothing where none is triggered", async () => {
  await started({
    functions: [
      functionConfig("shop-import"),
      functionConfig("shop-picky", { triggers: [{ event: "shop/imported", expression: "event.data.n > 1" }] }),
      functionConfig("shop-patient", { debounce: { period: "1m" } }),
      functionConfig("shop-collector", { batchEvents: { maxSize: 10, timeout: "1m" } }),
    ],
  });
  expect(await call("send_event", { name: "shop/imported", data: { n: 1 } })).toMatchObject({
    runs: [{ function: "shop-import" }],
    notStarted: expect.arrayContaining([
      expect.objectContaining({ function: "shop-picky", reason: "expression-false" }),
      expect.objectContaining({ function: "shop-patient", reason: "debounced" }),
      expect.objectContaining({ function: "shop-collector", reason: "batched" }),
    ]),
  });
  expect(await call("send_event", { name: "shop/nothing" })).toMatchObject({ runs: [] });
});

test("arguments that are wrong are refused with a sentence that names them", async () => {
  await started();
  expect(await call("send_event", {})).toBe("The arguments of send_event are wrong: name is required.");
  expect(await call("send_event", { name: "a", extra: 1 })).toMatch(/extra is not known; known are name, data/);
  expect(await call("list_runs", { status: ["DONE"] })).toMatch(/status.0 must be one of QUEUED/);
  expect(await call("invoke_function", { functionId: "shop-import", timeout: 301 })).toMatch(/timeout must be from 0 to 300/);
  expect(await call("get_run", "x")).toMatch(/arguments must be an object/);
});

test("an object that is quoted as text is taken as the object", async () => {
  let data: unknown;
  let user: unknown;
  await started({ app: ({ event }) => (({ data, user } = event as Json), answer(200, 1)) });
  await call("send_event", { name: "shop/imported", data: '{"n":7}' });
  await settled();
  expect(data).toEqual({ n: 7 });
  for (const given of ["seven", 7, [7], true]) {
    await call("send_event", { name: "shop/imported", data: given });
    await settled();
    expect(data).toEqual({ value: given });
  }
  expect(await call("invoke_function_sync", { functionId: "shop-import", user: "u1" })).toMatchObject({ status: "COMPLETED" });
  expect(user).toEqual({ id: "u1" });
});

test("invoking waits for the run's end and answers with its output", async () => {
  await started({ app: ({ event }) => answer(200, { twice: (event.data["n"] as number) * 2 }) });
  const run = await call("invoke_function", { functionId: "shop-import", data: { n: 21 } });
  expect(run).toMatchObject({ hasEnded: true, status: "COMPLETED", output: { twice: 42 } });
  expect(await call("invoke_function", { functionId: "import", appId: "shop", data: { n: 1 } })).toMatchObject({ output: { twice: 2 } });
  expect(server.clock.timerCount).toBe(0);
});

test("a run that fails is answered with its error", async () => {
  await started({
    app: () => answer(500, { name: "TypeError", message: "no shop", stack: "at x" }),
    config: {
      steps: { step: { id: "step", name: "step", runtime: { type: "http", url: "http://127.0.0.1:9/x" }, retries: { attempts: 0 } } },
    },
  });
  expect(await call("invoke_function", { functionId: "shop-import" })).toMatchObject({
    hasEnded: true,
    status: "FAILED",
    error: { name: "TypeError", message: "no shop" },
  });
});

test("when the time is up, invoking answers with what the run does and why it waits", async () => {
  await started({ app: () => answer(206, [{ op: "Sleep", id: "s", name: "1h", displayName: "nap" }]) });
  const answered = call("invoke_function", { functionId: "shop-import", timeout: 5 });
  await settled();
  await server.clock.advance(5_000);
  const run = await answered;
  expect(run).toMatchObject({
    hasEnded: false,
    status: "RUNNING",
    why: { reason: "sleeping" },
    steps: [{ kind: "sleep", why: { reason: "sleeping" } }],
  });
  expect(await call("invoke_function", { functionId: "shop-import", timeout: 0 })).toMatchObject({ hasEnded: false });
});

test("a run that ends while it is waited for ends the wait", async () => {
  const release = Promise.withResolvers<void>();
  await started({ app: async () => (await release.promise, answer(200, "late")) });
  const answered = call("invoke_function", { functionId: "shop-import" });
  await settled();
  release.resolve();
  expect(await answered).toMatchObject({ hasEnded: true, output: "late" });
});

test("a wait ends when the server stops", async () => {
  await started({ app: () => answer(206, [{ op: "Sleep", id: "s", name: "1h" }]) });
  const answered = call("invoke_function", { functionId: "shop-import" });
  await settled();
  const closed = server.http.close();
  expect(await answered).toMatchObject({ hasEnded: false });
  await closed;
});

test("a wait ends when its client goes", async () => {
  await started({ app: () => answer(206, [{ op: "Sleep", id: "s", name: "1h" }]) });
  const { live } = server.engine;
  const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const watch = live.watch.bind(live);
  let watching = 0;
  live.watch = (watcher) => {
    const unwatch = watch(watcher);
    // The first watcher waits for the run's begin, the second for its end.
    const isWait = (watching += 1) === 2;
    if (isWait) begun.resolve();
    return () => (unwatch(), isWait && ended.resolve());
  };
  const url = await server.http.listen({ host: "127.0.0.1", port: 0 });
  const gone = new AbortController();
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "invoke_function", arguments: { functionId: "shop-import" } },
  });
  const asked = fetch(`${url}/mcp`, { method: "POST", headers: { "content-type": "application/json" }, body, signal: gone.signal });
  await begun.promise;
  gone.abort();
  await expect(asked).rejects.toThrow("aborted");
  await ended.promise;
});

test("what can't be invoked is refused with the reason", async () => {
  await started({ config: { triggers: [{ event: "a" }], rateLimit: { limit: 1, period: "1h" } } });
  expect(await call("invoke_function", { functionId: "none" })).toMatch(/No function has the id none\. list_functions/);
  await call("invoke_function", { functionId: "shop-import" });
  expect(await call("invoke_function", { functionId: "shop-import" })).toMatch(/rate limit/);
  expect(await call("invoke_function", { functionId: "shop-import", idempotencyKey: "" })).toMatch(/rate limit/);
});

test("the same idempotency key invokes once", async () => {
  await started();
  const first = await call("invoke_function", { functionId: "shop-import", idempotencyKey: "k" });
  const second = await call("invoke_function", { functionId: "shop-import", idempotencyKey: "k" });
  expect(second.runId).toBe(first.runId);
});

test("runs are listed a page at a time, by status, function and expression", async () => {
  await started({ functions: [functionConfig("shop-import"), functionConfig("shop-other", { triggers: [{ event: "other" }] })] });
  for (const n of [1, 2, 3]) {
    await call("invoke_function", { functionId: "shop-import", data: { n } });
    await server.clock.advance(1_000);
  }
  const first = await call("list_runs", { limit: 2 });
  const second = await call("list_runs", { limit: 2, cursor: first.cursor });
  expect([first.runs.length, second.runs.length, second.cursor]).toEqual([2, 1, undefined]);
  expect((await call("list_runs", { functionId: "shop-other" })).runs).toEqual([]);
  expect((await call("list_runs", { status: ["FAILED", "RUNNING"] })).runs).toEqual([]);
  expect((await call("list_runs", { if: "event.data.n > 1 && run.status == 'COMPLETED'" })).runs).toHaveLength(2);
  expect(await call("list_runs", { if: "event.data.n >" })).toMatch(/if is no valid expression/);
  expect(await call("list_runs", { functionId: "nope" })).toMatch(/No function has the slug nope/);
});

test("runs are listed by the parameters of the API, too", async () => {
  await started({
    functions: [functionConfig("shop-import"), functionConfig("shop-mail", { triggers: [] })],
    app: ({ event, steps }) =>
      event.name === "inngest/deferred.schedule" || "s" in steps
        ? answer(200, event.data)
        : answer(206, [
            { op: "DeferAdd", id: "d", opts: { fn_slug: "shop-mail", input: { to: "x" } } },
            { op: "StepRun", id: "s", name: "s", data: 1 },
          ]),
  });
  await call("invoke_function", { functionId: "shop-import", data: { n: 1 } });
  await settled();
  await server.clock.advance(1_000);
  await call("invoke_function", { functionId: "shop-import", data: { n: 2 } });
  await settled();
  const functions = async (args: unknown): Promise<readonly string[]> =>
    (await call("list_runs", args)).runs.map((run: Json) => run.function);
  expect(await functions({ isDeferred: true })).toEqual(["shop-mail", "shop-mail"]);
  expect(await functions({ isDeferred: false, appId: "shop" })).toEqual(["shop-import", "shop-import"]);
  expect(await functions({ appId: "shop", functionId: ["import", "shop-mail"], limit: 4 })).toHaveLength(4);
  expect(await functions({ appId: "shop", functionId: ["mail"] })).toHaveLength(2);
  const middle = new Date(START + 500).toISOString();
  const early = await call("list_runs", { until: middle, functionId: "shop-import", includeOutput: true });
  expect(early.runs).toMatchObject([{ output: { n: 1 } }]);
  for (const timeField of ["queuedAt", "startedAt", "endedAt"]) {
    const asked = { timeField, order: "asc", isDeferred: false, limit: 1 };
    const first = await call("list_runs", asked);
    const second = await call("list_runs", { ...asked, cursor: first.cursor });
    expect([first.runs[0].queuedAt < second.runs[0].queuedAt, second.cursor]).toEqual([true, undefined]);
    expect(first.runs[0]).not.toHaveProperty("output");
  }
  expect(await functions({ from: middle, isDeferred: false })).toHaveLength(1);
  expect(await call("list_runs", { from: "now" })).toMatch(/from must be a time/);
});

test("a run has its steps with outputs and errors; long outputs are cut", async () => {
  await started({
    app: ({ steps, ctx }) => {
      if ("a" in steps) return answer(200, "x".repeat(30_000));
      const error = { name: "Error", message: "not yet" };
      return answer(206, [
        ctx.attempt === 0 ? { op: "StepError", id: "a", name: "load", error } : { op: "StepRun", id: "a", name: "load", data: { n: 3 } },
      ]);
    },
  });
  const pending = await call("invoke_function", { functionId: "shop-import", timeout: 0 });
  await settled();
  expect(await call("get_run", { runId: pending.runId })).toMatchObject({
    status: "RUNNING",
    phase: "retrying",
    why: { reason: "retrying", text: expect.stringContaining("not yet"), until: expect.any(String) },
    steps: [{ name: "load", status: "retrying", error: { message: "not yet" } }],
  });
  await server.clock.advance(120_000);
  expect(await call("get_run", { runId: pending.runId })).toMatchObject({
    status: "COMPLETED",
    output: { isCut: true, characters: 30_002 },
    steps: [{ name: "load", kind: "run", status: "completed", attempts: 2, output: { n: 3 } }],
  });
  expect(await call("get_run", { runId: NO_RUN })).toMatch(/No run has the id/);
});

test("a run is cancelled once", async () => {
  await started({ app: () => answer(206, [{ op: "Sleep", id: "s", name: "1h" }]) });
  const { runId } = await call("invoke_function", { functionId: "shop-import", timeout: 0 });
  expect(await call("cancel_run", { runId })).toEqual({ runId, status: "CANCELLED" });
  expect(await call("cancel_run", { runId })).toMatch(/has already ended/);
  expect(await call("cancel_run", { runId: NO_RUN })).toMatch(/No run has the id/);
  expect(await call("get_run", { runId })).toMatchObject({ status: "CANCELLED", endReason: "Cancelled through MCP." });
});

test("documents are searched, and read in parts", async () => {
  await started();
  expect(await call("search_docs", { query: "line 7" })).toMatchObject({ matches: [{ path: "a.md", heading: "A", line: 1 }] });
  expect(await call("search_docs", { query: "zebra" })).toEqual({ matches: [], documents: [{ path: "a.md", title: "A" }] });
  const first = await call("read_doc", { path: "a.md" });
  expect(first).toMatchObject({ title: "A", size: DOCS.byPath("a.md")?.lines.join("\n").length, nextLine: 401 });
  const second = await call("read_doc", { path: "a.md", fromLine: first.nextLine });
  expect(`${first.content}\n${second.content}`).toBe(DOCS.byPath("a.md")?.lines.join("\n"));
  expect(second).not.toHaveProperty("nextLine");
  expect(await call("read_doc", { path: "../../package.json" })).toMatch(/There is no document/);
});

test("a failure of ours is told without its insides", async () => {
  await started();
  server.engine.store.history.runDetail = async () => {
    throw new Error("secret path");
  };
  expect(await call("get_run", { runId: NO_RUN })).toBe("The tool failed for a reason of the server; its log says more.");
});

test("published schemas are ones that the check knows", async () => {
  await started();
  const { result } = await request("tools/list");
  for (const { inputSchema } of result.tools) expect(problemOf(inputSchema, { type: "object" })).toBeUndefined();
});
