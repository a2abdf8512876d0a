import { expect, test } from "vitest";
import { answer, functionConfig, type Json, START, testServer, settled } from "../test-server.fixture.ts";

const event = (n: number) => ({ name: "shop/imported", data: { n } });

async function runsOf(server: Awaited<ReturnType<typeof testServer>>): Promise<readonly Json[]> {
  return (await server.get("/ui/v1/runs?limit=50")).body.items;
}

test("a paused function keeps its runs and says why; resumed, it runs them", async () => {
  const server = await testServer();
  expect((await server.post("/ui/v1/functions/shop-import/pause", {})).body).toEqual({ ok: true });
  await server.post("/ui/v1/events", event(1));
  await settled();
  expect((await runsOf(server))[0]).toMatchObject({ phase: "paused", reason: { code: "held-by-pause" } });
  expect((await server.get("/ui/v1/functions")).body.items[0].paused).toEqual({ mode: "hold", since: START });
  await server.post("/ui/v1/functions/shop-import/resume", {});
  await settled();
  expect((await runsOf(server))[0]).toMatchObject({ phase: "completed" });
  await server.stop();
});

test("a function that drops says so on the event's page, and keeps the skipped run", async () => {
  const server = await testServer();
  await server.post("/ui/v1/functions/shop-import/pause", { mode: "drop" });
  const { ids } = (await server.post("/ui/v1/events", event(1))).body;
  await settled();
  expect((await server.get(`/ui/v1/events/${ids[0]}`)).body.outcomes).toEqual([{ functionSlug: "shop-import", reason: "function-paused" }]);
  expect(await runsOf(server)).toMatchObject([{ status: "SKIPPED" }]);
  await server.stop();
});

test("pausing refuses unknown modes and functions", async () => {
  const server = await testServer();
  expect((await server.post("/ui/v1/functions/shop-import/pause", { mode: "later" })).status).toBe(400);
  expect((await server.post("/ui/v1/functions/nope/pause", {})).body.error.code).toBe("function-not-found");
  await server.stop();
});

test("a bulk cancellation waits, can be undone, and then cancels what matches, with its progress", async () => {
  const sleeping = answer(206, [{ op: "Sleep", id: "a", name: "1d" }]);
  const server = await testServer({ app: () => sleeping });
  for (let n = 0; n < 5; n++) await server.post("/ui/v1/events", event(n));
  await settled();
  const made = await server.post("/ui/v1/bulks", { kind: "cancel", functionSlug: "shop-import", if: "event.data.n >= 3" });
  expect(made.body).toMatchObject({ status: "scheduled", beginsAt: START + 10_000, seen: 0 });
  expect((await server.delete(`/ui/v1/bulks/${made.body.id}`)).body).toEqual({ result: "undone" });
  await server.clock.advance(10_001);
  expect((await runsOf(server)).filter(({ status }) => status === "CANCELLED")).toHaveLength(0);
  await server.post("/ui/v1/bulks", { kind: "cancel", functionSlug: "shop-import", if: "event.data.n >= 3", delayMs: 0 });
  await settled();
  await server.clock.advance(1);
  await settled();
  expect((await server.get("/ui/v1/bulks")).body.items).toMatchObject([{ status: "ended", seen: 5, done: 2 }]);
  expect((await runsOf(server)).filter(({ status }) => status === "CANCELLED")).toHaveLength(2);
  await server.stop();
});

test("of more bulk operations than a list has, the newest are listed, newest first", async () => {
  const server = await testServer();
  const ids: string[] = [];
  for (let n = 0; n < 203; n++) {
    ids.push((await server.post("/ui/v1/bulks", { kind: "cancel", functionSlug: "shop-import" })).body.id);
    await server.clock.advance(1);
  }
  const { items } = (await server.get("/ui/v1/bulks")).body;
  expect(items.map(({ id }: Json) => id)).toEqual(ids.toReversed().slice(0, 200));
  await server.stop();
});

