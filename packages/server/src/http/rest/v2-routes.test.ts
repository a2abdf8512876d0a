import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { answer, functionConfig, type Json, settled, START, testServer, type TestServer } from "../test-server.fixture.ts";

let server: TestServer;
afterEach(() => server.stop());

const INVOKE = "/v2/apps/shop/functions/import/invoke";

async function started(options: Parameters<typeof testServer>[0] = {}): Promise<void> {
  server = await testServer(options);
}

test("health is answered under both paths, and unknown paths in the one shape", async () => {
  await started();
  expect(await server.get("/v2/health")).toMatchObject({ status: 200, body: { data: { status: "ok" } } });
  expect(await server.get("/api/v2/health")).toMatchObject({ status: 200 });
  expect(await server.get("/v2/nothing")).toMatchObject({ status: 404, body: { errors: [{ code: "api_error", message: "Not Found" }] } });
  for (const url of ["/v2/sessions", "/v2/sandboxes/1/processes/2/output/stream"])
    expect(await server.get(url)).toMatchObject({ status: 501, body: { errors: [{ code: "not_implemented" }] } });
});

test("unknown paths are no pages of the dashboard", async () => {
  const dashboardDir = await mkdtemp(join(tmpdir(), "pawl-v2-"));
  onTestFinished(() => rm(dashboardDir, { recursive: true }));
  await writeFile(join(dashboardDir, "index.html"), "<p>the page</p>");
  await started({ dashboardDir });
  for (const url of ["/v2/nothing", "/api/v2/nothing/at/all", "/v2/"])
    expect(await server.get(url, { accept: "text/html" })).toMatchObject({ status: 404, body: { errors: [{ message: "Not Found" }] } });
  expect(await server.get("/nothing", { accept: "text/html" })).toMatchObject({ status: 200, body: "<p>the page</p>" });
});

test("a body is read whatever its type is said to be, and there may be none", async () => {
  await started();
  const post = (url: string, payload: string, type?: string) =>
    server.http.inject({
      method: "POST",
      url,
      payload,
      headers: { host: "localhost:8288", ...(type === undefined ? {} : { "content-type": type }) },
    });
  for (const type of [undefined, "application/x-www-form-urlencoded", "text/plain", "application/grpc+json"])
    expect([type, (await post(INVOKE, '{"data":{}}', type)).statusCode]).toEqual([type, 200]);
  await settled();
  const [{ id }] = (await server.get("/v2/runs?limit=1")).body.data;
  expect((await post(`/v2/runs/${id}/rerun`, "", "application/json")).statusCode).toBe(200);
  expect((await post("/v1/signals", '{"signal":"s"}', "text/plain")).json()).toMatchObject({ status: 404, error: "No signal found" });
  expect((await post("/v1/signals", "{", "text/plain")).json()).toMatchObject({ status: 400 });
  expect((await post(INVOKE, "{", "text/plain")).json()).toMatchObject({ errors: [{ code: "api_error" }] });
});

test("invoking answers with the run, and it is that function's", async () => {
  await started();
  const { status, body } = await server.post(INVOKE, { data: { n: 1 } });
  expect(status).toBe(200);
  await settled();
  const { body: run } = await server.get(`/v2/runs/${body.data.runId}?includeOutput=true`);
  expect(run.data).toMatchObject({ status: "COMPLETED", function: { id: "import" }, app: { id: "shop" }, output: { data: "done" } });
  expect((await server.get("/v2/runs")).body.data).toHaveLength(1);
});

test("a repeated idempotency key answers 409 with the first run, and starts nothing", async () => {
  await started();
  const { body: first } = await server.post(INVOKE, { data: {}, idempotencyKey: "k" });
  const second = await server.post(INVOKE, { data: {}, idempotency_key: "k" });
  expect(second).toMatchObject({ status: 409, body: { data: { runId: first.data.runId } } });
  await server.post(INVOKE, { data: {}, idempotencyKey: "other" });
  await settled();
  expect((await server.get("/v2/runs")).body.data).toHaveLength(2);
});

