/**
 * Valid requests, from which a fuzz makes others, by method and address of their route.
 *
 * A route that takes a body and is not here fails a test; "no body" says that it takes none.
 */
import { startRequest, workerReply } from "@pawl/protocol";
import { MISSING } from "../rest/openapi/missing-operations.ts";
import { encode } from "../../connect/codec.ts";

export type Example = { readonly json: unknown } | { readonly bytes: Uint8Array };

const json = (...bodies: readonly unknown[]): readonly Example[] => bodies.map((body) => ({ json: body }));

export const NO_BODY = "no body";

/** Stands for the id of a run that exists. */
export const RUN_ID = "01JZ0000000000000000000000";
const ULID = RUN_ID;
const STEP = { id: "b".repeat(40), op: "StepRun", name: "a", displayName: "a", data: { n: 1 }, opts: {} };
const EVENT = { name: "shop/imported", data: { n: 1, list: [1, { a: "b" }] }, id: "e1", ts: 1_790_000_000_000, user: {}, v: "1" };
const CONFIG = {
  id: "shop-import",
  name: "import",
  triggers: [{ event: "shop/imported", expression: "event.data.n > 1" }, { cron: "0 0 * * *" }],
  steps: {
    step: {
      id: "step",
      name: "step",
      runtime: { type: "http", url: "http://127.0.0.1:9/api/pawl?fnId=shop-import&stepId=step" },
      retries: { attempts: 4 },
    },
  },
  concurrency: [{ limit: 1, key: "event.data.n", scope: "fn" }],
  throttle: { limit: 1, period: "1m", burst: 1, key: "event.data.n" },
  debounce: { period: "1m", key: "event.data.n", timeout: "1h" },
  priority: { run: "event.data.n" },
  cancel: [{ event: "shop/cancelled", if: "event.data.n == async.data.n", timeout: "1h" }],
  timeouts: { start: "1h", finish: "1h" },
  idempotency: "event.data.n",
};
const BATCHES = {
  id: CONFIG.id,
  name: CONFIG.name,
  triggers: CONFIG.triggers,
  steps: CONFIG.steps,
  batchEvents: { maxSize: 2, timeout: "1s", key: "event.data.n", if: "event.data.n > 1" },
};
const SINGLE = {
  ...BATCHES,
  batchEvents: undefined,
  singleton: { key: "event.data.n", mode: "skip" },
  rateLimit: { limit: 1, period: "1m" },
};
const SPAN = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  parentSpanId: "00f067aa0ba902b7",
  name: "a",
  kind: 1,
  startTimeUnixNano: "1790000000000000000",
  endTimeUnixNano: "1790000001000000000",
  attributes: [{ key: "inngest.traceref", value: { stringValue: "{}" } }],
  status: { code: 2, message: "x" },
};
const RESOURCE = { attributes: [{ key: "service.name", value: { stringValue: "s" } }] };
const SPANS = { resourceSpans: [{ resource: RESOURCE, scopeSpans: [{ scope: { name: "s", version: "1" }, spans: [SPAN] }] }] };
const REGISTRATION = {
  url: "http://127.0.0.1:9/api/pawl",
  deployType: "ping",
  sdk: "js:v4.24.0",
  v: "0.1",
  framework: "express",
  appName: "shop",
  appVersion: "1",
  functions: [CONFIG],
  capabilities: { trust_probe: "v1" },
};
const START = {
  run_id: ULID,
  event: { id: "e", ts: 1_790_000_000_000, data: { domain: "http://127.0.0.1:9", method: "GET", path: "/a", fn: "a", body: "x" } },
  steps: [STEP],
  idempotency: "once",
  retries: 3,
  request_version: 2,
};
const METADATA = { target: { step_id: "a", step_index: 0 }, metadata: [{ kind: "userland.a", op: "merge", values: { a: 1 } }] };
/** Answered with 501, whatever is asked. */
const MISSING_WRITES = MISSING.filter(([method]) => method !== "GET").map(([method, path]) => `${method} ${path}`);

const tool = (name: string, args: unknown): unknown => ({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } });
const fields = "id name triggers { type value } app { name url }";

