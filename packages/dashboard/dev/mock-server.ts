/**
 * The dashboard without a server: serves `dist/` and a believable `/ui/v1` from memory, with live runs.
 *
 * `node --conditions=pawl-source dev/mock-server.ts [--port 8299] [--empty] [--frozen] [--locked] [--seed 7]`
 * `--empty`: nothing has happened yet. `--frozen`: nothing new happens, so that pictures can be compared. `--locked`: as in production, the
 * signing key is asked for; it is `secret`.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { parseArgs } from "node:util";
import type { UiBulk, UiPauseMode, UiSendEvent } from "@pawl/protocol";
import { APPS, syncsOf } from "./apps.ts";
import { accessOf, keyList, type KeyRequest, makeKey, revokeKey } from "./keys.ts";
import { bulksAt, makeBulk, setPause, stopBulk, withPause } from "./operations.ts";
import { FUNCTIONS } from "./scripts.ts";
import { detailAt, rowAt } from "./snapshot.ts";
import { workersAt } from "./workers.ts";
import { World } from "./world.ts";

const { values: options } = parseArgs({
  options: {
    port: { type: "string", default: "8299" },
    empty: { type: "boolean", default: false },
    frozen: { type: "boolean", default: false },
    locked: { type: "boolean", default: false },
    seed: { type: "string", default: "7" },
  },
});
const DIST = join(import.meta.dirname, "../dist");
const TYPES: { readonly [extension: string]: string } = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};
const world = new World(Number(options.seed));
const streams = new Set<ServerResponse>();
if (!options.empty) {
  // A history of twenty minutes, sparse at first, so that every phase is there from the beginning.
  for (let at = Date.now() - 1_200_000; at < Date.now(); at += at < Date.now() - 90_000 ? 9_000 : 2_200) world.happen(at);
}
world.changes(Date.now());

setInterval(() => {
  const changes = world.changes(Date.now());
  if (changes !== undefined)
    for (const stream of streams) stream.write(`id: ${changes.seq}\nevent: changes\ndata: ${JSON.stringify(changes)}\n\n`);
}, 250);
if (!options.frozen && !options.empty) setInterval(() => world.happen(Date.now()), 2_200);
setInterval(() => {
  for (const stream of streams) stream.write(": still here\n\n");
}, 15_000);

createServer((request, response) => {
  route(request, response).catch((error: unknown) => json(response, { error: { code: "mock-failed", message: String(error) } }, 500));
}).listen(Number(options.port), "127.0.0.1", () => console.log(`http://127.0.0.1:${options.port}/`));

async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://localhost");
  const [prefix, version, resource = "", id, action] = url.pathname.split("/").slice(1);
  if (prefix !== "ui" || version !== "v1") return file(url.pathname, response);
  const body = request.method === "POST" ? await bodyOf(request) : undefined;
  if (options.locked && !isLetIn(request, { resource, body }, response)) return undefined;
  if (request.method === "POST") return post({ resource, id, action, body }, response);
  if (request.method === "DELETE") return resource === "keys" ? json(response, revokeKey(id)) : stop(id, response);
  const now = Date.now();
  if (resource === "keys") return json(response, keyList());
  if (resource === "access") return json(response, accessOf(options.locked));
  if (resource === "workers") return json(response, options.empty ? { items: [], total: 0, appsWithout: [], left: [] } : workersAt(now));
  if (resource === "bulks") return json(response, { items: bulksAt(now) });
  if (resource === "boot")
    return json(response, { version: "0.1.0", kind: options.locked ? "cloud" : "dev", store: "memory", startedAt: now, seq: world.seq });
  if (resource === "apps" && id !== undefined) return json(response, syncsOf(id));
  if (resource === "apps") return json(response, { items: options.empty ? [] : APPS });
  if (resource === "functions") return json(response, { items: options.empty ? [] : FUNCTIONS.map((fn) => withPause(fn.ui)) });
  if (resource === "stream") return stream(request, response);
  if (resource === "events") return events(url.searchParams, id, response);
  if (resource === "runs" && id === undefined) return runs(url.searchParams, response);
  const run = world.runs.find((each) => each.id === id);
  if (resource !== "runs" || run === undefined)
    return json(response, { error: { code: "not-found", message: "There is no such thing here." } }, 404);
  return json(response, detailAt(run, now));
}

type PostInput = {
  readonly resource: string;
  readonly id: string | undefined;
  readonly action: string | undefined;
  readonly body: unknown;
};

function post({ resource, id, action, body }: PostInput, response: ServerResponse): void {
  if (resource === "events") {
    const { name, data } = body as UiSendEvent;
    return json(response, { ids: [world.receive(name, data as Record<string, unknown>, Date.now()).id] });
  }
  if (resource === "bulks") return json(response, makeBulk(body as Partial<UiBulk>));
  if (resource === "keys") return json(response, makeKey(body as KeyRequest));
  if (resource === "functions" && id !== undefined) {
    setPause(id, action === "pause" ? (body as { readonly mode: UiPauseMode }).mode : undefined);
    return json(response, { ok: true });
  }
  if (resource === "apps") return syncApp(id, body, response);
  const run = world.runs.find((each) => each.id === id);
  if (run === undefined) return json(response, { error: { code: "not-found", message: "There is no run with this id." } }, 404);
  if (action === "rerun") return json(response, { runId: world.rerun(run, Date.now()).id });
  if (rowAt(run, Date.now()).endedAt !== undefined)
    return json(response, { error: { code: "already-ended", message: "The run has already ended." } }, 409);
  run.cancelledAt = Date.now();
  return json(response, { ok: true });
}

/** Whether a session is open; opens and ends sessions, and refuses what comes without. */
function isLetIn(
  { headers }: IncomingMessage,
  { resource, body }: { readonly resource: string; readonly body: unknown },
  response: ServerResponse,
): boolean {
  const isRight = resource === "login" && (body as { readonly key?: unknown }).key === "secret";
  if (isRight || resource === "logout") {
    response.setHeader("set-cookie", `mock=${isRight ? "in" : ""}; Path=/; HttpOnly; SameSite=Strict`);
    json(response, { ok: true });
  } else if (resource === "login") refuse(response, "That is not this server's signing key.");
  else if (headers.cookie?.includes("mock=in") === true) return true;
  else refuse(response, "This server asks for its signing key.");
  return false;
}

