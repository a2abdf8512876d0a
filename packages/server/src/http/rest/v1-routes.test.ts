import { afterEach, expect, test } from "vitest";
import { answer, settled, START, testServer, type TestServer } from "../test-server.fixture.ts";
import { rfc3339 } from "./identity.ts";

let server: TestServer;
afterEach(() => server.stop());

async function started(options: Parameters<typeof testServer>[0] = {}): Promise<{ readonly eventId: string; readonly runId: string }> {
  server = await testServer(options);
  const [eventId = ""] = await server.engine.send([{ name: "shop/imported", data: { n: 1 }, id: "mine" }]);
  await settled();
  const { body } = await server.get(`/v1/events/${eventId}/runs`);
  return { eventId, runId: body.data[0].run_id };
}

test("events are listed and read", async () => {
  const { eventId } = await started();
  const { body } = await server.get("/v1/events");
  expect(body).toMatchObject({
    data: [
      {
        internal_id: eventId,
        id: "mine",
        name: "shop/imported",
        data: { n: 1 },
        ts: START,
        received_at: new Date(START).toISOString().replace(".000", ""),
      },
    ],
    metadata: { cached_until: null },
  });
  expect((await server.get(`/v1/events/${eventId}`)).body.data).toEqual(body.data[0]);
  expect((await server.get("/v1/events?name=inngest/function.finished")).body.data).toHaveLength(1);
  expect((await server.get(`/v1/events?received_after=${new Date(START).toISOString()}`)).body.data).toEqual([]);
  expect((await server.get(`/v1/events?cursor=${eventId}`)).body.data).toEqual([]);
});

test("a page of events has 1 to 51 of them, and times may be written as dates or numbers", async () => {
  await started();
  await server.engine.send(Array.from({ length: 60 }, () => ({ name: "shop/other", data: {} })));
  const count = async (query: string): Promise<number> => (await server.get(`/v1/events?${query}`)).body.data.length;
  expect([await count(""), await count("limit=0"), await count("limit=-1"), await count("limit=500")]).toEqual([20, 1, 1, 51]);
  const forms = (at: number): readonly string[] => [rfc3339(at), rfc3339(at).replace("Z", ""), String(at), String(at / 1_000)];
  for (const text of forms(START)) expect([text, await count(`received_before=${text}`)]).toEqual([text, 0]);
  for (const text of forms(START + 1_000)) expect([text, await count(`received_before=${text}`)]).toEqual([text, 20]);
  expect([await count("received_after=2020-01-01"), await count("received_before=2020-01-01")]).toEqual([20, 0]);
});

test("a run is read, with its output or its error", async () => {
  const { eventId, runId } = await started({ app: () => answer(200, { ok: true }) });
  const { body } = await server.get(`/v1/runs/${runId}`);
  expect(body.data).toMatchObject({ run_id: runId, event_id: eventId, status: "Completed", function_version: 1, output: { ok: true } });
});

test("a run is cancelled; again, it has been; v0 says so without a body", async () => {
  const { runId } = await started({ app: () => answer(206, [{ op: "Sleep", id: "s", name: "1h" }]) });
  expect((await server.get(`/v1/runs/${runId}/jobs`)).body.data).toMatchObject([{ kind: "sleep", attempt: 0, position: 0 }]);
  expect(await server.delete(`/v1/runs/${runId}`)).toMatchObject({ status: 200, body: { data: null } });
  expect(await server.delete(`/v1/runs/${runId}`)).toMatchObject({ status: 200 });
  expect(await server.delete(`/v0/runs/${runId}`)).toMatchObject({ status: 204, body: "" });
  expect((await server.get(`/v1/runs/${runId}`)).body.data).toMatchObject({ status: "Cancelled" });
});

