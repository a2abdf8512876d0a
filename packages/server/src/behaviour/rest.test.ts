/** What the REST APIs promise about runs that they start. */
import { describe, expect, it } from "vitest";
import { type World, worldOf } from "./world.fixture.ts";

const INVOKE = "/v2/apps/shop/functions/f/invoke";

/** A world with one function of these options. */
function worldWith(options: Readonly<Record<string, unknown>>): Promise<World> {
  return worldOf({ f: { options, script: ({ step }) => step.sleep("nap", "1m") } });
}

describe("semantics 11.3 REST v2: invoking", () => {
  it.each([
    ["rate_limited", { rateLimit: { limit: 1, period: "1h" } }],
    ["function_skipped", { singleton: { mode: "skip" } }],
    ["function_debounced", { debounce: { period: "1h" } }],
  ])("a function that does not run answers 422 %s", async (code, options) => {
    const made = await worldWith(options);
    if (code !== "function_debounced") expect((await made.post(INVOKE, { data: {} })).status).toBe(200);
    const answered = made.post(INVOKE, { data: {} });
    await made.advance("1s");
    expect(await answered).toMatchObject({ status: 422, body: { errors: [{ code, message: expect.any(String) }] } });
  });

  it("the function is told that the API invoked it, and by which key", async () => {
    const made = await worldOf({ f: { script: ({ event }) => event.data } });
    await made.post(INVOKE, { data: { n: 1 } });
    await made.post(INVOKE, { data: {}, idempotencyKey: "k" });
    await made.settle();
    const [plain, keyed] = (await made.runs("f")).map(({ output }) => (output as { _inngest: Readonly<Record<string, unknown>> })._inngest);
    expect(plain).toMatchObject({ type: "api" });
    expect(plain).not.toHaveProperty("invoke_idempotency");
    expect(keyed).toMatchObject({ type: "api", invoke_idempotency: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it("one idempotency key starts one run, and the others are told of it (reference: two runs)", async () => {
    const made = await worldWith({});
    const first = await made.post(INVOKE, { data: {}, idempotencyKey: "k" });
    const second = await made.post(INVOKE, { data: {}, idempotencyKey: "k" });
    expect([second.status, second.body.data.runId, (await made.runs("f")).length]).toEqual([409, first.body.data.runId, 1]);
  });

  it("a run of a schedule can be run again (reference: 501)", async () => {
    const made = await worldOf({ f: { on: [{ cron: "0 * * * *" }], script: ({ event }) => event.name } });
    await made.advance("1h");
    const { id } = await made.run("f");
    const { status, body } = await made.post(`/v2/runs/${id}/rerun`, {});
    await made.settle();
    expect([status, (await made.runs("f")).find((run) => run.id === body.data.runId)?.output]).toEqual([200, "inngest/scheduled.timer"]);
  });

  it("with a signing key, every answer without it is 401", async () => {
    const made = await worldOf({ f: { script: () => 1 } }, { server: { kind: "cloud", signingKey: "abcd", eventKeys: ["e"] } });
    for (const url of ["/v2/health", "/api/v2/runs", "/v1/events", "/v0/runs/01K6ZZZZZZ0000000000000000/batch"])
      expect([url, (await made.get(url)).status]).toEqual([url, 401]);
    for (const url of [INVOKE, "/v2/events", "/v1/signals", "/v1/cancellations", "/v1/checkpoint/01K6ZZZZZZ0000000000000000/async"])
      expect([url, (await made.post(url)).status]).toEqual([url, 401]);
  });
});

describe("semantics 11.1 REST v1", () => {
  it("a skipped run is told as such, and the answer names its event", async () => {
    const made = await worldWith({ singleton: { mode: "skip" } });
    await made.send("shop/f");
    const eventId = await made.send("shop/f");
    const [, skipped] = await made.runs("f");
    expect((await made.get(`/v1/runs/${skipped?.id ?? ""}`)).body.data).toMatchObject({ status: "Skipped", event_id: eventId });
  });
});

describe("semantics 11.2 REST v0: state for the app", () => {
  it("events and results while the run lives; 410 afterwards, 400 for what is no run's id", async () => {
    const made = await worldOf({
      f: {
        script: async ({ step }) => {
          await step.run("a", () => ({ n: 1 }));
          await step.sleep("nap", "1m");
        },
      },
    });
    await made.send("shop/f", { n: 7 });
    const { id } = await made.run("f");
    expect((await made.get(`/v0/runs/${id}/batch`)).body).toMatchObject([{ name: "shop/f", data: { n: 7 } }]);
    expect(Object.values((await made.get(`/v0/runs/${id}/actions`)).body as object)).toEqual([{ data: { n: 1 } }]);
    await made.advance("1m");
    for (const part of ["batch", "actions"]) {
      expect(await made.get(`/v0/runs/${id}/${part}`)).toMatchObject({ status: 410, body: { error: expect.stringContaining(id) } });
      expect((await made.get(`/v0/runs/nonsense/${part}`)).status).toBe(400);
    }
  });
});

describe("wire 12.2 what a development server tells", () => {
  it("GET /dev: functions, apps and what is missing; a production server has no such page", async () => {
    const made = await worldWith({});
    expect((await made.get("/dev")).body).toMatchObject({
      version: "1.2.3",
      authed: false,
      functions: [{ id: "shop-f" }],
      handlers: [{ sdk: { url: "http://127.0.0.1:9/api/pawl" } }],
      isMissingSigningKey: true,
      isMissingEventKeys: true,
    });
    const cloud = await worldOf({ f: { script: () => 1 } }, { server: { kind: "cloud", eventKeys: ["e"] } });
    expect((await cloud.get("/dev")).status).toBe(404);
  });
});

describe("semantics 14.26 events that start nothing", () => {
  it("their page says so: neither runs nor outcomes", async () => {
    const world = await worldOf({ f: { script: () => 1 } });
    const id = await world.send("shop/nobody");
    const { body } = await world.get(`/ui/v1/events/${id}`);
    expect(body).toMatchObject({ name: "shop/nobody", runs: [] });
    expect(body).not.toHaveProperty("outcomes");
  });
});

describe("semantics 14.25 sending events from the dashboard", () => {
  it("needs a session, and no event key", async () => {
    const world = await worldOf({ f: { script: () => 1 } }, { server: { kind: "cloud", signingKey: "abcd", eventKeys: ["e"] } });
    expect((await world.post("/ui/v1/events", { name: "shop/f", data: {} })).status).toBe(401);
    const { headers } = await world.post("/ui/v1/login", { key: "abcd" });
    const cookie = String(headers["set-cookie"]).split(";")[0] ?? "";
    expect((await world.post("/ui/v1/events", { name: "shop/f", data: {} }, { cookie })).status).toBe(200);
    await world.settle();
    expect(await world.statuses("f")).toEqual(["COMPLETED"]);
  });
});