/** An app without an error has nothing new; at another URL there is nobody. */
function syncApp(id: string | undefined, body: unknown, response: ServerResponse): void {
  const app = APPS.find((each) => each.id === id);
  const { url = app?.url ?? "" } = body as { readonly url?: string };
  if (app?.error === undefined && url === app?.url) return json(response, { syncId: "s", isModified: false, url });
  json(response, { error: { code: "app-sync-failed", message: `The app at ${url} could not be synced: unreachable` } }, 422);
}

function refuse(response: ServerResponse, message: string): void {
  json(response, { error: { code: "unauthorized", message } }, 401);
}

function stop(id: string | undefined, response: ServerResponse): void {
  const result = stopBulk(id);
  if (result === undefined) return json(response, { error: { code: "bulk-ended", message: "The bulk operation has ended." } }, 409);
  return json(response, { result });
}

function runs(query: URLSearchParams, response: ServerResponse): void {
  const statuses = query.get("status")?.split(",");
  const search = query.get("q")?.toLowerCase();
  const all = world.runs
    .map((run) => rowAt(run, Date.now()))
    .filter((row) => statuses === undefined || statuses.includes(row.status))
    .filter((row) => row.functionSlug === (query.get("function") ?? row.functionSlug) && row.appName === (query.get("app") ?? row.appName))
    .filter((row) => row.eventName === (query.get("event") ?? row.eventName) && row.queuedAt >= Number(query.get("from") ?? 0))
    .filter((row) => search === undefined || JSON.stringify(row).toLowerCase().includes(search));
  page(all, query, response);
}

function events(query: URLSearchParams, id: string | undefined, response: ServerResponse): void {
  const all = world.events
    .filter((event) => event.name === (query.get("name") ?? event.name))
    .map((event) => world.eventAt(event, Date.now()));
  if (id === undefined) return page(all, query, response);
  const event = all.find((each) => each.id === id);
  return event === undefined
    ? json(response, { error: { code: "not-found", message: "There is no event with this id." } }, 404)
    : json(response, event);
}

function page(all: readonly { readonly id: string }[], query: URLSearchParams, response: ServerResponse): void {
  const from = query.has("cursor") ? all.findIndex((each) => each.id === query.get("cursor")) + 1 : 0;
  const items = all.slice(from, from + Number(query.get("limit") ?? 50));
  const last = items.at(-1);
  json(response, { items, ...(last !== undefined && from + items.length < all.length ? { next: last.id } : {}) });
}

function stream(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(": hello\n\n");
  streams.add(response);
  request.on("close", () => streams.delete(response));
}

async function file(path: string, response: ServerResponse): Promise<void> {
  const name = extname(path) === "" ? "index.html" : normalize(path).replace(/^(\.\.[/\\])+/, "");
  const content = await readFile(join(DIST, name)).catch(() => undefined);
  response.writeHead(content === undefined ? 404 : 200, { "content-type": TYPES[extname(name)] ?? "application/octet-stream" });
  response.end(content);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString() || "{}");
}

function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}
