import { readFile } from "node:fs/promises";
import { openMemoryStore } from "@pawl/store-memory";
import type { Store } from "@pawl/store";
import { afterEach, expect, test } from "vitest";
import { answer, functionConfig, settled, testServer, type TestServer, type TestServerOptions } from "../http/test-server.fixture.ts";
import { ManualClock } from "../ports/manual-clock.fixture.ts";
import { silentLogger } from "../ports/logger.ts";
import { Metrics } from "./metrics.ts";
import { metricsRoutes } from "./metrics-routes.ts";

const KEY = "0123456789abcdef0123456789abcdef";

let server: TestServer;
afterEach(() => server.stop());

async function measuredServer(options: TestServerOptions = {}, store: Store = openMemoryStore()): Promise<void> {
  const clock = new ManualClock();
  const metrics = new Metrics({ clock, logger: silentLogger, version: "1.2.3", workersConnected: () => 2, elapsed: () => 0 });
  server = await testServer({
    ...options,
    clock,
    routes: [metricsRoutes(metrics)],
    invoker: (usual) => metrics.measureInvoker(usual),
    engine: { ...options.engine, store: metrics.measureStore(store) },
  });
  metrics.attach(server.engine);
}

/** Values by the text before them. */
async function scraped(): Promise<ReadonlyMap<string, number>> {
  const { status, body, headers } = await server.get("/metrics");
  expect(status).toBe(200);
  expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  const lines = (body as string).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));
}

async function send(count = 1, data: Readonly<Record<string, unknown>> = {}): Promise<void> {
  await server.engine.send(Array.from({ length: count }, () => ({ name: "shop/imported", data })));
  await settled();
}

test("runs, calls, events and commits are counted under both families of names", async () => {
  await measuredServer({
    app: ({ event }) => answer(event.data["fails"] === true ? 500 : 200, "done"),
    config: { retries: { attempts: 0 } },
  });
  await send(2);
  const values = await scraped();
  for (const [name, value] of [
    ['pawl_runs_scheduled_total{function="shop-import"}', 2],
    ['pawl_runs_started_total{function="shop-import"}', 2],
    ['pawl_runs_ended_total{function="shop-import",status="completed"}', 2],
    ['pawl_runs_ended_total{function="shop-import",status="failed"}', 0],
    ['pawl_calls_total{function="shop-import",outcome="ok"}', 2],
    ['pawl_call_seconds_count{function="shop-import"}', 2],
    ['pawl_start_latency_seconds_count{function="shop-import"}', 2],
    ['pawl_events_total{source="sent"}', 2],
    ['pawl_events_total{source="server"}', 2],
    ['inngest_function_run_scheduled_total{fn="shop-import"}', 2],
    ['inngest_function_run_started_total{fn="shop-import"}', 2],
    ['inngest_function_run_ended_total{fn="shop-import",status="completed"}', 2],
    ['inngest_sdk_req_scheduled_total{fn="shop-import"}', 2],
    ['inngest_sdk_req_started_total{fn="shop-import"}', 2],
    ['inngest_sdk_req_ended_total{fn="shop-import",status="completed"}', 2],
    ["inngest_queue_depth", 0],
    ["pawl_workers_connected", 2],
    ['pawl_build_info{version="1.2.3",store="memory"}', 1],
  ] as const)
    expect([name, values.get(name)]).toEqual([name, value]);
  expect(values.get('pawl_commits_total{result="applied"}')).toBeGreaterThanOrEqual(4);
  expect(values.get("pawl_commit_seconds_count")).toBeGreaterThanOrEqual(4);
  expect(values.get("process_resident_memory_bytes")).toBeGreaterThan(1_000_000);
});

test("failures, retries, steps and events without a run are counted", async () => {
  const step = { id: "c".repeat(40), op: "StepRun", name: "pay", displayName: "pay", data: 1 };
  let calls = 0;
  await measuredServer({
    app: () =>
      (calls += 1) === 1 ? answer(500, { name: "Error", message: "no" }) : calls === 2 ? answer(206, [step]) : answer(200, "done"),
  });
  await send();
  await server.clock.advance(120_000);
  for (let sent = 0; sent < 2; sent++) await server.engine.send([{ name: "shop/imported", id: "same", data: {} }]);
  await settled();
  const values = await scraped();
  expect(values.get('pawl_retries_total{function="shop-import"}')).toBe(1);
  expect(values.get('pawl_calls_total{function="shop-import",outcome="error"}')).toBe(1);
  expect(values.get('inngest_sdk_req_ended_total{fn="shop-import",status="failed"}')).toBe(1);
  expect(values.get('pawl_steps_ended_total{function="shop-import",outcome="completed"}')).toBe(1);
  expect(values.get('pawl_runs_ended_total{function="shop-import",status="completed"}')).toBe(2);
  expect(values.get('pawl_event_outcomes_total{reason="duplicate-event-id"}')).toBe(1);
});

