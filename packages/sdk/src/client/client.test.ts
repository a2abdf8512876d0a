import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventType } from "../event/event-type.ts";
import { staticSchema, type StandardSchema } from "../event/standard-schema.ts";
import { FakeRuntime, turn } from "../run/call.fixture.ts";
import { VERSION } from "../version.ts";
import manifest from "../../package.json" with { type: "json" };
import { Inngest } from "../inngest.ts";
import { Pawl } from "./client.ts";
import type { PawlOptions } from "./options.ts";
import type { HttpReply, HttpRequest } from "./transport.ts";

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (/^(PAWL|INNGEST)_|BRANCH|^VERCEL|^RENDER/.test(name)) vi.stubEnv(name, undefined);
});
afterEach(() => vi.unstubAllEnvs());

function client(options: Partial<PawlOptions> = {}): Pawl {
  return new Pawl({ id: "shop", logger: { debug() {}, info() {}, warn() {}, error() {} }, ...options });
}

test("the version is the package's", () => {
  expect(VERSION).toBe(manifest.version);
});

describe("mode and addresses", () => {
  test.each<[Record<string, string>, Partial<PawlOptions>, unknown]>([
    [{}, {}, ["cloud", "http://localhost:8288/"]],
    [{ PAWL_DEV: "1" }, {}, ["dev", "http://localhost:8288/"]],
    [{ INNGEST_DEV: "true" }, {}, ["dev", "http://localhost:8288/"]],
    [{ INNGEST_DEV: "true", PAWL_DEV: "0" }, {}, ["cloud", "http://localhost:8288/"]],
    [{ PAWL_DEV: "http://dev.test:9000" }, {}, ["dev", "http://dev.test:9000/"]],
    [{ PAWL_DEV: "dev.test:9000" }, {}, ["dev", "http://dev.test:9000/"]],
    [{ PAWL_DEV: "http://dev.test", PAWL_BASE_URL: "https://pawl.example/base" }, {}, ["dev", "https://pawl.example/base/"]],
    [{ PAWL_DEV: "1" }, { isDev: false }, ["cloud", "http://localhost:8288/"]],
    [{ INNGEST_BASE_URL: "https://a.example", INNGEST_API_BASE_URL: "https://b.example" }, {}, ["cloud", "https://b.example/"]],
    [{ INNGEST_BASE_URL: "https://a.example" }, { baseUrl: "pawl.test" }, ["cloud", "http://pawl.test/"]],
  ])("%j %j", (variables, options, expected) => {
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    const { mode, apiBaseUrl } = client(options).connect();
    expect([mode, apiBaseUrl]).toEqual(expected);
  });

  test("the client of pawl/inngest uses the hosted service in cloud mode", () => {
    expect(new Inngest({ id: "shop" }).connect()).toMatchObject({
      apiBaseUrl: "https://api.inngest.com/",
      eventBaseUrl: "https://inn.gs/",
    });
    expect(new Inngest({ id: "shop", isDev: true }).connect()).toMatchObject({ apiBaseUrl: "http://localhost:8288/" });
  });

  test("keys come from the options, then from our variables, then from the protocol's", () => {
    vi.stubEnv("INNGEST_SIGNING_KEY", "c");
    expect(client().connect().signingKey).toBe("c");
    vi.stubEnv("PAWL_SIGNING_KEY", "b");
    expect(client().connect().signingKey).toBe("b");
    expect(client({ signingKey: "a" }).connect().signingKey).toBe("a");
  });

  test("variables can be handed in, and logging shows no secrets", () => {
    const app = client();
    app.setEnvVars({ PAWL_EVENT_KEY: "secret", PAWL_ENV: "feature" });
    expect(app.connect()).toMatchObject({ eventKey: "secret", headers: { "x-inngest-env": "feature" } });
    expect(JSON.stringify([app.environment, app.connect()])).not.toContain("secret");
  });

  test("an app needs an id", () => {
    expect(() => new Pawl({ id: " " })).toThrow("non-empty `id`");
  });
});

