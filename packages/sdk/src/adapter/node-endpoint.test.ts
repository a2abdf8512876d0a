import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { Hono } from "hono";
import { afterEach, expect, test } from "vitest";
import { again, endpointTest, playToEnd } from "../endpoint/endpoint.fixture.ts";
import type { Endpoint } from "../endpoint/options.ts";
import { endpointAdapter as edgeAdapter } from "./edge.ts";
import { serveEndpoint as expressEndpoint } from "./express.ts";
import { createEndpointServer, endpointAdapter, serveEndpoint } from "./node.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function listen(server: Server): Promise<string> {
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => void server.close(resolve));
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

/** Answers with what it was sent, in two cookies too. */
function echo() {
  const { client, server } = endpointTest();
  const endpoint = client.endpoint(async (request, { step }) => {
    const text = await request.text();
    const length = await step.run("length", () => text.length);
    const headers = new Headers([
      ["x-own", request.headers.get("x-own") ?? ""],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ]);
    return new Response(`${request.method} ${new URL(request.url).pathname} ${length} ${text.slice(0, 2)}`, { status: 201, headers });
  });
  return { endpoint, server, client };
}

/** Large, and of characters of several bytes. */
const text = "ä€".repeat(50_000);

async function exercise(url: string): Promise<void> {
  const post = await fetch(`${url}?q=1`, { method: "POST", body: text, headers: { "x-own": "yes", "content-type": "text/plain" } });
  expect([post.status, await post.text(), post.headers.get("x-own"), post.headers.getSetCookie()]).toEqual([
    201,
    "POST /quote 100000 ä€",
    "yes",
    ["a=1", "b=2"],
  ]);
  const head = await fetch(url, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([201, ""]);
}

test("node: a listener, or a server of its own", async () => {
  await exercise(`${await listen(createServer(serveEndpoint(echo().endpoint)))}/quote`);
  await exercise(`${await listen(createEndpointServer(echo().endpoint))}/quote`);
});

test("express, also below a router, and behind a parser", async () => {
  const app = express();
  const router = express.Router();
  router.all("/quote", expressEndpoint(echo().endpoint));
  app.use(router);
  await exercise(`${await listen(createServer(app))}/quote`);
  const parsed = express();
  parsed.use(express.json());
  parsed.post("/quote", expressEndpoint(endpointTest().client.endpoint(async (request) => Response.json(await request.json()))));
  const answer = await fetch(`${await listen(createServer(parsed))}/quote`, {
    method: "POST",
    body: '{"a": [1]}',
    headers: { "content-type": "application/json" },
  });
  expect(await answer.json()).toEqual({ a: [1] });
});

test("hono and others that have a Request need no adapter", async () => {
  const { endpoint } = echo();
  const hono = new Hono().post("/quote", (context) => endpoint(context.req.raw));
  expect(await (await hono.request("http://app.test/quote", { method: "POST", body: "ab" })).text()).toBe("POST /quote 2 ab");
});

test("the server's empty signature arrives", async () => {
  const { endpoint, server } = echo();
  const origin = await listen(createServer(serveEndpoint(endpoint)));
  await fetch(`${origin}/quote?q=1`);
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { "x-run-id": server.run.id, "x-inngest-signature": "" };
    httpRequest(`${origin}/quote?q=1`, { headers }, ({ statusCode }) => resolve(statusCode))
      .on("error", reject)
      .end();
  });
  expect(status).toBe(206);
});

test("a stream is sent while it comes, and a caller that leaves doesn't end the handler", async () => {
  const { client, server } = endpointTest();
  let release!: () => void;
  const gate = new Promise<void>((resolve) => (release = resolve));
  let finish!: () => void;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const endpoint: Endpoint = client.endpoint(async (_request, { step, stream }) => {
    stream.push("first");
    await gate;
    await step.run("last", finish);
    return new Response("done");
  });
  const origin = await listen(createServer(serveEndpoint(endpoint)));
  const abort = new AbortController();
  const answer = await fetch(`${origin}/quote`, { headers: { accept: "text/event-stream" }, signal: abort.signal });
  const reader = answer.body?.getReader();
  let heard = "";
  while (!heard.includes("first")) heard += new TextDecoder().decode((await reader?.read())?.value);
  abort.abort();
  release();
  await finished;
  expect(server.runs.size).toBeLessThanOrEqual(1);
});

test("what is no request gets 400", async () => {
  const { endpoint } = echo();
  const origin = await listen(createServer(serveEndpoint(endpoint)));
  const status = await new Promise<number | undefined>((resolve, reject) => {
    httpRequest(`${origin}/quote`, { method: "TRACE" }, ({ statusCode }) => resolve(statusCode))
      .on("error", reject)
      .end();
  });
  expect(status).toBe(400);
});

test("an adapter's options are defaults of the client's endpoints", async () => {
  const { client, server } = endpointTest({
    endpointAdapter: endpointAdapter.withOptions({ retries: 7 }).withOptions({ functionId: "quote" }),
  });
  const endpoint = client.endpoint((_request, { step }) => step.sleep("z", "1s").then(() => new Response("")), { asyncResponse: "token" });
  expect((await endpoint(new Request("http://app.test/quote"))).status).toBe(200);
  expect([server.run.retries, server.run.event.data["fn"]]).toEqual([7, "quote"]);
  expect((await endpoint(again(server.run))).headers.get("x-inngest-framework")).toBe("nodejs");
  await playToEnd(endpoint, server);
  expect(edgeAdapter.framework).toBe("edge");
});

test("the proxy fetches the answer, and lets every origin read it", async () => {
  const asked: string[] = [];
  const fetch = async (url: string | URL | Request) => {
    asked.push(url instanceof Request ? url.url : url.toString());
    return new Response("later", { status: 201, headers: { "x-own": "1", "content-encoding": "identity" } });
  };
  const { client } = endpointTest({ fetch });
  const proxy = client.endpointProxy();
  const runId = "01K6000000000000000000SYNC";
  const answer = await proxy(new Request(`http://app.test/wait?runId=${runId}&token=a+b`));
  expect([answer.status, await answer.text(), answer.headers.get("x-own"), answer.headers.get("access-control-allow-origin")]).toEqual([
    201,
    "later",
    "1",
    "*",
  ]);
  expect(asked).toEqual([`http://server.test/v1/http/runs/${runId}/output?token=a%20b`]);
  expect((await proxy(new Request("http://app.test/wait", { method: "OPTIONS" }))).status).toBe(204);
  expect((await proxy(new Request("http://app.test/wait?runId=../../x&token=t"))).status).toBe(400);
  const down = endpointTest({ fetch: () => Promise.reject(new TypeError("fetch failed")) }).client.endpointProxy();
  expect((await down(new Request(`http://app.test/wait?runId=${runId}&token=t`))).status).toBe(502);
});