test("a replay makes so many runs a second, out of the runs that failed, and never out of its own", async () => {
  let fails = true;
  const server = await testServer({
    config: { steps: functionConfig("shop-import", {})["steps"] },
    app: () => (fails ? answer(400, { name: "Error", message: "no" }) : answer(200, "ok")),
    functions: [
      functionConfig("shop-import", {
        steps: {
          step: {
            id: "step",
            name: "step",
            runtime: { type: "http", url: "http://127.0.0.1:9/?fnId=shop-import" },
            retries: { attempts: 0 },
          },
        },
      }),
    ],
  });
  for (let n = 0; n < 5; n++) await server.post("/ui/v1/events", event(n));
  await settled();
  fails = false;
  await server.clock.advance(1);
  await server.post("/ui/v1/bulks", { kind: "replay", functionSlug: "shop-import", statuses: ["FAILED"], perSecond: 2, delayMs: 0 });
  await settled();
  const completed = async () => (await runsOf(server)).filter(({ status }) => status === "COMPLETED").length;
  expect(await completed()).toBe(2);
  await server.clock.advance(1_000);
  await settled();
  expect(await completed()).toBe(4);
  await server.clock.advance(5_000);
  await settled();
  expect(await completed()).toBe(5);
  expect((await server.get("/ui/v1/bulks")).body.items).toMatchObject([{ status: "ended", done: 5 }]);
  await server.stop();
});

test.each([
  [{ kind: "rename", functionSlug: "shop-import" }, "kind must be"],
  [{ kind: "replay", functionSlug: "nope" }, "No function"],
  [{ kind: "cancel", functionSlug: "shop-import", if: "event.data." }, "expression"],
  [{ kind: "cancel", functionSlug: "shop-import", statuses: ["FAILED"] }, "statuses"],
  [{ kind: "replay", functionSlug: "shop-import", perSecond: 0 }, "perSecond"],
])("%j is refused", async (body, words) => {
  const server = await testServer();
  const refused = await server.post("/ui/v1/bulks", body);
  expect(refused.status).toBeGreaterThanOrEqual(400);
  expect(refused.body.error.message).toContain(words);
  await server.stop();
});

test("a run begins at a step with new arguments", async () => {
  const seen: Json[] = [];
  const server = await testServer({
    app: ({ steps }) => {
      seen.push(steps);
      if (steps["a"] === undefined) return answer(206, [{ op: "StepRun", id: "a", displayName: "a", data: 1 }]);
      if ((steps["b"] as Json)?.data === undefined)
        return answer(206, [{ op: "StepRun", id: "b", displayName: "b", data: (steps["b"] as Json)?.input ?? 0 }]);
      return answer(200, "done");
    },
  });
  await server.post("/ui/v1/events", event(1));
  await settled();
  const [{ id }] = await runsOf(server);
  seen.length = 0;
  const { runId } = (await server.post(`/ui/v1/runs/${id}/rerun`, { fromStep: { stepId: "b", input: [7] } })).body;
  await settled();
  expect(seen).toEqual([
    { a: { data: 1 }, b: { input: [7] } },
    { a: { data: 1 }, b: { data: [7] } },
  ]);
  expect((await server.get(`/ui/v1/runs/${runId}`)).body).toMatchObject({ run: { status: "COMPLETED", rerunOf: id } });
  expect((await server.post(`/ui/v1/runs/${id}/rerun`, { fromStep: { stepId: "zz" } })).status).toBe(400);
  await server.stop();
});

