import { createServer as createHttpServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import { afterEach, describe, expect, test } from "vitest";
import { Pawl } from "../client/client.ts";
import * as expressAdapter from "./express.ts";
import { pawl } from "./fastify.ts";
import * as honoAdapter from "./hono.ts";
import * as nextAdapter from "./next.ts";
import { createServer, serve } from "./node.ts";
import { nodeTransport } from "./node-platform.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function app() {
  const client = new Pawl({ id: "shop", isDev: true, checkpointing: false, logger: { debug() {}, info() {}, warn() {}, error() {} } });
  const fn = client.createFunction({ id: "echo" }, { event: "x" }, async ({ event, step }) =>
    step.run("length", () => event.data.text.length),
  );
  return { client, functions: [fn] };
}

function listen(server: Server): Promise<string> {
  closers.push(() => new Promise((resolve) => void server.close(resolve)));
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

/** Larger than the parsers' default limits, and with characters of several bytes. */
const text = "ä€😀".repeat(60_000);

/** One GET and one large POST. */
async function exercise(url: string, framework: string): Promise<void> {
  const get = await fetch(url);
  expect([get.status, get.headers.get("x-inngest-framework"), ((await get.json()) as { mode: string }).mode]).toEqual([
    200,
    framework,
    "dev",
  ]);
  const event = { name: "x", data: { text }, id: "1", ts: 1 };
  const body = JSON.stringify({
    version: 2,
    event,
    events: [event],
    steps: {},
    ctx: { run_id: "r", attempt: 0, max_attempts: 1, stack: { stack: [], current: 0 } },
  });
  const post = await fetch(`${url}?fnId=shop-echo&stepId=step`, { method: "POST", headers: { "content-type": "application/json" }, body });
  expect([post.status, await post.json()]).toMatchObject([206, [{ op: "StepRun", data: text.length }]]);
  expect((await fetch(url, { method: "DELETE" })).status).toBeGreaterThanOrEqual(404);
}

describe("adapters", () => {
  test("node: serve", async () => {
    await exercise(`${await listen(createHttpServer(serve(app())))}/any/path`, "nodejs");
  });

  test("node: createServer answers on both default paths only", async () => {
    const origin = await listen(createServer(app()));
    await exercise(`${origin}/api/pawl`, "nodejs");
    await exercise(`${origin}/api/inngest`, "nodejs");
    expect((await fetch(`${origin}/else`)).status).toBe(404);
  });

  test("node: streaming", async () => {
    const origin = await listen(createServer({ ...app(), streaming: true }));
    const event = { name: "x", data: { text: "abc" }, id: "1", ts: 1 };
    const response = await fetch(`${origin}/api/pawl?fnId=shop-echo`, {
      method: "POST",
      body: JSON.stringify({ event, events: [event], steps: {}, ctx: {} }),
    });
    expect([response.status, await response.json()]).toMatchObject([201, { status: 206 }]);
  });

  test("express, with and without a body parser", async () => {
    const bare = express();
    bare.use("/api/pawl", expressAdapter.serve(app()));
    await exercise(`${await listen(createHttpServer(bare))}/api/pawl`, "express");
    const parsed = express();
    parsed.use(express.json({ limit: "10mb" }));
    parsed.use("/api/pawl", expressAdapter.serve(app()));
    await exercise(`${await listen(createHttpServer(parsed))}/api/pawl`, "express");
  });

  test("fastify", async () => {
    const fastify = Fastify();
    closers.push(() => fastify.close());
    await fastify.register(pawl, app());
    await exercise(`${await fastify.listen({ port: 0, host: "127.0.0.1" })}/api/pawl`, "fastify");
  });

  test("hono", async () => {
    const hono = new Hono();
    hono.on(["GET", "PUT", "POST"], "/api/pawl", honoAdapter.serve(app()));
    const origin = "http://app.test/api/pawl";
    expect((await hono.request(origin)).headers.get("x-inngest-framework")).toBe("hono");
    const event = { name: "x", data: { text: "abc" }, id: "1", ts: 1 };
    const post = await hono.request(`${origin}?fnId=shop-echo`, {
      method: "POST",
      body: JSON.stringify({ event, events: [event], steps: {}, ctx: {} }),
    });
    expect(await post.json()).toMatchObject([{ op: "StepRun", data: 3 }]);
  });

  test("next: route handlers and pages", async () => {
    const { GET } = nextAdapter.serve(app());
    expect((await GET(new Request("http://app.test/api/pawl"))).headers.get("x-inngest-framework")).toBe("nextjs");
    const pages = nextAdapter.servePages(app());
    await exercise(`${await listen(createHttpServer((request, response) => void pages(request, response)))}/api/pawl`, "nextjs");
  });
});

describe("Node's transport", () => {
  test("sends headers and body, reads the answer, keeps the connection", async () => {
    const sockets = new Set<unknown>();
    const origin = await listen(
      createHttpServer((request, response) => {
        sockets.add(request.socket);
        let body = "";
        request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
        request.on("end", () => response.writeHead(201).end(`${request.method} ${String(request.headers["x-a"])} ${body}`));
      }),
    );
    const send = () => nodeTransport({ method: "POST", url: `${origin}/x`, headers: { "x-a": "1" }, body: "ä" });
    expect([await send(), await send()]).toEqual([
      { status: 201, body: "POST 1 ä" },
      { status: 201, body: "POST 1 ä" },
    ]);
    expect(sockets.size).toBe(1);
  });

  test("rejects when nobody listens", async () => {
    await expect(nodeTransport({ method: "GET", url: "http://127.0.0.1:1/", headers: {} })).rejects.toThrow();
  });
});
