/** Durable endpoints: what an app reports about runs that it starts itself, and how the server goes on with them. */
import { createHmac } from "node:crypto";
import { hashStepId, HEADER, type WireOp } from "@pawl/protocol";
import { onTestFinished, expect, test } from "vitest";
import { syncRunRoutes } from "../http/checkpoint-api/sync-run-routes.ts";
import { answer, settled, START, testServer, type Json, type TestServer, type TestServerOptions } from "../http/test-server.fixture.ts";
import type { AppCall } from "../ports/invoker.ts";
import { ManualClock } from "../ports/manual-clock.fixture.ts";
import { systemRandom } from "../ports/random.ts";
import { openSecrets } from "../ports/secrets.ts";
import { Realtime } from "../realtime/realtime.ts";

const RUN = systemRandom().ulid(START);
const MINUTE = 60_000;
const REQUEST = {
  domain: "https://shop.example",
  method: "POST",
  path: "/quote",
  query_params: "sku=7",
  content_type: "text/plain",
  body: "né",
};
const step = { op: "StepRun", id: "a", displayName: "a", data: 1 };
const sleep = { op: "Sleep", id: "z", displayName: "z", name: "1m" };
const complete = (data: unknown) => ({ op: "RunComplete", id: hashStepId("complete"), data });
const FINAL = { status: 201, headers: { "content-type": "text/x-quote", "x-own": "1", "content-length": "99" }, body: "seven" };

type Endpoint = { readonly server: TestServer; readonly calls: AppCall[]; answers: Json[] };

async function endpoint(options: Pick<TestServerOptions, "signingKey"> = {}): Promise<Endpoint> {
  const clock = new ManualClock();
  const loadSecret = openSecrets();
  const realtime = new Realtime({ clock, random: systemRandom(), loadSecret });
  const calls: AppCall[] = [];
  const answers: Json[] = [];
  const call = async (request: AppCall) => {
    calls.push(request);
    return answer(206, answers.shift() ?? []);
  };
  const invoker = { call, close: async () => {} };
  const server = await testServer({ clock, routes: [syncRunRoutes({ realtime, loadSecret })], invoker: () => invoker, ...options });
  onTestFinished(() => server.stop());
  return { server, calls, answers };
}

const begin = (server: TestServer, steps: readonly unknown[] = [], over: Readonly<Record<string, unknown>> = {}) =>
  server.post("/v1/checkpoint", {
    run_id: RUN,
    request_version: 2,
    event: { name: "inngest/http.request", data: { ...REQUEST, fn: "quote" } },
    steps,
    ...over,
  });
const report = (server: TestServer, ...steps: readonly unknown[]) => server.post(`/v1/checkpoint/${RUN}/steps`, { run_id: RUN, steps });
const runOf = async (server: TestServer) => (await server.engine.store.history.runDetail(RUN))?.run;

test("an endpoint that answers at once is a run with its answer", async () => {
  const { server, calls } = await endpoint();
  const { status, body } = await begin(server, [step]);
  expect(status).toBe(200);
  expect(body.data).toMatchObject({ run_id: RUN, token: expect.any(String), realtime_token: expect.any(String) });
  expect(await runOf(server)).toMatchObject({ status: "RUNNING", functionId: body.data.fn_id, appId: body.data.app_id });
  expect((await report(server, complete(FINAL))).status).toBe(200);
  expect(await runOf(server)).toMatchObject({ status: "COMPLETED" });
  expect(await server.engine.store.itemsOfRun(RUN)).toEqual([]);
  expect(calls).toEqual([]);
});

test("a token comes with steps only", async () => {
  const { server } = await endpoint();
  expect((await begin(server)).body.data.token).toBeUndefined();
});

test("the same start again is answered with what exists, the same steps are stored once", async () => {
  const { server } = await endpoint();
  const first = await begin(server, [step]);
  const again = await begin(server, [step]);
  expect(again.status).toBe(200);
  expect(again.body.data.fn_id).toBe(first.body.data.fn_id);
  expect((await runOf(server))?.stepsDone).toBe(1);
});

test("a run id of another function is refused", async () => {
  const { server } = await endpoint();
  await begin(server);
  const event = { name: "inngest/http.request", data: { ...REQUEST, fn: "other" } };
  expect(await begin(server, [], { event })).toMatchObject({ status: 409, body: { code: "id-taken" } });
});

test("a second run with the same idempotency key is refused", async () => {
  const { server } = await endpoint();
  await begin(server, [], { idempotency: "order-1" });
  const other = { run_id: systemRandom().ulid(START), idempotency: "order-1" };
  expect(await begin(server, [], other)).toMatchObject({ status: 409, body: { code: "key-taken" } });
});

test.each([
  [undefined, 5],
  [-1, 5],
  [0, 1],
  [2, 3],
  [99, 21],
])("retries %s: %i attempts", async (retries, attemptsMax) => {
  const { server } = await endpoint();
  const { body } = await begin(server, [], retries === undefined ? {} : { retries });
  expect(server.engine.registry.functionById(body.data.fn_id)?.definition.attemptsMax).toBe(attemptsMax);
});

test("what is not stored is not answered with 200", async () => {
  const { server } = await endpoint();
  expect((await report(server, step)).status).toBe(404);
  expect((await begin(server, [], { run_id: "no" })).status).toBe(400);
  await begin(server);
  expect((await report(server, { ...step, data: "x".repeat(4_194_305) })).status).toBe(413);
  expect((await report(server, { op: "Nonsense", id: "a" })).status).toBe(400);
  await server.engine.cancel(RUN, "by the test");
  expect((await report(server, step)).status).toBe(409);
});

