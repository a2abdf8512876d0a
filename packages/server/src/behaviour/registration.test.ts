/** Registration of apps by their own request. */
import { describe, expect, it } from "vitest";
import { type World, worldOf } from "./world.fixture.ts";

const KEY = "8f0e5a3c";
/** SHA-256 of the key's bytes. */
const HASHED_KEY = "16bf57b4dc9e9a83dbd83ee0d9bb6155e3a86f9c1b666dcbb49743369ae20d09";

/** A function as an app registers it. */
function functionOf(name: string, over: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const url = `http://127.0.0.1:9/api/pawl?fnId=shop-${name}&stepId=step`;
  return {
    id: `shop-${name}`,
    name,
    triggers: [{ event: `shop/${name}` }],
    steps: { step: { id: "step", name: "step", runtime: { type: "http", url } } },
    ...over,
  };
}

type Sync = { readonly body?: Readonly<Record<string, unknown>>; readonly headers?: Readonly<Record<string, string>> };

/** The app's request. */
function register(world: World, functions: readonly unknown[], { body = {}, headers = {} }: Sync = {}): ReturnType<World["post"]> {
  const base = {
    url: "http://127.0.0.1:9/api/pawl",
    v: "0.1",
    deployType: "ping",
    sdk: "js:v4.24.0",
    framework: "express",
    appName: "shop",
  };
  return world.post("/fn/register", { ...base, functions, ...body }, headers);
}

/** A world whose app has answers for `a` and `b`. */
function shop(options: Parameters<typeof worldOf>[1] = {}): Promise<World> {
  return worldOf({ a: { script: ({ step }) => step.sleep("nap", "1h") }, b: { script: () => "b" } }, options);
}

