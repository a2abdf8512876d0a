import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encryption, type EncryptionOptions } from "../encryption/index.ts";
import { isEncryptedText } from "../encryption/encryption.ts";
import type { EndpointOptions } from "./options.ts";
import { again, APP, type EndpointTest, endpointTest, playToEnd, type StoredRun } from "./endpoint.fixture.ts";
import { openAnswer, openRequest, openToken, sealAnswer, sealBody, sealToken } from "./sealed.ts";
import { readEvents } from "./sse.ts";

const SECRET = "sesame";
const ANSWER = JSON.stringify({ status: 200, headers: {}, body: SECRET });
const OPTIONS: EndpointOptions = { asyncRedirectUrl: "/wait" };
const post = (body: string = SECRET) => new Request(APP, { method: "POST", body });

/** A client that encrypts, and a server whose answers the proxy gets. */
function sealedTest(options: Partial<EncryptionOptions> = {}, run?: () => StoredRun): EndpointTest {
  const world: EndpointTest = endpointTest({
    encryption: encryption({ key: "k", ...options }),
    fetch: async (input) => {
      const url = new URL(input as string);
      const { id, output } = run?.() ?? world.server.run;
      if (url.searchParams.get("token") !== `token-${id}`) return new Response("no", { status: 401 });
      const { status, headers, body } = output ?? { status: 200, headers: {}, body: '{"status":"running"}' };
      return new Response(body, { status, headers: headers as Record<string, string> });
    },
  });
  return world;
}

/** Where a caller was led to. */
const locationOf = (answer: Response): Request => new Request(String(answer.headers.get("location")));

/** An endpoint whose run goes on without its caller. */
const sleepy = ({ client }: EndpointTest, seen: string[] = []) =>
  client.endpoint(async (request, { step }) => {
    const body = await request.text();
    seen.push(body);
    await step.run("a", () => `${SECRET} of a step`);
    await step.sleep("z", "1h");
    return new Response(`${body} answered`, { status: 201, headers: { "x-own": SECRET } });
  }, OPTIONS);