describe("send", () => {
  function sender(options: Partial<PawlOptions> = {}, replies: (HttpReply | Error)[] = []) {
    const requests: HttpRequest[] = [];
    const runtime = new FakeRuntime();
    const transport = async (request: HttpRequest): Promise<HttpReply> => {
      requests.push(request);
      const reply = replies.shift() ?? { status: 200, body: '{"ids":["01A","01B"],"status":200}' };
      if (reply instanceof Error) throw reply;
      return reply;
    };
    return { app: client({ isDev: true, runtime, transport, ...options }), requests, runtime };
  }

  test("posts a list with defaults filled in, and a seed", async () => {
    const { app, requests } = sender({ eventKey: "k/y" });
    expect(
      await app.send([
        { name: "a", data: { x: 1 }, id: "1" },
        { name: "b", ts: 5, v: undefined as unknown as string },
      ]),
    ).toEqual({ ids: ["01A", "01B"] });
    expect(requests[0]?.url).toBe("http://localhost:8288/e/k%2Fy");
    expect(requests[0]?.headers["x-inngest-event-id-seed"]).toBe("1700000000000,BwcHBwcHBwcHBw==");
    expect(JSON.parse(requests[0]?.body ?? "")).toEqual([
      { name: "a", data: { x: 1 }, id: "1", ts: 1_700_000_000_000 },
      { name: "b", data: {}, ts: 5 },
    ]);
  });

  test("without a key: the dev key in dev mode, an error in cloud mode", async () => {
    const { app, requests } = sender();
    await app.send({ name: "a" });
    expect(requests[0]?.url).toBe("http://localhost:8288/e/NO_EVENT_KEY_SET");
    await expect(sender({ isDev: false }).app.send({ name: "a" })).rejects.toThrow("PAWL_EVENT_KEY");
  });

  test("network errors and 5xx are retried with the same seed", async () => {
    const { app, requests, runtime } = sender({}, [new Error("reset"), { status: 503, body: "" }]);
    const sent = app.send({ name: "a" });
    for (let i = 0; i < 3; i++) {
      await turn();
      runtime.advance(1_000);
    }
    expect(await sent).toMatchObject({ ids: ["01A", "01B"] });
    expect(new Set(requests.map((request) => request.headers["x-inngest-event-id-seed"])).size).toBe(1);
    expect(requests).toHaveLength(3);
  });

  test("a refusal says what is wrong and isn't retried", async () => {
    const { app, requests } = sender({}, [{ status: 400, body: '{"ids":[],"status":400,"error":"event name is empty"}' }]);
    await expect(app.send({ name: "a" })).rejects.toThrow("the server found an event invalid (HTTP 400: event name is empty)");
    expect(requests).toHaveLength(1);
  });

  test("nothing to send sends nothing", async () => {
    const { app, requests } = sender();
    expect([await app.send([]), requests]).toEqual([{ ids: [] }, []]);
  });

  const even: StandardSchema<{ n: number }> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) =>
        (value as { n: number }).n % 2 === 0 ? { value: value as { n: number } } : { issues: [{ message: "is odd", path: ["n"] }] },
    },
  };

  test("events that don't fit their schema are not sent", async () => {
    const evens = eventType("even", { schema: even, version: "2" });
    const { app, requests } = sender({ events: [evens] });
    await expect(app.send({ name: "even", data: { n: 1 } })).rejects.toThrow('Event "even": its data doesn\'t fit the schema: n: is odd.');
    await expect(sender().app.send(evens.create({ n: 3 }))).rejects.toThrow("n: is odd");
    await app.send(evens.create({ n: 2 }, { id: "1" }));
    expect(requests).toHaveLength(1);
    expect(JSON.parse(requests[0]?.body ?? "")).toEqual([{ name: "even", data: { n: 2 }, id: "1", v: "2", ts: 1_700_000_000_000 }]);
  });

  test("a signal tells which run took it", async () => {
    const { app, requests } = sender({}, [
      { status: 200, body: '{"data":{"run_id":"R"}}' },
      { status: 404, body: "" },
    ]);
    expect([await app.sendSignal({ signal: "s", data: 1 }), await app.sendSignal({ signal: "s" })]).toEqual([{ runId: "R" }, {}]);
    expect(requests[0]).toMatchObject({ url: "http://localhost:8288/v1/signals", body: '{"signal":"s","data":1}' });
  });

  test("a static schema accepts everything", async () => {
    expect(await eventType("x", { schema: staticSchema<{ a: 1 }>() }).check({ b: 2 })).toEqual({ b: 2 });
  });
});
