/** The Event API: what is accepted, how it is normalised, and what two events with one id do. */
import { seededUlid } from "@pawl/protocol";
import { describe, expect, it } from "vitest";
import { settled, START, type World, worldOf } from "./world.fixture.ts";

/** A world with a function that gives back its event. */
function echoWorld(server: Parameters<typeof worldOf>[1] = {}): Promise<World> {
  return worldOf({ echo: { script: ({ event }) => event } }, server);
}

/** Posts a body as it is. */
async function post(world: World, payload: string, { key = "any", ...headers }: Readonly<Record<string, string>> = {}) {
  const response = await world.server.http.inject({
    method: "POST",
    url: `/e/${key}`,
    payload,
    headers: { host: "localhost:8288", "content-type": "application/json", ...headers },
  });
  await settled();
  return {
    status: response.statusCode,
    headers: response.headers,
    body: response.json<{ ids: string[]; error?: string; status: number }>(),
  };
}

const json = JSON.stringify;

describe("semantics 1.1 endpoints", () => {
  it("development takes any key", async () => {
    const world = await echoWorld();
    expect(await post(world, json({ name: "shop/echo", data: {} }))).toMatchObject({ status: 200 });
  });

  it("with keys, one of them is needed", async () => {
    const world = await echoWorld({ server: { kind: "cloud", eventKeys: ["k1", "k2"] } });
    const event = json({ name: "shop/echo", data: {} });
    expect((await post(world, event, { key: "k2" })).status).toBe(200);
    const refused = await post(world, event, { key: "k3" });
    expect([refused.status, refused.body]).toMatchObject([401, { status: 401, message: "", error: "Event key not found" }]);
    expect(await world.runs("echo")).toHaveLength(1);
  });

  it("a production server without keys takes nothing", async () => {
    const world = await echoWorld({ server: { kind: "cloud" } });
    expect(await post(world, json({ name: "shop/echo", data: {} }))).toMatchObject({
      status: 503,
      body: { error: "Event keys are required to process events securely" },
    });
  });

  it.each(["dev", "cloud"] as const)("every answer of %s says what kind of server it is; health is open", async (kind) => {
    const world = await echoWorld({ server: { kind, eventKeys: ["k"], signingKey: "ab" } });
    const health = await world.get("/health");
    expect(health).toMatchObject({ status: 200, body: { status: 200, message: "OK" } });
    expect(health.headers["x-inngest-server-kind"]).toBe(kind);
    expect((await post(world, "{}")).headers["x-inngest-server-kind"]).toBe(kind);
    const origin = kind === "dev" ? "http://localhost:3000" : "https://shop.example";
    for (const request of [
      { method: "OPTIONS", url: "/e/k", headers: { host: "localhost:8288", origin, "access-control-request-method": "POST" } },
      { method: "POST", url: "/e/%zz", headers: { host: "localhost:8288" } },
    ] as const)
      expect((await world.server.http.inject(request)).headers["x-inngest-server-kind"]).toBe(kind);
  });

  it("pages of any origin may send events to a server with keys", async () => {
    const world = await echoWorld({ server: { kind: "cloud", eventKeys: ["k"], signingKey: "ab" } });
    const { headers } = await world.server.http.inject({
      method: "OPTIONS",
      url: "/e/any",
      headers: { origin: "https://shop.example", "access-control-request-method": "POST" },
    });
    expect(["*", "https://shop.example"]).toContain(headers["access-control-allow-origin"]);
    expect(headers["access-control-allow-credentials"]).toBeUndefined();
    const plain = await world.server.http.inject({ method: "OPTIONS", url: "/e/any" });
    expect([plain.statusCode, plain.headers["access-control-allow-methods"]]).toEqual([204, "GET, POST, PUT, DELETE, OPTIONS"]);
  });
});