test("the backlog is told by function, and what holds it by reason", async () => {
  const release = Promise.withResolvers<void>();
  await measuredServer({
    app: async () => (await release.promise, answer(200, "done")),
    functions: [functionConfig("shop-import", { concurrency: [{ limit: 1 }] }), functionConfig("shop-free")],
  });
  await send(5);
  const values = await scraped();
  expect(values.get('pawl_backlog_items{function="shop-import",kind="start"}')).toBe(5);
  expect(values.get('pawl_backlog_items{function="shop-free",kind="start"}')).toBe(5);
  expect(values.get("inngest_queue_depth")).toBe(10);
  expect(values.get('pawl_held_items{reason="concurrency-limit"}')).toBe(4);
  expect(values.get("pawl_items_in_progress")).toBe(6);
  release.resolve();
  await settled();
  const later = await scraped();
  expect(later.get("inngest_queue_depth")).toBe(0);
  expect(later.has('pawl_held_items{reason="concurrency-limit"}')).toBe(false);
});

test("a held backlog larger than what is kept in memory is told whole", async () => {
  await measuredServer();
  const [row] = server.engine.registry.functions();
  await server.engine.pause(row?.id ?? "", "hold");
  await send(2_500);
  const values = await scraped();
  expect(values.get('pawl_held_items{reason="held-by-pause"}')).toBe(2_500);
  expect(values.get("pawl_queue_memory_items")).toBeLessThan(2_500);
});

test("a run's start latency is the time from when it was due", async () => {
  await measuredServer();
  const [row] = server.engine.registry.functions();
  await server.engine.pause(row?.id ?? "", "hold");
  await send();
  await server.clock.advance(4_000);
  await server.engine.pause(row?.id ?? "", undefined);
  await settled();
  const values = await scraped();
  expect(values.get('pawl_start_latency_seconds_sum{function="shop-import"}')).toBe(4);
  expect(values.get('pawl_start_latency_seconds_bucket{function="shop-import",le="1"}')).toBe(0);
  expect(values.get('pawl_start_latency_seconds_bucket{function="shop-import",le="5"}')).toBe(1);
});

test("a call that no worker takes is counted as held, and answered when it was made", async () => {
  let isHeld = true;
  const clock = new ManualClock();
  const metrics = new Metrics({ clock, logger: silentLogger, version: "1", workersConnected: () => 0, elapsed: () => 0 });
  server = await testServer({
    clock,
    routes: [metricsRoutes(metrics)],
    invoker: (usual) =>
      metrics.measureInvoker({
        call: async () => {
          const held = isHeld;
          isHeld = false;
          return held ? { kind: "held", reason: "no-worker-connected" } : answer(200, "done");
        },
        close: () => usual.close(),
      }),
  });
  metrics.attach(server.engine);
  await send();
  await server.clock.advance(60_000);
  const values = await scraped();
  expect(values.get('pawl_calls_held_total{function="shop-import"}')).toBe(1);
  expect(values.get('pawl_calls_total{function="shop-import",outcome="ok"}')).toBe(1);
  expect(values.get('pawl_start_latency_seconds_count{function="shop-import"}')).toBe(1);
});

test("what the store can't tell is left out, and the rest is told", async () => {
  const store = openMemoryStore();
  let isBroken = false;
  await measuredServer({}, { ...store, dueLanes: (dueBy) => (isBroken ? Promise.reject(new Error("disk")) : store.dueLanes(dueBy)) });
  isBroken = true;
  const values = await scraped();
  expect(values.has("inngest_queue_depth")).toBe(false);
  expect(values.get("pawl_items_in_progress")).toBe(0);
});

test("a commit that fails is counted, and its error is the caller's", async () => {
  const store = openMemoryStore();
  const metrics = new Metrics({ clock: new ManualClock(), logger: silentLogger, version: "1", workersConnected: () => 0 });
  const failing = metrics.measureStore({ ...store, apply: () => Promise.reject(new Error("disk")) });
  await expect(failing.apply({ guards: [], changes: [] })).rejects.toThrow("disk");
  class Store2 {
    #kind = "private";
    get kind(): string {
      return this.#kind;
    }
    async loadRegistry(): Promise<unknown> {
      return this.#kind;
    }
  }
  const measured = metrics.measureStore(new Store2() as unknown as Store);
  expect([measured.kind, await measured.loadRegistry()]).toEqual(["private", "private"]);
  await measuredServer();
});

test("docs/operations.md names every metric of ours, and no other", async () => {
  await measuredServer();
  await send();
  const { body } = await server.get("/metrics");
  const names = new Set([...(body as string).matchAll(/^# TYPE (pawl_\w+)/gm)].map(([, name]) => name));
  // Families without a sample are not in the text: nothing is held, no event was refused, and no traces are exported.
  for (const name of ["pawl_held_items", "pawl_event_outcomes_total", "pawl_backlog_items", "pawl_traces_total"]) names.add(name);
  const docs = await readFile(new URL("../../../../docs/operations.md", import.meta.url), "utf8");
  const rows = docs.split("\n").filter((line) => line.startsWith("| `"));
  const documented = new Set(rows.flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/pawl_\w+/g)].map(([name]) => name)));
  expect([...documented].toSorted()).toEqual([...names].toSorted());
});

test("in `start` the signing key is asked for; in development other sites' pages and names are refused", async () => {
  await measuredServer({ kind: "cloud", signingKey: KEY });
  expect((await server.get("/metrics")).status).toBe(401);
  expect((await server.get("/metrics", { authorization: `Bearer ${KEY}` })).status).toBe(200);
  await server.stop();
  await measuredServer();
  expect((await server.get("/metrics", { origin: "https://evil.example" })).status).toBe(403);
  expect((await server.get("/metrics", { host: "evil.example", "user-agent": "Mozilla/5.0" })).status).toBe(403);
});