test("an endpoint that sleeps is called as its caller called it, and its caller gets the answer", async () => {
  const { server, calls, answers } = await endpoint();
  const { token } = (await begin(server, [step])).body.data;
  expect((await report(server, sleep)).status).toBe(200);
  const output = server.get(`/v1/http/runs/${RUN}/output?token=${token}`);
  answers.push([complete(FINAL)]);
  await server.clock.advance(MINUTE);
  await settled();
  expect(calls).toMatchObject([
    {
      url: "https://shop.example/quote?sku=7",
      method: "POST",
      body: "né",
      headers: { [HEADER.runId]: RUN, [HEADER.signature]: "", "content-type": "text/plain", [HEADER.reqVersion]: "2" },
    },
  ]);
  expect(await output).toMatchObject({ status: 201, body: "seven", headers: { "content-type": "text/x-quote", "x-own": "1" } });
});

test.each([
  ['{"b": 1,\n"a":2}', '{"a":2,"b":1}'],
  ["né", "né"],
  ["", ""],
])("the body %j is sent as it is, and signed as %j: verifiers put JSON into its canonical form first", async (body, signed) => {
  const { server, calls } = await endpoint({ signingKey: "8f0e" });
  const event = { name: "inngest/http.request", data: { ...REQUEST, body, content_type: "" } };
  const start = { run_id: RUN, event, steps: [sleep] };
  expect((await server.post("/v1/checkpoint", start, { authorization: "Bearer 8f0e" })).status).toBe(200);
  await server.clock.advance(MINUTE);
  await settled();
  const at = String((START + MINUTE) / 1_000);
  const mac = createHmac("sha256", "8f0e")
    .update(signed + at)
    .digest("hex");
  expect(calls[0]).toMatchObject({ body, headers: { [HEADER.signature]: `t=${at}&s=${mac}` } });
  expect(calls[0]?.headers).not.toHaveProperty("content-type");
});

test("headers that HTTP can't carry are left out of the answer", async () => {
  const { server } = await endpoint();
  const headers = { "x-own": ["1", "2"], "x-broken": "a\nb", "no name": "1" };
  const { token } = (await begin(server, [step, complete({ status: 200, headers, body: "seven" })])).body.data;
  const output = await server.get(`/v1/http/runs/${RUN}/output?token=${token}`);
  expect(output).toMatchObject({ status: 200, body: "seven", headers: { "x-own": ["1", "2"] } });
  expect(Object.keys(output.headers)).not.toEqual(expect.arrayContaining(["x-broken"]));
});

test("a bare RunComplete is taken as well as a list", async () => {
  const { server, answers } = await endpoint();
  await begin(server, [sleep]);
  answers.push(complete(FINAL));
  await server.clock.advance(MINUTE);
  await settled();
  expect((await runOf(server))?.status).toBe("COMPLETED");
});

test("a handler that fails is tried again, then fails the run; who waits is told", async () => {
  const { server, calls, answers } = await endpoint();
  const failure = { op: "StepError", id: hashStepId("complete"), error: { name: "TypeError", message: "no" } };
  const { token } = (await begin(server, [step], { retries: 1 })).body.data;
  await report(server, failure);
  answers.push([failure]);
  await server.clock.advance(2 * MINUTE);
  await settled();
  expect(calls).toHaveLength(1);
  expect((await runOf(server))?.status).toBe("FAILED");
  expect(await server.get(`/v1/checkpoint/${RUN}/output?token=${token}`)).toMatchObject({ status: 500, body: { name: "TypeError" } });
});

test("who waits for a run that goes on is told after five minutes", async () => {
  const { server } = await endpoint();
  const { token } = (await begin(server, [step])).body.data;
  const output = server.get(`/v1/checkpoint/${RUN}/output?token=${token}`);
  await settled();
  await server.clock.advance(5 * MINUTE);
  expect(await output).toMatchObject({ status: 200, body: { status: "running" } });
  expect((await server.get(`/v1/checkpoint/${RUN}/output?token=${token}x`)).status).toBe(401);
});

test("a run that never reports is failed after an hour", async () => {
  const { server, calls } = await endpoint();
  await begin(server, [step]);
  await server.clock.advance(60 * MINUTE);
  await settled();
  expect(await runOf(server)).toMatchObject({ status: "FAILED", error: expect.stringContaining("did not report for 60 minutes") });
  expect(calls).toEqual([]);
});

test("paths without a name make functions, but not without end: what is too much is one function, and runs", async () => {
  const { server } = await endpoint();
  const random = systemRandom();
  const start = async (path: string) =>
    begin(server, [], { run_id: random.ulid(START), event: { name: "inngest/http.request", data: { ...REQUEST, path } } });
  for (let count = 0; count < 500; count++) await start(`/orders/${count}`);
  const [first, second, known] = [await start("/orders/500"), await start("/orders/501"), await start("/orders/7")];
  expect([first.status, first.body.data.fn_id]).toEqual([200, second.body.data.fn_id]);
  expect(known.body.data.fn_id).not.toBe(first.body.data.fn_id);
  const slugs = server.engine.registry.functions().map(({ slug }) => slug);
  expect([slugs.filter((slug) => slug.startsWith("POST /orders/")).length, slugs.filter((slug) => slug === "other paths").length]).toEqual([
    500, 1,
  ]);
});

test("of two endpoints that wait for one signal at the same time, the second takes it over: neither report is refused", async () => {
  const { server } = await endpoint();
  const other = systemRandom().ulid(START);
  await begin(server);
  await begin(server, [], { run_id: other });
  const wait: WireOp = { op: "WaitForSignal", id: "w", opts: { signal: "go", timeout: "1h", conflict: "replace" } };
  const reports = [RUN, other].map((runId) => server.engine.syncRuns.report(runId, [wait]));
  expect(await Promise.all(reports)).toEqual([{ kind: "saved" }, { kind: "saved" }]);
});