describe("semantics 1.2 body formats", () => {
  it("one event or a list, whatever the content type says", async () => {
    const world = await echoWorld();
    const one = await post(world, json({ name: "shop/echo", data: { n: 1 } }), { "content-type": "text/plain" });
    const list = await post(world, json([{ name: "shop/echo", data: { n: 2 } }, { name: "shop/echo" }]));
    expect([one.body.ids.length, list.body.ids.length]).toEqual([1, 2]);
    expect(await world.runs("echo")).toHaveLength(3);
  });

  it.each(["7", '"text"', "null", "{", '{"name":"a"} {"name":"b"}'])("%s is refused", async (body) => {
    const world = await echoWorld();
    const { status, body: answer } = await post(world, body);
    expect(status).toBe(400);
    expect(answer.error).toContain("Request body must contain an event object or an array of event objects");
  });

  it.each(["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])("forms are refused: %s", async (type) => {
    const world = await echoWorld();
    expect((await post(world, "name=shop%2Fecho", { "content-type": type })).status).toBe(400);
    expect(await world.runs("echo")).toEqual([]);
  });
});

describe("semantics 1.3 event shape and normalisation", () => {
  it("id, ts, user and data are filled in; unknown keys are dropped", async () => {
    const world = await echoWorld();
    const { body } = await post(world, json({ name: "shop/echo", colour: "red" }));
    const { output } = await world.run("echo");
    expect(output).toEqual({ name: "shop/echo", id: body.ids[0], ts: START, user: {}, data: {} });
  });

  it("what the sender gives is kept", async () => {
    const world = await echoWorld();
    const event = { name: "shop/echo", id: "mine", ts: START - 5, user: { id: "u" }, data: { n: [1] }, v: "2" };
    await post(world, json(event));
    expect((await world.run("echo")).output).toEqual(event);
  });

  it.each(["inngest/function.finished", "INNGEST/x", "Inngest/function.failed"])("the name %s is reserved", async (name) => {
    const world = await echoWorld();
    const { status, body } = await post(world, json({ name, data: {} }));
    expect([status, body.error]).toEqual([400, `event name is reserved for internal use: ${name}`]);
  });

  it("nobody can forge what the server notes in events", async () => {
    const world = await echoWorld();
    await post(world, json({ name: "shop/echo", data: { _inngest: { fn_id: "shop-echo", correlation_id: "a.b" }, n: 1 } }));
    expect((await world.run("echo")).output).toMatchObject({ data: { n: 1 } });
    expect(json((await world.run("echo")).output)).not.toContain("_inngest");
  });

  it.each([
    [{ name: "" }, "event name is empty"],
    [{ data: {} }, "event name is empty"],
    [{ name: "a", ts: 315_532_799_999 }, "timestamp is before Jan 1, 1980"],
    [{ name: "a", ts: 4_102_444_800_001 }, "timestamp is after Jan 1, 2100"],
    [{ name: "a", ts: 1.5 }, "event ts must be an integer"],
    [{ name: "a", data: [1] }, "event data must be an object"],
    [{ name: "a", data: "x" }, "event data must be an object"],
    [{ name: 7 }, "event name must be a string"],
  ])("%j is refused: %s", async (event, message) => {
    const world = await echoWorld();
    const { status, body } = await post(world, json(event));
    expect(status).toBe(400);
    expect(body.error).toContain(message);
    expect(body.ids).toEqual([]);
  });

  it("the bounds of ts are allowed, and 0 is none", async () => {
    const world = await echoWorld();
    for (const ts of [315_532_800_000, 4_102_444_800_000, 0]) expect((await post(world, json({ name: "a", ts }))).status).toBe(200);
    expect((await world.events("a")).map(({ ts }) => ts)).toEqual([315_532_800_000, 4_102_444_800_000, START]);
  });
});

describe("semantics 1.4 size limits", () => {
  it("an event of 3 MiB is taken, one byte more is not", async () => {
    const world = await worldOf({});
    const size = 3 * 1_024 * 1_024;
    const event = (bytes: number): string => {
      const empty = json({ name: "a", data: { text: "" } });
      return json({ name: "a", data: { text: "x".repeat(bytes - empty.length) } });
    };
    expect((await post(world, event(size))).status).toBe(200);
    const refused = await post(world, event(size + 1));
    expect([refused.status, refused.body.error]).toEqual([400, `Event is over the max size: Max ${size} bytes / Size ${size + 1} bytes`]);
  });

  it("5,000 events are taken at once, one more is not", async () => {
    const world = await worldOf({});
    const events = (count: number): string => json(Array.from({ length: count }, () => ({ name: "a" })));
    expect((await post(world, events(5_000))).body.ids).toHaveLength(5_000);
    const refused = await post(world, events(5_001));
    expect(refused.status).toBe(400);
    expect(refused.body.error).toContain("Cannot have more than 5000 events in a batch");
  });
});