test.each([
  ["/v2/apps/none/functions/import/invoke", { data: {} }, 404, "not_found"],
  ["/v2/apps/shop/functions/none/invoke", { data: {} }, 404, "not_found"],
  [INVOKE, {}, 400, "missing_field"],
  [INVOKE, { data: {}, wait: true }, 400, "api_error"],
  ["/v2/events", {}, 400, "missing_field"],
  ["/v2/events", { name: "inngest/x" }, 400, "invalid_field_format"],
  ["/v2/events", { name: "a".repeat(600) }, 400, "invalid_field_format"],
  ["/v2/runs/x/cancel", {}, 400, "invalid_field_format"],
  ["/v2/runs/01K6ZZZZZZ0000000000000000/cancel", {}, 404, "not_found"],
  ["/v2/runs/01K6ZZZZZZ0000000000000000/rerun", {}, 404, "not_found"],
] as const)("POST %s %j is refused with %i %s", async (...[url, payload, status, code]) => {
  await started();
  expect(await server.post(url, payload)).toMatchObject({ status, body: { errors: [{ code, message: expect.any(String) }] } });
});

test("events are sent, and their runs listed", async () => {
  await started();
  const { body } = await server.post("/v2/events", { name: "shop/imported", data: { n: 1 }, ts: String(START) });
  await settled();
  const { body: runs } = await server.get(`/v2/events/${body.data.eventId}/runs`);
  expect(runs.data).toMatchObject([{ trigger: { eventIds: [body.data.eventId], eventName: "shop/imported" } }]);
  expect(runs.data[0].trigger).not.toHaveProperty("isBatch");
});

test("runs are paged either way, by any of their times, and filtered", async () => {
  await started();
  const ids: string[] = [];
  for (let count = 0; count < 3; count++) {
    ids.push((await server.post(INVOKE, { data: {} })).body.data.runId);
    await server.clock.advance(1_000);
  }
  for (const query of ["order=asc", "order=asc&time_field=ended_at", "order=asc&timeField=startedAt"]) {
    const { body: first } = await server.get(`/v2/runs?limit=2&${query}`);
    expect(first.page).toMatchObject({ limit: 2, hasMore: true });
    const { body: second } = await server.get(`/v2/runs?limit=2&${query}&cursor=${first.page.cursor}`);
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(ids);
    expect(second.page).toEqual({ limit: 2 });
  }
  const from = new Date(START + 1_000).toISOString();
  const until = new Date(START + 9_000).toISOString();
  const { body: ranged } = await server.get(`/v2/runs?from=${from}&until=${until}&status=COMPLETED&appId=shop&functionId=import`);
  expect(ranged.data).toHaveLength(2);
  expect(ranged.metadata.timeRange).toEqual({ from: from.replace(".000", ""), until: until.replace(".000", "") });
  expect((await server.get("/v2/runs?status=FAILED")).body).not.toHaveProperty("data");
});

test.each([
  "status=DONE",
  "order=up",
  "limit=0",
  "from=now",
  "functionId=import",
  "timeField=x",
  "cursor=x",
  "isDeferred=maybe",
  "includeOutput=2",
  `from=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z`,
])("GET /v2/runs?%s is refused", async (query) => {
  await started();
  expect(await server.get(`/v2/runs?${query}`)).toMatchObject({ status: 400, body: { errors: [{ message: expect.any(String) }] } });
});

test("a trace has the function's span, its steps, and the attempts of those that failed", async () => {
  await started({
    app: ({ ctx, steps }) => {
      if ("a" in steps) return answer(200, 1);
      const error = { name: "Error", message: "no" };
      return answer(206, [
        ctx.attempt === 0 ? { op: "StepError", id: "a", name: "load", error } : { op: "StepRun", id: "a", name: "load", data: 3 },
      ]);
    },
  });
  const { body } = await server.post(INVOKE, { data: {} });
  await server.clock.advance(120_000);
  const { body: trace } = await server.get(`/v2/runs/${body.data.runId}/trace?includeOutput=true`);
  expect(trace.data).toMatchObject({
    runId: body.data.runId,
    rootSpan: {
      name: "Run",
      status: "COMPLETED",
      output: { data: 1 },
      children: [
        {
          name: "load",
          stepOp: "RUN",
          status: "COMPLETED",
          output: { data: 3 },
          children: [
            { name: "Attempt 0", status: "FAILED" },
            { name: "Attempt 1", status: "COMPLETED" },
          ],
        },
      ],
    },
  });
});

