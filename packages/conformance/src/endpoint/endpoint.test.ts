/**
 * Durable endpoints of our client and the official ones against the server as users start it, with keys and signatures.
 *
 * What the official clients do otherwise, once the server calls an endpoint: 4.24.0 loses the status and the headers of the handler's answer
 * and sends its body as JSON text within JSON text; what is checked there is that the server hands on what it was told. 3.54.2 keeps them,
 * but breaks on a body of the request that is no JSON, and leaves none to its handler.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { http, type HttpAnswer, type HttpCall } from "../harness/http.ts";
import { MANAGEMENT_HEADERS } from "../harness/watch.ts";
import { ENDPOINT_CLIENTS } from "./load-endpoints.ts";
import { type EndpointWorld, endpointWorld, type MakeHandlers } from "./world.ts";

const handlers: MakeHandlers = ({ step }, count) => ({
  "/now": async () => Response.json({ a: await step.run("a", () => count("now")) }),
  "/three": async () => {
    const a = await step.run("a", () => count("three a"));
    const b = await step.run("b", () => a + count("three b"));
    return Response.json({ c: await step.run("c", () => b + count("three c")) });
  },
  "/missing": async () => {
    await step.run("a", () => 1);
    return new Response("nothing here", { status: 404 });
  },
  "/sleep": async (request) => {
    const a = await step.run("a", () => count("sleep"));
    await step.sleep("z", "1s");
    return Response.json({ a, query: new URL(request.url).search });
  },
  "/retry": async () => {
    const a = await step.run("a", () => count("before"));
    const b = await step.run("b", () => {
      if (count("retry") === 1) throw new Error("once");
      return "second";
    });
    return Response.json({ a, b });
  },
  "/parallel": async () => Response.json(await Promise.all([step.run("p", () => count("p")), step.run("q", () => count("q"))])),
  "/created": async (request) => {
    const text = await request.text();
    await step.sleep("z", "1s");
    return new Response(`got ${text}`, { status: 201, headers: { "content-type": "text/x-order", "x-own": "1" } });
  },
  "/large": async () => {
    const { length } = await step.run("a", () => "x".repeat(5_000_000));
    return Response.json(await step.run("b", () => length + count("large")));
  },
  "/throws": async () => {
    await step.run("a", () => count("throws a"));
    if (count("throws") === 1) throw new Error("once");
    return Response.json({ isDone: true });
  },
});

describe.each(ENDPOINT_CLIENTS)("%s", (client) => {
  let world: EndpointWorld;

  beforeAll(async () => {
    world = await endpointWorld({ client, handlers });
  });

  afterAll(() => world?.close());

  /** The answer of the endpoint; of one that went on without its caller, what the server hands on. */
  async function answerOf(path: string, call: HttpCall = {}): Promise<HttpAnswer & { readonly isAsync: boolean }> {
    const answer = await http(`${world.appUrl}${path}`, call);
    if (answer.status !== 302) return { ...answer, isAsync: false };
    return { ...(await http(String(answer.headers["location"]))), isAsync: true };
  }

  /** The JSON text within JSON text of 4.x. */
  const unwrapped = ({ text }: HttpAnswer): unknown => JSON.parse(client === "inngest-v4" ? String(JSON.parse(text)) : text);

  async function runs(): Promise<readonly { readonly functionSlug: string; readonly phase: string }[]> {
    const answer = await http(`${world.server.url}/ui/v1/runs?limit=100`, { headers: MANAGEMENT_HEADERS });
    return (JSON.parse(answer.text) as { readonly items: readonly { functionSlug: string; phase: string }[] }).items;
  }

  test("an endpoint whose steps need no server answers at once", async () => {
    expect(await answerOf("/now")).toMatchObject({ status: 200, isAsync: false, text: '{"a":1}' });
    expect(await answerOf("/three")).toMatchObject({ status: 200, isAsync: false, text: '{"c":3}' });
  });

  test("an answer of 404 reaches the caller as it is", async () => {
    expect(await answerOf("/missing")).toMatchObject({ status: 404, isAsync: false, text: "nothing here" });
  });

  test.each(["GET", "POST"])("after a sleep, the server makes the %s request again, and hands on the answer", async (method) => {
    const path = `/sleep?by=${method}`;
    world.ran.delete("sleep");
    const answer = await answerOf(path, method === "POST" ? { body: { order: "ö", amount: 1 } } : {});
    expect(answer).toMatchObject({ status: 200, isAsync: true });
    expect(unwrapped(answer)).toEqual({ a: 1, query: `?by=${method}` });
    expect(world.requests.filter((request) => request === `${method} ${path}`)).toHaveLength(2);
  });

  test("a step that fails is tried again by the server", async () => {
    const answer = await answerOf("/retry");
    expect(answer.isAsync).toBe(true);
    expect(unwrapped(answer)).toEqual({ a: 1, b: "second" });
    expect(world.ran.get("retry")).toBe(2);
  });

  test("parallel steps run once each", async () => {
    expect(unwrapped(await answerOf("/parallel"))).toEqual([1, 1]);
  });

  test("a handler that throws is tried again by the server", async () => {
    const answer = await answerOf("/throws");
    expect(answer.isAsync).toBe(true);
    expect(unwrapped(answer)).toEqual({ isDone: true });
    expect(world.ran.get("throws a")).toBe(1);
  });

  test("an output is for the holder of its token only", async () => {
    const { headers } = await http(`${world.appUrl}/sleep`);
    const location = new URL(String(headers["location"]));
    location.searchParams.set("token", `${location.searchParams.get("token")}x`);
    expect((await http(location.href)).status).toBe(401);
    expect((await http(`${world.server.url}/v1/checkpoint`, { body: {} })).status).toBe(401);
  });

  test("the app's own proxy hands on the answer", async () => {
    const { headers } = await http(`${world.appUrl}/sleep?by=proxy`);
    const location = new URL(String(headers["location"]));
    const runId = /runs\/(\w+)\/output/.exec(location.pathname)?.[1];
    const proxied = await http(`${world.appUrl}/proxy?runId=${runId}&token=${location.searchParams.get("token")}`);
    expect(proxied).toMatchObject({ status: 200, headers: { "access-control-allow-origin": "*" } });
    // 3.x makes a response of status 204 with a body, which no standard platform takes.
    if (client !== "inngest-v3") expect((await http(`${world.appUrl}/proxy`, { method: "OPTIONS" })).status).toBeLessThan(300);
  });

  test.runIf(client !== "inngest-v4")("status, headers and body of an answer that comes later are the handler's", async () => {
    const call = client === "pawl" ? { body: "né", headers: { "content-type": "text/plain" } } : {};
    const answer = await answerOf("/created", call);
    expect(answer).toMatchObject({
      status: 201,
      isAsync: true,
      text: `got ${call.body ?? ""}`,
      headers: { "content-type": "text/x-order", "x-own": "1" },
    });
  });

  test.runIf(client === "pawl")("a result that the server doesn't store fails the request and ends the run", async () => {
    const answer = await answerOf("/large");
    expect(answer).toMatchObject({ status: 500, isAsync: false, text: expect.stringContaining("at most 4194304 can be stored") });
    expect(world.ran.get("large")).toBeUndefined();
    expect((await runs()).find(({ functionSlug }) => functionSlug === "GET /large")).toMatchObject({ phase: "failed" });
  });

  test.runIf(client === "pawl")("an endpoint answers only signed requests about runs", async () => {
    const before = world.requests.length;
    const forged = { "x-run-id": "01K6000000000000000000SYNC", "x-inngest-signature": "" };
    expect((await http(`${world.appUrl}/now`, { headers: forged })).status).toBe(401);
    expect(world.requests.length).toBe(before + 1);
  });

  test("runs of endpoints are runs like others", async () => {
    expect((await runs()).find(({ functionSlug }) => functionSlug === "GET /now")).toMatchObject({ phase: "completed" });
  });
});