describe("semantics 1.5 ids", () => {
  const SEED = `1790000000000,${Buffer.from([1, 2, 3, 4, 5, 6, 0, 0, 0, 9]).toString("base64")}`;

  it("the same seed gives the same ids, so a request that is sent again starts nothing more", async () => {
    const world = await echoWorld();
    const body = json([
      { name: "shop/echo", data: {} },
      { name: "shop/echo", data: {} },
    ]);
    const first = await post(world, body, { "x-inngest-event-id-seed": SEED });
    const second = await post(world, body, { "x-inngest-event-id-seed": SEED });
    expect(second.body.ids).toEqual(first.body.ids);
    expect(new Set(first.body.ids).size).toBe(2);
    expect(await world.runs("echo")).toHaveLength(2);
    expect(await world.events("shop/echo")).toHaveLength(2);
  });

  const LATE = "281474976710656,AQIDBAUGAAAACQ==";

  it.each(["", "x", "0,AQIDBAUGAAAACQ==", "1790000000000,AQ==", `${SEED},1`, LATE])("a malformed seed is ignored: %j", async (seed) => {
    const world = await echoWorld();
    const headers = { "x-inngest-event-id-seed": seed };
    const [a, b] = [await post(world, json({ name: "a" }), headers), await post(world, json({ name: "a" }), headers)];
    expect([a.status, b.status]).toEqual([200, 200]);
    expect(a.body.ids).not.toEqual(b.body.ids);
  });
});

describe("semantics 1.6 response", () => {
  it("ids come in the order of the request", async () => {
    const world = await echoWorld();
    const { body } = await post(world, json([1, 2, 3].map((n) => ({ name: "shop/echo", data: { n } }))));
    expect(body.ids).toEqual(body.ids.toSorted());
    expect((await world.runs("echo")).map(({ output }) => (output as { data: { n: number } }).data.n)).toEqual([1, 2, 3]);
  });

  it("events before a bad one are kept and named, those after it are not", async () => {
    const world = await echoWorld();
    const [good, bad] = [{ name: "shop/echo", data: {} }, { name: "" }];
    const { status, body } = await post(world, json([good, good, bad, good]));
    expect(status).toBe(400);
    expect(body.ids).toHaveLength(2);
    expect(body.error).toContain("event name is empty");
    expect((await world.runs("echo")).map(({ eventIds }) => eventIds[0])).toEqual(body.ids);
  });

  it("answers are JSON, and say so", async () => {
    const world = await echoWorld();
    for (const body of [json({ name: "shop/echo" }), json({ name: "" })])
      expect((await post(world, body)).headers["content-type"]).toBe("application/json; charset=utf-8");
  });

  it("a body that ends too early is refused as a whole", async () => {
    const world = await echoWorld();
    expect(await post(world, '[{"name":"shop/echo"},{"name":')).toMatchObject({ status: 400, body: { ids: [], status: 400 } });
    expect(await world.runs("echo")).toEqual([]);
  });

  it.each(["[]", ""])("no events are no error: %j", async (body) => {
    const world = await echoWorld();
    expect(await post(world, body)).toMatchObject({ status: 200, body: { ids: [], status: 200 } });
  });
});

describe("semantics 1.7 sessions", () => {
  const sessionsOf = async (meta: unknown): Promise<unknown> => {
    const world = await echoWorld();
    const { body, status } = await post(world, json({ name: "shop/echo", data: {}, meta }));
    if (status !== 200) return body.error;
    return ((await world.run("echo")).output as { meta?: { sessions?: unknown } }).meta?.sessions;
  };

  it("own ones win, inherited ones fill up to five in order of their names", async () => {
    const inherited = { e: "5", d: "4", c: "3", b: "2", a: "inherited" };
    expect(await sessionsOf({ sessions: { a: "own", z: 7 }, propagated_sessions: inherited })).toEqual({
      a: "own",
      z: "7",
      b: "2",
      c: "3",
      d: "4",
    });
  });

  it("null cuts one, or all", async () => {
    expect(await sessionsOf({ sessions: { a: null }, propagated_sessions: { a: "1", b: "2" } })).toEqual({ b: "2" });
    expect(await sessionsOf({ sessions: null, propagated_sessions: { a: "1" } })).toBeUndefined();
  });

  it.each([
    [Object.fromEntries(["a", "b", "c", "d", "e", "f"].map((key) => [key, "1"])), "event sessions can include at most 5 entries"],
    [{ "": "1" }, "event session keys cannot be empty"],
    [{ ["k".repeat(129)]: "1" }, "exceeds 128 bytes"],
    [{ k: "" }, "cannot have an empty ID"],
    [{ k: "v".repeat(513) }, "exceeds 512 bytes"],
    [{ k: true }, "must be a string, number, or null"],
  ])("%j is refused", async (sessions, message) => {
    expect(await sessionsOf({ sessions })).toContain(message);
  });
});