test("a signal resumes the run that waits for it", async () => {
  const wait = { op: "WaitForSignal", id: "w", name: "go", opts: { signal: "go", timeout: "1h" } };
  const { runId } = await started({ app: ({ steps }) => ("w" in steps ? answer(200, steps["w"]) : answer(206, [wait])) });
  expect(await server.post("/v1/signals", { signal: "other" })).toMatchObject({
    status: 404,
    body: { error: "No signal found", status: 404 },
  });
  expect(await server.post("/v1/signals", { data: 1 })).toMatchObject({ status: 400 });
  expect(await server.post("/v1/signals", { signal: "go", data: { n: 2 } })).toMatchObject({
    status: 200,
    body: { data: { run_id: runId } },
  });
  await settled();
  expect((await server.get(`/v1/runs/${runId}`)).body.data.output).toEqual({ data: { signal: "go", data: { n: 2 } } });
});

test("functions of an app are a bare list", async () => {
  await started();
  const { body } = await server.get("/v1/apps/shop/functions");
  expect(body).toMatchObject([{ id: "shop-import", name: "import", config: { id: "shop-import" } }]);
});

test.each([
  ["/v1/runs/x", 400],
  ["/v1/runs/01K6ZZZZZZ0000000000000000", 404],
  ["/v1/events/01K6ZZZZZZ0000000000000000", 404],
  ["/v1/events?limit=many", 400],
  ["/v1/events?received_after=now", 400],
  ["/v1/apps/none/functions", 404],
])("%s answers %i with the public error body", async (url, status) => {
  await started();
  expect(await server.get(url)).toMatchObject({ status, body: { error: expect.any(String), data: null, status } });
});

test("with a signing key nothing is read without it", async () => {
  server = await testServer({ kind: "cloud", signingKey: "abcd" });
  expect(await server.get("/v1/events")).toMatchObject({ status: 401, body: "Authentication failed" });
  expect(await server.get("/v1/events", { authorization: "Bearer abcd" })).toMatchObject({ status: 200 });
});

test("cancellations are paged whatever replays lie between them, and replays are none of theirs", async () => {
  await started();
  const [{ id: functionId } = { id: "" }] = server.engine.registry.functions();
  const ids: string[] = [];
  let replay = "";
  for (const kind of ["replay", "cancel", "replay", "replay", "cancel", "cancel"] as const) {
    await server.clock.advance(1);
    const { id } = await server.engine.bulks.create({ kind, functionId, until: START, delayMs: 60_000 });
    if (kind === "cancel") ids.push(id);
    else replay = id;
  }
  const page = async (query: string): Promise<readonly string[]> =>
    (await server.get(`/v1/cancellations${query}`)).body.data.map(({ id }: { readonly id: string }) => id);
  expect(await page("")).toEqual(ids);
  expect(await page("?limit=2")).toEqual(ids.slice(0, 2));
  expect(await page(`?limit=2&cursor=${String(ids[1])}`)).toEqual(ids.slice(2));
  expect(await page(`?cursor=${String(ids[2])}`)).toEqual([]);
  expect((await server.get("/v1/cancellations?cursor=x")).status).toBe(400);
  expect((await server.get("/v1/cancellations?limit=101")).status).toBe(400);
  expect((await server.get(`/v1/cancellations/${replay}`)).status).toBe(404);
  expect((await server.delete(`/v1/cancellations/${replay}`)).status).toBe(404);
  expect((await server.delete(`/v1/cancellations/${String(ids[0])}`)).status).toBe(204);
  expect((await server.engine.bulks.byId(replay))?.status).toBe("scheduled");
});

test("what this server has none of is told, and telemetry is taken and forgotten", async () => {
  await started();
  expect(await server.get("/v1/prom/dev")).toMatchObject({ status: 501, body: { code: "not_implemented" } });
  for (const url of ["/v0/", "/debug/pprof"]) expect(await server.get(url)).toMatchObject({ status: 404, body: { code: "not_found" } });
  expect((await server.post("/v0/telemetry", [{ event: "x" }])).status).toBe(200);
});
