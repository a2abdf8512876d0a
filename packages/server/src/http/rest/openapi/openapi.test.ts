import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openMemoryStore } from "@pawl/store-memory";
import fastify from "fastify";
import { afterEach, expect, test } from "vitest";
import { inBandAnswer, inBandApp } from "../../../app/in-band-app.fixture.ts";
import { isRecord } from "../../../json.ts";
import { toolsOf } from "../../../mcp/tools.ts";
import { problemOf, type SchemaRefs } from "../../../json-schema.ts";
import {
  answer,
  functionConfig,
  type Json,
  settled,
  testServer,
  type TestServer,
  type TestServerOptions,
} from "../../test-server.fixture.ts";
import { keyRoutes } from "../../ui/key-routes.ts";
import { operationRoutes } from "../../ui/operation-routes.ts";
import { backupRoute } from "../../ui/backup-route.ts";
import { restV1Routes } from "../v1-routes.ts";
import { restV2Routes } from "../v2-routes.ts";
import { OPERATIONS, openApiDocument } from "./document.ts";
import type { Operation } from "./operation.ts";
import { SCHEMAS } from "./schemas.ts";

const REFS: SchemaRefs = Object.fromEntries(Object.entries(SCHEMAS).map(([name, schema]) => [`#/components/schemas/${name}`, schema]));

let server: TestServer;
let folder: string | undefined;
afterEach(async () => {
  await server.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  folder = undefined;
});

async function started(options: TestServerOptions = {}): Promise<void> {
  server = await testServer(options);
}

/** Routes that are served: `GET /v2/apps/{appId}`. */
async function servedRoutes(): Promise<ReadonlySet<string>> {
  const routes = new Set<string>();
  const app = fastify();
  app.addHook("onRoute", ({ method, url }) => {
    for (const each of [method].flat()) {
      if (each === "HEAD" || each === "OPTIONS" || url.endsWith("/openapi.json") || url.endsWith("*")) continue;
      // What it takes besides GET is refused.
      if (url.endsWith("/operations") && each !== "GET") continue;
      routes.add(`${each} ${url.replaceAll(/:(\w+)/g, "{$1}")}`);
    }
  });
  await app.register(async (scope) => restV2Routes(scope, server.context));
  await app.register(async (scope) => restV1Routes(scope, server.context));
  await app.register(async (scope) => operationRoutes(scope, server.engine), { prefix: "/ui/v1" });
  await app.register(async (scope) => keyRoutes(scope, server.context), { prefix: "/ui/v1" });
  await app.register(async (scope) => backupRoute(scope, server.context), { prefix: "/ui/v1" });
  await app.ready();
  await app.close();
  return routes;
}

test("every route of REST v2 is described, under both of its paths, and every described one is served", async () => {
  await started();
  const served = await servedRoutes();
  const described = OPERATIONS.map(({ method, path }) => `${method} ${path}`);
  const aliases = OPERATIONS.filter(({ path }) => path.startsWith("/v2/")).map(({ method, path }) => `${method} /api${path}`);
  const isOfV2 = (route: string): boolean => /^\w+ (?:\/api)?\/v2\//.test(route);
  expect([...served].filter(isOfV2).toSorted()).toEqual([...described.filter(isOfV2), ...aliases].toSorted());
});

test("every route of bulk operations, pauses, keys and backups is described, and every described one is served", async () => {
  await started();
  const isExtension = (route: string): boolean => /^\w+ \/ui\/v1\/(?:bulks|functions|keys|backup)\b/.test(route);
  const described = OPERATIONS.map(({ method, path }) => `${method} ${path}`).filter((route) => route.includes(" /ui/"));
  expect([...(await servedRoutes())].filter(isExtension).toSorted()).toEqual(described.toSorted());
});

test("what REST v1 has and v2 has not is described, and every described route of it is served", async () => {
  await started();
  const isManagement = (route: string): boolean => /^\w+ \/v1\/(?:signals|cancellations|runs\/\{id\}\/metadata)/.test(route);
  const described = OPERATIONS.map(({ method, path }) => `${method} ${path}`).filter((route) => route.includes(" /v1/"));
  expect([...(await servedRoutes())].filter(isManagement).toSorted()).toEqual(described.toSorted());
});

test("it is served under both paths, without a key, and says the server's version", async () => {
  await started({ kind: "cloud", signingKey: "abcd" });
  for (const path of ["/v2/openapi.json", "/api/v2/openapi.json"]) {
    const { status, body } = await server.get(path);
    expect(status).toBe(200);
    expect(body).toEqual(JSON.parse(JSON.stringify(openApiDocument("1.2.3"))));
  }
});

test("references lead somewhere, ids are unique, schemas are used", async () => {
  await started();
  const text = JSON.stringify(openApiDocument("1"));
  const refs = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, target = ""]) => target));
  expect([...refs].toSorted()).toEqual(Object.keys(REFS).toSorted());
  const ids = OPERATIONS.flatMap(({ id }) => id ?? []);
  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(OPERATIONS.map(({ method, path }) => `${method} ${path}`)).size).toBe(OPERATIONS.length);
  for (const { id, answer: described, refusals } of OPERATIONS)
    expect([id, described === undefined]).toEqual([id, refusals[501] !== undefined]);
});

