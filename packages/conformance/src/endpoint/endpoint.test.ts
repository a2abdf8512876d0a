/**
 * Durable endpoints of the official client against the server as users start it, with keys and signatures.
 *
 * The client, as of 4.24.0, loses the status and the headers of a handler's answer once the server calls it, and sends its body as JSON text
 * within JSON text; what is checked there is that the server hands on what it was told.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installClient } from "../harness/client-folder.ts";
import { http, type HttpAnswer, type HttpCall } from "../harness/http.ts";
import { EVENT_KEY, type ServerProcess, SIGNING_KEY, startServerProcess } from "../harness/server-process.ts";

type Handler = (request: Request) => Promise<Response>;

type EndpointClient = {
  readonly Inngest: new (options: Readonly<Record<string, unknown>>) => { endpoint(handler: Handler): unknown };
  readonly step: {
    run<T>(id: string, body: () => T): Promise<T>;
    sleep(id: string, time: string): Promise<void>;
  };
  readonly endpointAdapter: unknown;
  readonly serveEndpoint: (handler: unknown) => RequestListener;
};

let dir: string;
let server: ServerProcess;
let app: Server;
let appUrl: string;
/** How often each body ran. */
const ran = new Map<string, number>();
/** Requests that reached the app: method, path and query. */
const requests: string[] = [];

const count = (id: string): number => {
  const times = (ran.get(id) ?? 0) + 1;
  ran.set(id, times);
  return times;
};

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "pawl-endpoint-"));
  const folder = await installClient("inngest-v4");
  server = await startServerProcess({ dir, retryIntervalS: 1 });
  const client = (await import(pathToFileURL(join(folder, "endpoint.mjs")).href)) as EndpointClient;
  const listeners = listenersOf(client);
  app = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    listeners[new URL(request.url ?? "", "http://app").pathname]?.(request, response);
  });
  app.listen(0, "127.0.0.1");
  await once(app, "listening");
  const address = app.address();
  appUrl = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
});

afterAll(async () => {
  app?.close();
  app?.closeAllConnections();
  await server?.child.stop();
  rmSync(dir, { recursive: true, force: true });
});

function listenersOf({ Inngest, step, endpointAdapter, serveEndpoint }: EndpointClient): Readonly<Record<string, RequestListener>> {
  const keys = { eventKey: EVENT_KEY, signingKey: SIGNING_KEY, baseUrl: server.url, isDev: false };
  const inngest = new Inngest({ id: "shop", endpointAdapter, ...keys });
  const handlers: Readonly<Record<string, Handler>> = {
    "/now": async () => Response.json({ a: await step.run("a", () => count("now")) }),
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
      const b = await step.run("b", () => {
        if (count("retry") === 1) throw new Error("once");
        return "second";
      });
      return Response.json({ b });
    },
    "/parallel": async () => Response.json(await Promise.all([step.run("p", () => count("p")), step.run("q", () => count("q"))])),
  };
  return Object.fromEntries(Object.entries(handlers).map(([path, handler]) => [path, serveEndpoint(inngest.endpoint(handler))]));
}

/** The answer of the endpoint; of one that went on without its caller, what the server hands on. */
async function answerOf(path: string, call: HttpCall = {}): Promise<HttpAnswer & { readonly isAsync: boolean }> {
  const answer = await http(`${appUrl}${path}`, call);
  if (answer.status !== 302) return { ...answer, isAsync: false };
  return { ...(await http(String(answer.headers["location"]))), isAsync: true };
}

/** The client's JSON text within JSON text. */
const unwrapped = ({ text }: HttpAnswer): unknown => JSON.parse(String(JSON.parse(text)));

test("an endpoint whose steps need no server answers at once", async () => {
  expect(await answerOf("/now")).toMatchObject({ status: 200, isAsync: false, text: '{"a":1}' });
});

test("an answer of 404 reaches the caller as it is", async () => {
  expect(await answerOf("/missing")).toMatchObject({ status: 404, isAsync: false, text: "nothing here" });
});

test.each(["GET", "POST"])("after a sleep, the server makes the %s request again, and hands on the answer", async (method) => {
  const path = `/sleep?by=${method}`;
  ran.delete("sleep");
  const answer = await answerOf(path, method === "POST" ? { body: { order: "ö" } } : {});
  expect(answer).toMatchObject({ status: 200, isAsync: true });
  expect(unwrapped(answer)).toEqual({ a: 1, query: `?by=${method}` });
  expect(requests.filter((request) => request === `${method} ${path}`)).toHaveLength(2);
});

test("a step that fails is tried again by the server", async () => {
  const answer = await answerOf("/retry");
  expect(answer.isAsync).toBe(true);
  expect(unwrapped(answer)).toEqual({ b: "second" });
});

test("parallel steps run once each", async () => {
  expect(unwrapped(await answerOf("/parallel"))).toEqual([1, 1]);
});

test("an output is for the holder of its token only", async () => {
  const { headers } = await http(`${appUrl}/sleep`);
  const location = new URL(String(headers["location"]));
  location.searchParams.set("token", `${location.searchParams.get("token")}x`);
  expect((await http(location.href)).status).toBe(401);
  expect((await http(`${server.url}/v1/checkpoint`, { body: {} })).status).toBe(401);
});