describe("semantics 1.7 sessions of a run", () => {
  it("a run has those of all its events, once each, in order, and 25 at most", async () => {
    const world = await worldOf({ f: { options: { batchEvents: { maxSize: 6, timeout: "1m" } }, script: () => 1 } });
    const events = Array.from({ length: 6 }, (_, n) => ({
      name: "shop/f",
      meta: { sessions: Object.fromEntries(["a", "b", "c", "d", "e"].map((key) => [key, key === "a" ? "same" : `${n}`])) },
    }));
    await post(world, json(events));
    const pairs = JSON.parse((await world.run("f")).sessions ?? "[]") as readonly unknown[];
    expect(pairs).toHaveLength(25);
    expect(new Set(pairs.map((pair) => json(pair))).size).toBe(25);
  });
});

describe("semantics 1.8 de-duplication", () => {
  it("one id starts each function once in 24 hours; the first event wins", async () => {
    const world = await worldOf({
      one: { on: "shop/paid", script: ({ event }) => event.data["n"] },
      two: { on: "shop/paid", script: ({ event }) => event.data["n"] },
    });
    await world.send("shop/paid", { n: 1 }, { id: "A" });
    const repeated = await world.send("shop/paid", { n: 2 }, { id: "A" });
    for (const name of ["one", "two"]) expect((await world.runs(name)).map(({ output }) => output)).toEqual([1]);
    expect((await world.outcomes(repeated)).map(({ reason }) => reason)).toEqual(["duplicate-event-id", "duplicate-event-id"]);
  });

  it("it does so also while the first run is under way, and after it has failed", async () => {
    const world = await worldOf({
      slow: { on: "shop/paid", script: ({ step }) => step.sleep("nap", "1h") },
      bad: { on: "shop/paid", retries: 0, script: () => Promise.reject(new Error("no")) },
    });
    await world.send("shop/paid", {}, { id: "A" });
    await world.send("shop/paid", {}, { id: "A" });
    expect([await world.statuses("slow"), await world.statuses("bad")]).toEqual([["RUNNING"], ["FAILED"]]);
  });

  it("the repeated event is stored, and ends waits", async () => {
    const world = await worldOf({
      wait: { script: ({ step }) => step.waitForEvent("paid", { event: "shop/paid", timeout: "1h" }) },
    });
    await world.send("shop/paid", { n: 1 }, { id: "A" });
    await world.send("shop/wait");
    await world.send("shop/paid", { n: 2 }, { id: "A" });
    expect((await world.run("wait")).output).toMatchObject({ data: { n: 2 } });
    expect(await world.events("shop/paid")).toHaveLength(2);
  });

  it("after 24 hours the same id starts it again", async () => {
    const world = await echoWorld();
    await world.send("shop/echo", {}, { id: "A" });
    await world.advance("23h59m59s");
    await world.send("shop/echo", {}, { id: "A" });
    expect(await world.runs("echo")).toHaveLength(1);
    await world.advance("1s1ms");
    await world.send("shop/echo", {}, { id: "A" });
    expect(await world.runs("echo")).toHaveLength(2);
  });

  it("events without an id are never duplicates, however equal", async () => {
    const world = await echoWorld();
    await world.send("shop/echo", { n: 1 });
    await world.send("shop/echo", { n: 1 });
    expect(await world.runs("echo")).toHaveLength(2);
  });

  it("two events with one id in one request start one run", async () => {
    const world = await echoWorld();
    await post(world, json([1, 2].map((n) => ({ name: "shop/echo", id: "A", data: { n } }))));
    expect((await world.run("echo")).output).toMatchObject({ data: { n: 1 } });
  });
});