/** Sends what an operation describes and checks the answer against it. */
async function expectAsDescribed(id: string, url: string, body?: unknown): Promise<Json> {
  const operation = OPERATIONS.find((candidate) => candidate.id === id) as Operation;
  if (body !== undefined) expect(problemOf(body, operation.body ?? {}, REFS)).toBeUndefined();
  const reply = await (operation.method === "GET"
    ? server.get(url)
    : operation.method === "DELETE"
      ? server.delete(url)
      : server.post(url, body));
  expect([id, reply.status]).toEqual([id, operation.status ?? 200]);
  expect([id, problemOf(reply.body, operation.answer ?? {}, REFS)]).toEqual([id, undefined]);
  checked.add(id);
  return reply.body;
}

const checked = new Set<string>();

const CONFIG = {
  concurrency: [{ limit: 2, key: "event.data.user", scope: "fn" }],
  cancel: [{ event: "stop", timeout: "1h", if: "true" }],
  triggers: [{ event: "shop/imported", expression: "true" }, { cron: "0 0 * * *" }],
  throttle: { limit: 100, period: "1m", burst: 2, key: "event.data.user" },
  priority: { run: "1" },
  rateLimit: { limit: 1_000, period: "1m" },
};

async function fileToSend(): Promise<string> {
  folder = mkdtempSync(join(tmpdir(), "pawl-openapi-"));
  const path = join(folder, "copy.db");
  writeFileSync(path, "copy");
  return path;
}

test("the operations are listed with the tools that do them, and every tool is there", async () => {
  await started({ kind: "cloud", signingKey: "abcd" });
  const { status, body, headers } = await server.get("/api/v2/operations");
  expect([status, headers["cache-control"]]).toEqual([200, "public, max-age=300, stale-while-revalidate=3600"]);
  const { operations } = body.data;
  const of = (id: string): Json => operations.find((entry: Json) => entry.id === id);
  expect(of("GetApp")).toMatchObject({
    http: { method: "GET", path: "/v2/apps/{appId}" },
    mcp: { name: "get_app", inputSchema: { required: ["appId"] }, annotations: { readOnlyHint: true } },
  });
  expect(of("mcp.poll_run_status")).toMatchObject({ mcp: { name: "poll_run_status" } });
  expect(of("CreateScore")).not.toHaveProperty("mcp");
  const ids = OPERATIONS.filter(({ path }) => path.startsWith("/v2/")).flatMap(({ id }) => id ?? []);
  expect(operations.filter(({ http }: Json) => http !== undefined).map(({ id }: Json) => id)).toEqual(ids);
  expect(operations.flatMap(({ mcp }: Json) => mcp?.name ?? []).toSorted()).toEqual(
    toolsOf()
      .map(({ name }) => name)
      .toSorted(),
  );
  expect(await server.post("/v2/operations")).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
});