describe("the server", () => {
  test("gets neither body nor results nor the answer; the handler and its caller get all of it", async () => {
    const world = sealedTest();
    const seen: string[] = [];
    const endpoint = sleepy(world, seen);
    const answer = await endpoint(post());
    await playToEnd(endpoint, world.server);
    expect(seen).toEqual([SECRET, SECRET]);
    const { run, requests } = world.server;
    expect(JSON.stringify([run.output, [...run.steps], requests])).not.toContain(SECRET);
    expect(isEncryptedText(run.event.data["body"] ?? "")).toBe(true);
    const late = await world.client.endpointProxy()(locationOf(answer));
    expect([late.status, late.headers.get("x-own"), await late.text()]).toEqual([201, SECRET, `${SECRET} answered`]);
  });

  test("gets the answer of a run that ends in the first request encrypted, the caller as it is", async () => {
    const { client, server } = sealedTest();
    const answer = await client.endpoint(
      (request, { step }) => step.run("a", () => request.text()).then((text) => new Response(text)),
      OPTIONS,
    )(post());
    expect(await answer.text()).toBe(SECRET);
    expect(server.run.output).toEqual({ status: 200, headers: { "content-type": "application/json" }, body: expect.any(String) });
    expect(server.run.output?.body).not.toContain(SECRET);
  });

  test.each([
    [200, 204],
    [200, 302],
    [200, 404],
    [500, 503],
  ])("is told %i of an answer of %i, which may have no body", async (told, status) => {
    const world = sealedTest();
    const endpoint = world.client.endpoint(async (_request, { step }) => {
      await step.sleep("z", "1h");
      const headers = new Headers([
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
        ["location", "/there"],
      ]);
      return new Response(null, { status, headers });
    }, OPTIONS);
    const answer = await endpoint(new Request(APP));
    await playToEnd(endpoint, world.server);
    expect(world.server.run.output?.status).toBe(told);
    const late = await world.client.endpointProxy()(locationOf(answer));
    expect([late.status, late.headers.getSetCookie(), late.headers.get("location")]).toEqual([status, ["a=1", "b=2"], "/there"]);
  });

  test("streams nothing: who reads a stream is led to the app for the answer", async () => {
    const { client, server } = sealedTest();
    const endpoint = client.endpoint(async (_request, { step, stream }) => {
      await step.run("a", () => stream.push("before"));
      await step.sleep("z", "1h");
      await step.run("b", () => stream.push("after"));
      return new Response(SECRET);
    }, OPTIONS);
    const answer = await endpoint(new Request(APP, { headers: { accept: "text/event-stream" } }));
    const events = [];
    if (answer.body !== null) for await (const event of readEvents(answer.body)) events.push(event);
    const { url, outputUrl } = JSON.parse(events.at(-1)?.data ?? "{}") as Readonly<Record<string, string>>;
    expect([events.at(-1)?.name, new URL(url ?? "").pathname, url]).toEqual(["inngest.redirect_info", "/wait", outputUrl]);
    await playToEnd(endpoint, server);
    expect(server.teed).toEqual([]);
    expect(await (await client.endpointProxy()(new Request(url ?? ""))).text()).toBe(SECRET);
    // The official client's reader asks for a stream.
    const stream = await client.endpointProxy()(new Request(url ?? "", { headers: { accept: "text/event-stream" } }));
    expect(stream.headers.get("content-type")).toBe("text/event-stream");
    expect(await stream.text()).toMatch(/^event: inngest\.response\ndata: \{"status":"succeeded","response":\{"body":"sesame"/);
  });

  test("reads the error of a run that fails, and so does the caller", async () => {
    const world = sealedTest();
    const endpoint = world.client.endpoint(
      async (_request, { step }) => {
        await step.sleep("z", "1h");
        throw new Error("out of stock");
      },
      { ...OPTIONS, retries: 0 },
    );
    const answer = await endpoint(new Request(APP));
    world.server.run.output = { status: 500, headers: {}, body: '{"code":"endpoint_failed","message":"out of stock"}' };
    const late = await world.client.endpointProxy()(locationOf(answer));
    expect([late.status, await late.json()]).toEqual([500, { code: "endpoint_failed", message: "out of stock" }]);
  });
});

describe("an answer is opened", () => {
  test("with the app's token, and not with the server's", async () => {
    const world = sealedTest();
    const endpoint = sleepy(world);
    const location = locationOf(await endpoint(post()));
    expect(location.url).not.toContain("token-");
    await playToEnd(endpoint, world.server);
    const url = new URL(location.url);
    url.searchParams.set("token", `token-${world.server.run.id}`);
    expect((await world.client.endpointProxy()(new Request(url))).status).toBe(403);
    url.searchParams.set("token", "anything");
    expect((await world.client.endpointProxy()(new Request(url))).status).toBe(401);
  });

  test("for its own run: what the server gives for another one is refused", async () => {
    const world = sealedTest();
    const location = locationOf(await sleepy(world)(post()));
    const seal = encryption({ key: "k" });
    const { body } = JSON.parse(sealAnswer(seal, { runId: "01HF7YAT00000G40R40M30E20A", text: ANSWER })) as { readonly body: string };
    world.server.run.output = { status: 200, headers: {}, body };
    const refused = await world.client.endpointProxy()(location);
    expect([refused.status, await refused.text()]).toEqual([500, expect.not.stringContaining(SECRET)]);
  });

  test("by a key that was used before, and by none that wasn't", async () => {
    const world = sealedTest();
    const endpoint = sleepy(world);
    const location = locationOf(await endpoint(post()));
    await playToEnd(endpoint, world.server);
    const rotated = sealedTest({ key: "new", fallbackDecryptionKeys: ["k"] }, () => world.server.run);
    expect(await (await rotated.client.endpointProxy()(location)).text()).toBe(`${SECRET} answered`);
    // Its token can't be opened either.
    const stranger = sealedTest({ key: "new" }, () => world.server.run);
    expect((await stranger.client.endpointProxy()(location)).status).toBe(401);
  });
});

describe("a request that the server repeats", () => {
  test("is not given to the handler when no key fits; a key that was used before does", async () => {
    const world = sealedTest();
    await sleepy(world)(post());
    const seen: string[] = [];
    const handler = async (request: Request) => (seen.push(await request.text()), new Response("done"));
    const call = async (options: Partial<EncryptionOptions>) => {
      const { client } = endpointTest({ encryption: encryption({ key: "new", ...options }), transport: world.server.transport });
      return client.endpoint(handler, OPTIONS)(again(world.server.run));
    };
    expect([(await call({})).status, seen]).toEqual([500, []]);
    expect([(await call({ fallbackDecryptionKeys: ["k"] })).status, seen]).toEqual([206, [SECRET]]);
  });

  test("is of the class that the framework gave", async () => {
    class OwnRequest extends Request {
      readonly own = "own";
    }
    const world = sealedTest();
    await sleepy(world)(post());
    const seen: unknown[] = [];
    const endpoint = world.client.endpoint(async (request: OwnRequest) => {
      seen.push(request.own, request.method, request.url, request.headers.get("content-type"), await request.text());
      return new Response("done");
    }, OPTIONS);
    expect((await endpoint(new OwnRequest(again(world.server.run)))).status).toBe(206);
    expect(seen).toEqual(["own", "POST", APP, "text/plain;charset=UTF-8", SECRET]);
  });

  test("has no more room than others: what is too large when it is encrypted is refused", async () => {
    const world = sealedTest();
    const answer = await sleepy(world)(post("x".repeat(4_000_000)));
    expect([answer.status, await answer.json()]).toEqual([413, { code: "too_large", message: expect.any(String) }]);
    expect(world.server.requests).toEqual([]);
  });
});

test("an endpoint of a client that encrypts needs a way to the app's proxy", () => {
  const { client } = sealedTest();
  expect(() => client.endpoint(() => new Response())).toThrow("needs `asyncRedirectUrl`");
  expect(() => client.endpoint(() => new Response(), OPTIONS)).not.toThrow();
});

test("with `decryptOnly` everything stays as it is, but for what looks encrypted and isn't the app's", () => {
  const open = encryption({ key: "k", decryptOnly: true });
  const stolen = encryption({ key: "k" }).sealOutput(JSON.stringify(SECRET));
  expect([sealBody(open, "text"), sealAnswer(open, { runId: "r", text: ANSWER })]).toEqual(["text", ANSWER]);
  const body = sealBody(open, stolen);
  expect(body).not.toBe(stolen);
  expect(open.openText("endpoint-body", body)).toBe(stolen);
  const text = JSON.stringify({ status: 200, headers: {}, body: stolen });
  const answer = JSON.parse(sealAnswer(open, { runId: "r", text })) as { readonly body: string };
  expect(openAnswer(open, { runId: "r", text: answer.body }).body).toBe(stolen);
});

test("a value that was encrypted otherwise is not taken for a body, an answer or a token", () => {
  const seal = encryption({ key: "k" });
  const value = seal.sealOutput(JSON.stringify({ run_id: "r", runId: "r", token: "t", result: JSON.parse(ANSWER) as unknown }));
  const request = new Request(APP, { method: "POST", body: value });
  expect(openRequest(seal, { request, body: value })).toBe(request);
  expect(() => openAnswer(seal, { runId: "r", text: value })).toThrow("not the answer of this run");
  expect(openToken(seal, { runId: "r", token: btoa(value) })).toBeUndefined();
  expect(openToken(seal, { runId: "other", token: sealToken(seal, { runId: "r", token: "t" }) })).toBeUndefined();
});

test("property: what is closed can be opened again, tokens need no escaping, and any text may be offered as a token", () => {
  const seal = encryption({ key: "k" });
  const text = fc.string({ unit: "grapheme" });
  fc.assert(
    fc.property(text, text, fc.integer({ min: 200, max: 599 }), (runId, body, status) => {
      const result = { status, headers: { "x-own": body }, body };
      const { body: sealed } = JSON.parse(sealAnswer(seal, { runId, text: JSON.stringify(result) })) as { readonly body: string };
      expect(openAnswer(seal, { runId, text: sealed })).toEqual(result);
      expect(seal.openText("endpoint-body", sealBody(seal, body)) ?? "").toBe(body);
      const token = sealToken(seal, { runId, token: body });
      expect(token).toMatch(/^[\w-]+$/);
      expect(openToken(seal, { runId, token })).toBe(body);
      expect(openToken(seal, { runId, token: body })).toBeUndefined();
    }),
  );
});