export const EXAMPLES: Readonly<Record<string, readonly Example[] | typeof NO_BODY>> = {
  "POST /e/:key": json(EVENT, [EVENT, EVENT], { name: "inngest/x", data: null }),
  "POST /e": json(EVENT),
  "POST /invoke/:slug": json({ data: { n: 1 }, user: {}, id: "i" }),
  "POST /fn/register": json(REGISTRATION, { ...REGISTRATION, functions: [BATCHES] }, { ...REGISTRATION, functions: [SINGLE] }),
  "PUT /fn/register": json(REGISTRATION),
  "DELETE /fn/remove": NO_BODY,
  ...Object.fromEntries(
    ["/fn/step-limit", "/fn/state-size-limit"].flatMap((path) =>
      ["POST", "DELETE"].map((method) => [`${method} ${path}`, [{ bytes: Buffer.from("functionId=f&limit=3") }]] as const),
    ),
  ),
  "DELETE /v0/runs/:id": NO_BODY,
  "DELETE /v1/runs/:id": NO_BODY,
  "DELETE /v1/cancellations/:id": NO_BODY,
  "POST /ui/v1/backup": NO_BODY,
  "POST /v0/telemetry": NO_BODY,
  "POST /v1/traces/userland": json(SPANS),
  "POST /dev/traces": json(SPANS),
  "POST /ui/v1/apps/:appId/sync": json({ url: "http://127.0.0.1:9/api/pawl" }, {}),
  "POST /v1/signals": json({ signal: "s", data: { a: 1 } }),
  "POST /v1/cancellations": json({
    app_id: "shop",
    function_id: "import",
    started_before: "2026-01-31T12:00:00Z",
    started_after: "2025-01-31T12:00:00Z",
    if: "event.data.n == 1",
  }),
  "POST /v1/runs/:id/metadata": json(METADATA),
  "POST /v0/gql": json(
    { query: `{ functions { ${fields} } apps { id name functions { ${fields} } } }`, variables: {}, operationName: null },
    {
      query: `query Q($f: RunsFilterV2!, $o: [RunsV2OrderBy!]!) { runs(filter: $f, orderBy: $o, first: 3) { edges { node { id } } } }`,
      variables: { f: { from: "2025-01-31T12:00:00Z" }, o: [{ field: "QUEUED_AT", direction: "ASC" }] },
      operationName: "Q",
    },
    { query: `mutation { invokeFunction(functionSlug: "shop-import", data: {}) }` },
    { query: `mutation { rerun(runID: "${ULID}", fromStep: { stepID: "a", input: "[]" }) }` },
    { query: `{ run(runID: "${ULID}") { id trace { name } } runTrace(runID: "${ULID}") { name } eventV2(id: "${ULID}") { id } }` },
    { query: `{ __schema { types { name fields { name args { name } type { name ofType { name ofType { name } } } } } } }` },
    { query: `{ ${Array.from({ length: 400 }, (_value, index) => `a${String(index)}: functions { id }`).join(" ")} }` },
    { query: `{ apps ${"{ functions { app ".repeat(30)} { id } ${"} }".repeat(30)} }` },
    { query: `query { ...A } fragment A on Query { ...B } fragment B on Query { ...A }` },
    { query: `{ ${"a ".repeat(6_000)} }` },
    { query: `{ functions${" @skip(if: false)".repeat(500)} { id } }` },
    { query: `query Q($v: [[[[Int]]]]) { functions { id } }`, variables: { v: [[[[1]]]] } },
  ),
  "POST /ui/v1/login": json({ key: "0011" }),
  "POST /ui/v1/logout": NO_BODY,
  "POST /ui/v1/events": json(EVENT),
  "POST /ui/v1/runs/:runId/cancel": NO_BODY,
  "POST /ui/v1/runs/:runId/rerun": json({ fromStep: { stepId: "a", input: [1] } }, {}),
  "POST /ui/v1/functions/:slug/pause": json({ mode: "hold" }),
  "POST /ui/v1/functions/:slug/resume": NO_BODY,
  "POST /ui/v1/keys": json({ name: "k", scopes: ["read"], expiresAt: 1_890_000_000_000 }),
  "DELETE /ui/v1/keys/:id": NO_BODY,
  "POST /ui/v1/bulks": json({
    kind: "replay",
    functionSlug: "shop-import",
    if: "event.data.n == 1",
    from: 1,
    until: 2,
    statuses: ["FAILED"],
    perSecond: 1,
    delayMs: 1,
  }),
  "DELETE /ui/v1/bulks/:id": NO_BODY,
  "POST /mcp": json(
    { jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: {} } },
    { jsonrpc: "2.0", id: "x", method: "tools/list", params: {} },
    [
      { jsonrpc: "2.0", id: 2, method: "ping" },
      { jsonrpc: "2.0", method: "notifications/initialized" },
    ],
    tool("list_functions", {}),
    tool("send_event", { name: "shop/imported", data: { n: 1 }, id: "once" }),
    tool("invoke_function", { functionId: "shop-import", data: {}, timeout: 1 }),
    tool("list_runs", { status: ["FAILED"], limit: 3 }),
    tool("get_run", { runId: ULID }),
    tool("cancel_run", { runId: ULID }),
    tool("search_docs", { query: "retry(a+)+$" }),
    tool("read_doc", { path: "../../package.json" }),
  ),
  "DELETE /mcp": NO_BODY,
  "POST /v1/realtime/token": json([{ channel: "c", name: "t", kind: "run" }]),
  "POST /v1/realtime/publish": json({ a: 1 }),
  "POST /v1/realtime/publish/tee": [{ bytes: Buffer.from("event: a\ndata: b\n\ndata: c\n\n") }],
  "POST /v0/connect/start": [{ bytes: encode(startRequest, { excludeGateways: ["a"] }) }],
  "POST /v0/connect/flush": [
    {
      bytes: encode(workerReply, {
        requestId: ULID,
        accountId: "a",
        envId: "e",
        appId: "shop",
        status: 1,
        body: Buffer.from("[]"),
        noRetry: false,
        retryAfter: "1",
        sdkVersion: "js:v4",
        requestVersion: 2,
        systemTraceCtx: Buffer.from("{}"),
        userTraceCtx: Buffer.from("{}"),
        runId: ULID,
      } as never),
    },
  ],
  ...forPrefixes(["/v2", "/api/v2"], (prefix) => ({
    [`POST ${prefix}/apps/:appId/syncs`]: json({ url: "http://127.0.0.1:9/api/pawl" }, {}),
    [`POST ${prefix}/events`]: json(EVENT),
    [`POST ${prefix}/apps/:appId/functions/:functionId/invoke`]: json({ data: { n: 1 }, idempotencyKey: "k", mode: "sync" }),
    [`POST ${prefix}/runs/:runId/cancel`]: json({}),
    [`POST ${prefix}/runs/:runId/rerun`]: json({ fromStep: { stepId: "a", input: [1] } }),
    [`POST ${prefix}/runs/:runId/scores`]: json([
      { name: "s", value: 1, stepId: "a" },
      { name: "t", value: true, experiment: { id: "e", variant: "v" } },
    ]),
    ...Object.fromEntries(["POST", "PUT", "PATCH", "DELETE"].map((method) => [`${method} ${prefix}/operations`, NO_BODY] as const)),
    ...Object.fromEntries(MISSING_WRITES.map((route) => [route.replace(" ", ` ${prefix}`), NO_BODY] as const)),
  })),
  ...forPrefixes(["/v1/checkpoint", "/v1/http/runs"], (prefix) => ({
    [`POST ${prefix}`]: json(START),
    [`POST ${prefix}/:runId/steps`]: json({ run_id: ULID, steps: [STEP] }),
    [`POST ${prefix}/:runId/async`]: json({ run_id: ULID, qi_id: ULID, generation_id: 1, steps: [STEP] }),
    [`POST ${prefix}/:runId/output`]: NO_BODY,
    [`PUT ${prefix}/:runId/output`]: NO_BODY,
    [`PATCH ${prefix}/:runId/output`]: NO_BODY,
    [`DELETE ${prefix}/:runId/output`]: NO_BODY,
  })),
};
(EXAMPLES as Record<string, unknown>)["POST /v0/start"] = EXAMPLES["POST /v0/connect/start"];
(EXAMPLES as Record<string, unknown>)["POST /v0/flush"] = EXAMPLES["POST /v0/connect/flush"];

/** Queries without which a route goes no further, by its name. In braces: a token of fuzz-server.fixture.ts. */
export const QUERIES: Readonly<Record<string, string>> = {
  "DELETE /fn/remove": "?url=http%3A%2F%2F127.0.0.1%3A9%2Fapi%2Fpawl",
  "POST /v1/realtime/publish": "?channel=c&topic=t&run_id=r&metadata=%7B%7D",
  "POST /v1/realtime/publish/tee": "?channel=c",
  "GET /v1/realtime/sse": "?token={subscribe}",
  ...Object.fromEntries(
    ["GET", "POST", "PUT", "PATCH", "DELETE"].flatMap((method) =>
      ["/v1/checkpoint", "/v1/http/runs"].map((prefix) => [`${method} ${prefix}/:runId/output`, "?token={claim}"] as const),
    ),
  ),
};

function forPrefixes(
  prefixes: readonly string[],
  of: (prefix: string) => Readonly<Record<string, readonly Example[] | typeof NO_BODY>>,
): Readonly<Record<string, readonly Example[] | typeof NO_BODY>> {
  return Object.assign({}, ...prefixes.map(of)) as Readonly<Record<string, readonly Example[] | typeof NO_BODY>>;
}