test("runs that something deferred has started are listed alone, or left out", async () => {
  const defer = { op: "DeferAdd", id: "d", opts: { fn_slug: "shop-mail", input: {} } };
  await started({
    functions: [functionConfig("shop-import"), functionConfig("shop-mail", { triggers: [] })],
    app: ({ event, steps }) =>
      event.name !== "shop/imported" || "s" in steps
        ? answer(200, 1)
        : answer(206, [defer, { op: "StepRun", id: "s", name: "s", data: 1 }]),
  });
  await server.post("/v2/events", { name: "shop/imported" });
  await settled();
  const functionsOf = async (query: string): Promise<readonly string[]> =>
    ((await server.get(`/v2/runs?${query}`)).body.data ?? []).map((run: Json) => run.function.id);
  expect([await functionsOf("isDeferred=true"), await functionsOf("is_deferred=false")]).toEqual([["mail"], ["import"]]);
  expect(await functionsOf("order=asc")).toEqual(["import", "mail"]);
  expect((await server.get("/v2/apps/shop/functions/mail/runs?isDeferred=false")).body).not.toHaveProperty("data");
});

test("lists of the account have pages, too", async () => {
  await started({ eventKeys: ["one", "two"] });
  const { body: first } = await server.get("/v2/keys/events?limit=1");
  expect(first).toMatchObject({ data: [{ key: "one" }], page: { limit: 1, hasMore: true } });
  const { body: second } = await server.get(`/v2/keys/events?limit=1&cursor=${first.page.cursor}`);
  expect(second).toMatchObject({ data: [{ key: "two" }], page: { limit: 1 } });
  expect((await server.get("/v2/envs?limit=250")).body).toMatchObject({ data: [{ name: "dev", type: "TEST" }], page: { limit: 250 } });
  const eventRuns = "/v2/events/01K6ZZZZZZ0000000000000000/runs";
  for (const url of ["/v2/apps?cursor=x", "/v2/apps/shop/functions?cursor=x", `${eventRuns}?cursor=x`, `${eventRuns}?limit=41`])
    expect([url, (await server.get(url)).status]).toEqual([url, 400]);
  for (const url of ["/v2/envs?limit=251", "/v2/keys/signing?limit=101", "/v2/keys/events?cursor=x"])
    expect([url, (await server.get(url)).status]).toEqual([url, 400]);
});

test("a run is cancelled once, and run again", async () => {
  await started({ app: () => answer(206, [{ op: "Sleep", id: "s", name: "1h" }]) });
  const { body } = await server.post(INVOKE, { data: {} });
  const { runId } = body.data;
  expect(await server.post(`/v2/runs/${runId}/cancel`)).toMatchObject({ status: 200, body: { data: { runId } } });
  expect(await server.post(`/v2/runs/${runId}/cancel`)).toMatchObject({
    status: 409,
    body: { errors: [{ code: "run_already_cancelled" }] },
  });
  const { body: again } = await server.post(`/v2/runs/${runId}/rerun`, {});
  await settled();
  expect((await server.get(`/v2/runs/${again.data.runId}`)).body.data).toMatchObject({ status: "RUNNING" });
  for (const body of [{ fromStep: { stepId: "nope" } }, { from_step: { step_id: "nope" } }])
    expect(await server.post(`/v2/runs/${runId}/rerun`, body)).toMatchObject({
      status: 400,
      body: { errors: [{ code: "step_not_found" }] },
    });
  expect(await server.post(`/v2/runs/${runId}/rerun`, { fromStep: { stepId: "s", attempt: 1 } })).toMatchObject({
    status: 400,
    body: { errors: [{ code: "api_error" }] },
  });
});