test("REST v1 cancels in bulk", async () => {
  const server = await testServer({ app: () => answer(206, [{ op: "Sleep", id: "a", name: "1d" }]) });
  await server.post("/ui/v1/events", event(1));
  await settled();
  await server.clock.advance(1_000);
  const before = new Date(START + 1_000).toISOString();
  const made = await server.post("/v1/cancellations", { app_id: "shop", function_id: "import", started_before: before });
  expect(made.body.data).toMatchObject({ function_id: "shop-import", started_before: before });
  await settled();
  expect((await server.get(`/v1/cancellations/${made.body.data.id}`)).body.data).toMatchObject({ status: "ended", cancelled: 1 });
  expect((await runsOf(server))[0]).toMatchObject({ status: "CANCELLED" });
  expect((await server.post("/v1/cancellations", { app_id: "shop", function_id: "x", started_before: before })).status).toBe(404);
  expect((await server.post("/v1/cancellations", { app_id: "shop", function_id: "import" })).body.error).toContain("started_before");
  expect((await server.delete(`/v1/cancellations/none`)).status).toBe(404);
  await server.stop();
});

const SIGNING_KEY = "0123456789abcdef0123456789abcdef";
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

test("an API key does what its scopes say, over every API, until it is taken back", async () => {
  const server = await testServer({ kind: "cloud", signingKey: SIGNING_KEY, eventKeys: ["k"] });
  const make = async (scopes: readonly string[]): Promise<Json> =>
    (await server.post("/ui/v1/keys", { name: scopes.join(), scopes }, bearer(SIGNING_KEY))).body;
  const [events, read, write] = [await make(["events"]), await make(["read"]), await make(["write"])];
  const statuses = async (secret: string) => [
    (await server.post(`/e/${secret}`, event(1))).status,
    (await server.get("/v1/events", bearer(secret))).status,
    (await server.get("/ui/v1/runs", bearer(secret))).status,
    (await server.post("/ui/v1/functions/shop-import/resume", {}, bearer(secret))).status,
  ];
  expect(await statuses(events.secret)).toEqual([200, 401, 401, 401]);
  expect(await statuses(read.secret)).toEqual([401, 200, 200, 401]);
  expect(await statuses(write.secret)).toEqual([200, 200, 200, 200]);
  const [answer] = [await server.post("/v0/gql", { query: "{ apps { name } }" }, bearer(read.secret))];
  expect(answer).toMatchObject({ status: 200, body: { data: { apps: [{ name: "shop" }] } } });
  const query = 'mutation { createApp(input: { url: "http://127.0.0.1:9/x" }) { id } }';
  const refused = await server.post("/v0/gql", { query }, bearer(read.secret));
  expect(refused.body.errors).toMatchObject([{ message: "This key may only read.", extensions: { code: "forbidden" } }]);
  const { items } = (await server.get("/ui/v1/keys", bearer(SIGNING_KEY))).body;
  expect(items.map(({ name }: Json) => name)).toEqual(["events", "read", "write"]);
  expect(JSON.stringify(items)).not.toMatch(/secret|hash/);
  const url = `/ui/v1/keys/${write.key.id}`;
  const gone = await server.http.inject({ method: "DELETE", url, headers: { host: "localhost:8288", ...bearer(SIGNING_KEY) } });
  expect(gone.statusCode).toBe(200);
  expect(await statuses(write.secret)).toEqual([401, 401, 401, 401]);
  await server.stop();
});

test.each([
  [{ scopes: ["read"] }, /name must be/],
  [{ name: "x", scopes: [] }, /scopes must be a list of events, read, write/],
  [{ name: "x", scopes: ["admin"] }, /scopes must be/],
  [{ name: "x", scopes: ["read"], expiresAt: 1 }, /in the future/],
])("a key is refused: %j", async (body, message) => {
  const server = await testServer();
  expect(await server.post("/ui/v1/keys", body)).toMatchObject({
    status: 400,
    body: { error: { message: expect.stringMatching(message) } },
  });
  await server.stop();
});

test("a server for others that has no keys lets nobody in", async () => {
  const server = await testServer({ kind: "cloud" });
  expect((await server.post("/invoke/shop-import", { data: {} }, bearer("any"))).status).toBe(401);
  for (const url of ["/ui/v1/runs", "/v1/events", "/ui/v1/keys"]) expect((await server.get(url)).status).toBe(401);
  expect((await server.post("/ui/v1/login", { key: "" })).status).toBe(401);
  await server.stop();
});