describe("semantics 1.9 /invoke", () => {
  it("starts one function, by slug, with an event of the server's own", async () => {
    const world = await echoWorld();
    const { status, body } = await world.post("/invoke/shop-echo", { name: "ignored", data: { n: 1 }, user: { id: "u" } });
    await settled();
    const { eventIds, output } = await world.run("echo");
    expect([status, body]).toEqual([200, { id: eventIds[0], status: 200 }]);
    expect(output).toMatchObject({ name: "inngest/function.invoked", user: { id: "u" }, data: { n: 1, _inngest: { fn_id: "shop-echo" } } });
  });

  it("an unknown slug is taken, and changes nothing", async () => {
    const world = await echoWorld();
    expect((await world.post("/invoke/shop-nobody", { data: {} })).status).toBe(200);
    await settled();
    expect(await world.runs("echo")).toEqual([]);
    expect(await world.server.engine.store.unprocessedEvents({ limit: 1 })).toEqual([]);
  });

  it("a request that is sent again with its seed starts nothing more; its id is the seed's first", async () => {
    const world = await echoWorld();
    const headers = { "x-inngest-event-id-seed": `1790000000000,${Buffer.from([1, 2, 3, 4, 5, 6, 0, 0, 0, 9]).toString("base64")}` };
    const ids = [await world.post("/invoke/shop-echo", {}, headers), await world.post("/invoke/shop-echo", {}, headers)];
    await settled();
    const seed = { ms: 1_790_000_000_000, entropy: Uint8Array.from([1, 2, 3, 4, 5, 6, 0, 0, 0, 9]), index: 0 };
    expect(ids.map(({ body }) => body.id as unknown)).toEqual([seededUlid(seed), seededUlid(seed)]);
    expect(await world.runs("echo")).toHaveLength(1);
  });

  it.each(["[1]", '{"data":[]}', '{"data":"x"}', '{"ts":1.5}', '{"ts":1e300}', '{"ts":-1}', '{"ts":"2026"}', '{"meta":{"sessions":[]}}'])(
    "a body that is no event is refused: %s",
    async (payload) => {
      const world = await echoWorld();
      const { statusCode } = await world.server.http.inject({ method: "POST", url: "/invoke/shop-echo", payload });
      expect(statusCode).toBe(400);
    },
  );

  it.each(["dev", "cloud"] as const)("with keys, one is needed: %s", async (kind) => {
    const world = await echoWorld({ server: { kind, eventKeys: ["k"], signingKey: "abcd" } });
    const invoke = async (headers: Readonly<Record<string, string>>): Promise<number> =>
      (await world.post("/invoke/shop-echo", { data: {} }, headers)).status;
    expect([await invoke({}), await invoke({ authorization: "Bearer x" })]).toEqual([401, 401]);
    expect([await invoke({ authorization: "Bearer k" }), await invoke({ authorization: "Bearer abcd" })]).toEqual([200, 200]);
  });
});

describe("semantics 1.10 event history", () => {
  it("every event is kept, the server's own too, which lists leave out unless asked by name", async () => {
    const world = await echoWorld();
    await world.send("shop/echo");
    await world.advance("1s");
    const names = async (query: string): Promise<readonly string[]> => {
      const { body } = await world.get(`/v1/events${query}`);
      return (body.data as { name: string }[]).map(({ name }) => name);
    };
    expect(await names("")).toEqual(["shop/echo"]);
    expect(await names("?name=inngest/function.finished")).toEqual(["inngest/function.finished"]);
  });
});

describe("semantics 1.12 from ingest to triggers", () => {
  it("an expression that fails for an event is told once; the event is stored once, and other functions run", async () => {
    const world = await worldOf({
      broken: { on: [{ event: "shop/paid", expression: "event.data.text > 5" }], script: () => "ran" },
      fine: { on: "shop/paid", script: () => "ran" },
    });
    const id = await world.send("shop/paid", { text: "five" });
    await world.advance("1h");
    expect(await world.runs("broken")).toEqual([]);
    expect(await world.runs("fine")).toHaveLength(1);
    expect(await world.events("shop/paid")).toHaveLength(1);
    expect((await world.outcomes(id)).map(({ reason }) => reason)).toEqual(["expression-error"]);
  });
});