describe("semantics 11.8 app sync", () => {
  it("needs the signing key, raw or hashed, with or without a prefix, in any case of `Bearer`", async () => {
    const world = await shop({ server: { kind: "cloud", signingKey: KEY, eventKeys: ["e"] } });
    for (const bearer of [`Bearer ${KEY}`, `bearer ${HASHED_KEY}`, `BEARER signkey-test-${KEY}`, `Bearer signkey-prod-${HASHED_KEY}`])
      expect([bearer, (await register(world, [functionOf("a")], { headers: { authorization: bearer } })).status]).toEqual([bearer, 200]);
    for (const headers of [{}, { authorization: KEY }, { authorization: "Bearer 00" }, { authorization: `Basic ${KEY}` }])
      expect(await register(world, [functionOf("a")], { headers })).toMatchObject({ status: 401, body: "Authentication failed" });
  });

  it("an app that expects another kind of server is refused", async () => {
    const world = await shop();
    expect(await register(world, [], { headers: { "x-inngest-expected-server-kind": "cloud" } })).toMatchObject({
      status: 400,
      body: { error: "Expected server kind dev, got cloud" },
    });
    expect((await register(world, [], { headers: { "x-inngest-expected-server-kind": "dev" } })).status).toBe(200);
  });

  it.each(["application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded", undefined])(
    "the body is read whatever its type is said to be: %s",
    async (type) => {
      const world = await shop();
      const payload = JSON.stringify({ url: "http://127.0.0.1:9/api/pawl", appName: "shop", functions: [functionOf("a")] });
      const headers = { host: "localhost:8288", ...(type === undefined ? {} : { "content-type": type }) };
      const answer = await world.server.http.inject({ method: "POST", url: "/fn/register", headers, payload });
      expect([answer.statusCode, answer.json()]).toMatchObject([200, { ok: true, modified: true }]);
    },
  );

  it.each(["", "{", "[]", '"x"', '{"appName":"shop","url":"http://127.0.0.1:9/","functions":{}}'])(
    "what can't be read is refused, and archives nothing: %s",
    async (payload) => {
      const world = await shop();
      const headers = { host: "localhost:8288", "content-type": "application/json" };
      const answer = await world.server.http.inject({ method: "POST", url: "/fn/register", headers, payload });
      expect([answer.statusCode, answer.json<{ error: string }>().error]).toEqual([400, expect.stringMatching(/^Invalid request: /)]);
      expect(world.server.engine.registry.functionBySlug("shop-a")?.archivedAt).toBeUndefined();
    },
  );

  it("the answer names the app and the sync; an equal one changes nothing", async () => {
    const world = await shop();
    const first = await register(world, [functionOf("a")]);
    const ids = { sync_id: expect.any(String), app_id: expect.any(String) };
    expect(first).toMatchObject({ status: 200, body: { ok: true, modified: true, ...ids } });
    const second = await register(world, [functionOf("a")]);
    expect(second.body).toMatchObject({ ok: true, modified: false, app_id: first.body.app_id });
    expect(world.server.engine.registry.functionBySlug("shop-a")?.version).toBe(2);
  });

  it("fields are read without regard to case: the Python SDK writes `appname`", async () => {
    const world = await shop();
    const body = { appName: undefined, appname: "depot", DeployType: "ping" };
    expect(await register(world, [functionOf("a")], { body })).toMatchObject({ status: 200, body: { ok: true } });
    expect(world.server.engine.registry.appByName("depot")).toBeDefined();
  });

  it("one invalid function refuses them all, with the reason of each; what was before stays", async () => {
    const world = await shop();
    const { status, body } = await register(world, [
      functionOf("c"),
      functionOf("a", { concurrency: { limit: 1, key: "event.data." } }),
      functionOf("b", { batchEvents: { maxSize: 1, timeout: "1s" } }),
    ]);
    expect([status, body.code, body.data.errors.length]).toEqual([400, "config_invalid", 2]);
    expect(body.error).toMatch(/^At least one function is invalid: .*"shop-a".*"shop-b"/);
    expect(world.server.engine.registry.functionBySlug("shop-c")).toBeUndefined();
    await world.send("shop/b");
    expect(await world.statuses("b")).toEqual(["COMPLETED"]);
  });

  it("two functions of one id are refused", async () => {
    expect((await register(await shop(), [functionOf("a"), functionOf("a")])).body.error).toContain("used by two functions");
  });

  it.each([
    [{ appName: "" }, "App ID required"],
    [{ url: "ftp://x" }, "is not an http or https URL"],
    [{ sdk: "js:v3.22.0" }, "upgrade it to v3.54.0"],
    [{ sdk: "js:v3.53.1" }, "upgrade it to v3.54.0"],
  ])("%j is refused: %s", async (body, message) => {
    expect(await register(await shop(), [functionOf("a")], { body })).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining(message), data: null, status: 400 },
    });
  });

  it("a body that is no JSON object is refused", async () => {
    const world = await shop();
    const inject = (payload: string): Promise<{ readonly statusCode: number }> =>
      world.server.http.inject({ method: "POST", url: "/fn/register", headers: { "content-type": "application/json" }, payload });
    expect([(await inject("{")).statusCode, (await inject("7")).statusCode]).toEqual([400, 400]);
  });

  it("the same name with another URL is the same app; calls that wait go to the new URL", async () => {
    const world = await shop();
    await world.send("shop/a");
    const before = world.server.engine.registry.appByName("shop")?.id;
    const moved = functionOf("a", {
      steps: { step: { id: "step", name: "step", runtime: { type: "http", url: "http://10.0.0.1:9/moved?fnId=shop-a&stepId=step" } } },
    });
    await register(world, [moved, functionOf("b")], { body: { url: "http://10.0.0.1:9/moved" } });
    expect(world.server.engine.registry.appByName("shop")).toMatchObject({ id: before, url: "http://10.0.0.1:9/moved" });
    await world.advance("1h");
    expect(await world.statuses("a")).toEqual(["COMPLETED"]);
    expect(world.server.engine.registry.functionBySlug("shop-a")?.definition.url).toContain("/moved");
  });

  it("functions that are missing are archived: their runs go on, new ones don't start; registered again, they do", async () => {
    const world = await shop();
    const { id } = world.server.engine.registry.functionBySlug("shop-a") ?? {};
    await world.send("shop/a");
    await register(world, [functionOf("b")]);
    await world.send("shop/a");
    await world.advance("1h");
    const runsOf = (functionId = ""): ReturnType<typeof world.server.engine.store.history.listRuns> =>
      world.server.engine.store.history.listRuns({ filter: { functionIds: [functionId] }, timeField: "queuedAt", order: "asc", limit: 9 });
    expect((await runsOf(id)).map(({ status }) => status)).toEqual(["COMPLETED"]);
    await register(world, [functionOf("a"), functionOf("b")]);
    await world.send("shop/a");
    await world.advance("1h");
    expect([world.server.engine.registry.functionBySlug("shop-a")?.id, await world.statuses("a")]).toEqual([
      id,
      ["COMPLETED", "COMPLETED"],
    ]);
  });

  it("an empty list archives all", async () => {
    const world = await shop();
    expect((await register(world, [])).body).toMatchObject({ ok: true, modified: true });
    await world.send("shop/b");
    expect(await world.server.engine.store.history.countRuns({ filter: {}, timeField: "queuedAt", max: 9 })).toBe(0);
  });

  it("an app is removed by its URL, and comes back with its next registration", async () => {
    const world = await shop();
    const remove = (url: string): ReturnType<World["server"]["delete"]> => world.server.delete(`/fn/remove?url=${encodeURIComponent(url)}`);
    expect(await remove("http://127.0.0.1:9/other")).toMatchObject({
      status: 404,
      body: { error: expect.stringContaining("App not found") },
    });
    expect((await remove("http://localhost:9/api/pawl")).status).toBe(200);
    await world.send("shop/b");
    expect((await remove("http://127.0.0.1:9/api/pawl")).status).toBe(404);
    await register(world, [functionOf("b")]);
    await world.send("shop/b");
    expect(await world.statuses("b")).toEqual(["COMPLETED"]);
    const form = { host: "localhost:8288", "content-type": "application/x-www-form-urlencoded" };
    const payload = new URLSearchParams({ url: "http://127.0.0.1:9/api/pawl" }).toString();
    const removed = await world.server.http.inject({ method: "DELETE", url: "/fn/remove", headers: form, payload });
    expect([removed.statusCode, removed.body]).toEqual([200, ""]);
  });
});