test("answers are as they are described, field by field", async () => {
  await started({
    app: ({ ctx, steps, event }) => {
      if (event.data["waits"] === true) {
        const opts = { signal: "go", timeout: "1h", conflict: "fail" };
        return answer(206, [{ op: "WaitForSignal", id: "w", name: "go", opts }]);
      }
      if (event.data["sleeps"] === true) return answer(206, [{ op: "Sleep", id: "s", name: "1h" }]);
      if ("a" in steps) return answer(200, [1]);
      const error = { name: "Error", message: "no" };
      return answer(206, [
        ctx.attempt === 0 ? { op: "StepError", id: "a", name: "load", error } : { op: "StepRun", id: "a", name: "load", data: 3 },
      ]);
    },
    functions: [functionConfig("shop-import", CONFIG), functionConfig("shop-import-failure", { triggers: [{ event: "none" }] })],
    eventKeys: ["k"],
    engine: { store: { ...openMemoryStore(), backup: fileToSend } },
  });
  const { data: invoked } = await expectAsDescribed("InvokeFunction", "/v2/apps/shop/functions/import/invoke", {
    data: { n: 1 },
    idempotencyKey: "k",
  });
  const { data: sent } = await expectAsDescribed("SendEvent", "/v2/events", { name: "shop/imported", data: { sleeps: true } });
  await settled();
  await server.clock.advance(120_000);
  const { runId } = invoked;
  await expectAsDescribed("CreateScore", `/v2/runs/${runId}/scores`, [
    { name: "good", value: true },
    { name: "bad", value: 0, experiment: { id: "e", variant: "v" } },
  ]);
  for (const [id, url] of [
    ["Health", "/v2/health"],
    ["ListOperations", "/v2/operations"],
    ["FetchAccount", "/v2/account"],
    ["FetchAccountEnvs", "/v2/envs"],
    ["FetchAccountEventKeys", "/v2/keys/events"],
    ["FetchAccountSigningKeys", "/v2/keys/signing"],
    ["GetApps", "/v2/apps"],
    ["GetApps", "/v2/apps?archived=true"],
    ["GetApp", "/v2/apps/shop"],
    ["ListAppSyncs", "/v2/apps/shop/syncs"],
    ["ListAppSyncs", "/v2/apps/shop/syncs?limit=1"],
    ["GetFunctions", "/v2/apps/shop/functions?limit=1"],
    ["GetFunction", "/v2/apps/shop/functions/import"],
    ["ListRuns", "/v2/runs?includeOutput=true&limit=1&from=2020-01-01T00:00:00Z&until=2050-01-01T00:00:00Z"],
    ["ListRuns", "/v2/runs?status=FAILED"],
    ["ListFunctionRuns", "/v2/apps/shop/functions/import/runs?includeOutput=true"],
    ["GetFunctionRun", `/v2/runs/${runId}?includeOutput=true`],
    ["GetFunctionTrace", `/v2/runs/${runId}/trace?includeOutput=true`],
    ["GetEventRuns", `/v2/events/${sent.eventId}/runs?includeOutput=true`],
  ] as const)
    await expectAsDescribed(id, url);
  const { data: runs } = (await server.get("/v2/runs?status=RUNNING")).body;
  await expectAsDescribed("CancelRun", `/v2/runs/${runs[0].id}/cancel`, {});
  await expectAsDescribed("Rerun", `/v2/runs/${runId}/rerun`, { fromStep: { stepId: "load", input: [1] } });
  await expectAsDescribed("PauseFunction", "/ui/v1/functions/shop-import/pause", { mode: "hold" });
  await expectAsDescribed("ResumeFunction", "/ui/v1/functions/shop-import/resume", undefined);
  const bulk = await expectAsDescribed("CreateBulk", "/ui/v1/bulks", {
    kind: "cancel",
    functionSlug: "shop-import",
    if: "true",
    delayMs: 5_000,
    from: 0,
  });
  await expectAsDescribed("ListBulks", "/ui/v1/bulks");
  await expectAsDescribed("StopBulk", `/ui/v1/bulks/${bulk.id}`);
  await expectAsDescribed("ListBulks", "/ui/v1/bulks");
  await expectAsDescribed("AddMetadata", `/v1/runs/${runId}/metadata`, { metadata: [{ kind: "userland.a", op: "set", values: { a: 1 } }] });
  const { data: cancellation } = await expectAsDescribed("CreateCancellation", "/v1/cancellations", {
    app_id: "shop",
    function_id: "import",
    started_after: "2020-01-01T00:00:00Z",
    started_before: new Date(server.clock.now()).toISOString(),
    if: "true",
  });
  await expectAsDescribed("ListCancellations", "/v1/cancellations?limit=1");
  await expectAsDescribed("GetCancellation", `/v1/cancellations/${cancellation.id}`);
  await expectAsDescribed("DeleteCancellation", `/v1/cancellations/${cancellation.id}`);
  await server.post("/v2/events", { name: "shop/imported", data: { waits: true } });
  await settled();
  await expectAsDescribed("SendSignal", "/v1/signals", { signal: "go", data: [1] });
  const { url } = await inBandApp(inBandAnswer());
  expect(await expectAsDescribed("SyncApp", "/v2/apps/shop/syncs", { url })).toMatchObject({ data: { isModified: true, url } });
  const { data: syncs } = await expectAsDescribed("ListAppSyncs", "/v2/apps/shop/syncs");
  expect(syncs[0].changes).toMatchObject({ app: [{ path: "url" }, { path: "sdk" }], removedFunctions: { length: 2 } });
  const { key } = await expectAsDescribed("CreateApiKey", "/ui/v1/keys", { name: "ci", scopes: ["read"] });
  await expectAsDescribed("ListApiKeys", "/ui/v1/keys");
  await expectAsDescribed("RevokeApiKey", `/ui/v1/keys/${key.id}`);
  await expectAsDescribed("MakeBackup", "/ui/v1/backup", undefined);
  expect([...checked].toSorted()).toEqual(OPERATIONS.flatMap(({ id }) => id ?? []).toSorted());
});

test("refusals are as they are described", async () => {
  await started({ kind: "cloud", signingKey: "abcd" });
  const headers = { authorization: "Bearer abcd" };
  for (const url of ["/v2/apps/none", "/v2/runs/01K6ZZZZZZ0000000000000000", "/v2/runs?limit=0", "/v2/sessions"]) {
    const { status, body } = await server.get(url, headers);
    expect([url, status >= 400, problemOf(body, SCHEMAS["Errors"] ?? {}, REFS)]).toEqual([url, true, undefined]);
  }
  const { body: ofV1 } = await server.post("/v1/signals", {}, headers);
  expect([ofV1.status, problemOf(ofV1, SCHEMAS["PublicError"] ?? {}, REFS)]).toEqual([400, undefined]);
  const { body } = await server.post("/ui/v1/functions/none/pause", {}, headers);
  expect(isRecord(body) && problemOf(body, SCHEMAS["Refusal"] ?? {}, REFS)).toBeUndefined();
  const unauthorized = await server.get("/v2/apps");
  expect([unauthorized.status, unauthorized.body]).toEqual([401, "Authentication failed"]);
});