test("apps and functions are shown with their options", async () => {
  const config = {
    concurrency: [{ limit: 2, key: "event.data.user", scope: "fn" }],
    cancel: [{ event: "stop", timeout: "1h" }],
    triggers: [{ event: "a", expression: "event.data.n > 1" }, { event: "b" }],
  };
  await started({ functions: [functionConfig("shop-import", config), functionConfig("shop-import-failure")] });
  expect((await server.get("/v2/apps")).body.data).toMatchObject([
    { id: "shop", method: "SERVE", functionCount: 2, latestSync: { sdkLanguage: "js", sdkVersion: "v4.24.0" } },
  ]);
  const { body } = await server.get("/v2/apps/shop/functions/import");
  expect(body.data).toMatchObject({
    id: "import",
    slug: "shop-import",
    app: { id: "shop" },
    failureHandler: { slug: "shop-import-failure" },
    triggers: [
      { type: "EVENT", value: "a", if: "event.data.n > 1" },
      { type: "EVENT", value: "b" },
    ],
    configuration: {
      retries: { value: 4, isDefault: true },
      concurrency: [{ scope: "FUNCTION", limit: { value: 2 }, key: "event.data.user" }],
      cancellations: [{ event: "stop", timeout: "1h" }],
    },
  });
  const { body: page } = await server.get("/v2/apps/shop/functions?limit=1");
  expect(page.page.hasMore).toBe(true);
  expect((await server.get(`/v2/apps/shop/functions?cursor=${page.page.cursor}`)).body.data).toHaveLength(1);
});

test("with a signing key every path asks for it", async () => {
  await started({ kind: "cloud", signingKey: "abcd" });
  expect(await server.get("/v2/health")).toMatchObject({ status: 401, body: "Authentication failed" });
});

test("invoking waits for the end of the run where it is asked to, and no longer than it may", async () => {
  await started({
    app: ({ event }) => (event.data["naps"] === true ? answer(206, [{ op: "Sleep", id: "s", name: "1h" }]) : answer(200, 0)),
  });
  const done = await server.post(INVOKE, { data: {}, waitSeconds: 5, idempotencyKey: "k" });
  expect([done.status, done.body.data]).toMatchObject([
    200,
    { run: { id: done.body.data.runId, status: "COMPLETED", output: { data: 0 } } },
  ]);
  const again = await server.post(INVOKE, { data: {}, wait_seconds: 5, idempotencyKey: "k" });
  expect([again.status, again.body.data]).toEqual([409, done.body.data]);
  const waiting = server.post(INVOKE, { data: { naps: true }, waitSeconds: 5 });
  await settled();
  await server.clock.advance(5_000);
  expect((await waiting).body.data.run).toMatchObject({ status: "RUNNING" });
  expect((await server.post(INVOKE, { data: {}, waitSeconds: 0 })).body.data).toEqual({ runId: expect.any(String) });
  for (const waitSeconds of [-1, 301, "5"]) expect((await server.post(INVOKE, { data: {}, waitSeconds })).status).toBe(400);
});

test("an answer that waits for a run is given when the server stops", async () => {
  await started({ app: () => answer(206, [{ op: "Sleep", id: "s", name: "1h" }]) });
  const waiting = server.post(INVOKE, { data: {}, waitSeconds: 300 });
  await settled();
  const closed = server.http.close();
  expect((await waiting).body.data.run).toMatchObject({ status: "RUNNING" });
  await closed;
});

test("a function that gets another id and keeps its name and URL is another function (fuzz, seed 11)", async () => {
  await started();
  const { steps } = functionConfig("shop-import");
  const renamed = { ...functionConfig("shop-other"), name: "import", steps };
  const registration = {
    appName: "shop",
    url: "http://127.0.0.1:9/api/pawl",
    sdk: "js:v4.24.0",
    framework: "express",
    functions: [renamed],
  };
  expect((await server.post("/fn/register", registration)).status).toBe(200);
  const slugs = server.engine.registry.functions().map(({ slug, archivedAt }) => [slug, archivedAt === undefined]);
  expect(slugs).toEqual([
    ["shop-import", false],
    ["shop-other", true],
  ]);
  expect((await server.post("/v2/apps/shop/functions/other/invoke", { data: {} })).status).toBe(200);
});
