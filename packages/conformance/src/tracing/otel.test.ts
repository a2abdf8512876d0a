/**
 * Traces of our client's functions: spans that an app makes in a step are below it, in the server's trace of the run as in what the server and
 * the app each send to a collector.
 */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UiRunDetail } from "@pawl/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AppProcess, environmentOf, type Report } from "../harness/app-process.ts";
import { Child } from "../harness/child.ts";
import { http, jsonOf } from "../harness/http.ts";
import { sendEvents } from "../harness/send-events.ts";
import { type ServerProcess, startServerProcess } from "../harness/server-process.ts";
import { MANAGEMENT_HEADERS, Watch } from "../harness/watch.ts";
import { type CollectedSpan, Collector, spansOf } from "./collector.ts";

/** The app's spans of a run, as `parent > span`; `call shop` is in two attempts, which only the server tells apart. */
const placesIn = (attempts: readonly [string, string]): readonly string[] => [
  ...attempts.map((attempt) => `${attempt} > call shop`),
  "left > write left",
  "load > read file",
  "read file > parse",
  "right > write right",
  "shop-import > sum up",
  "write left > flush left",
  "write right > flush right",
];

type AppSpan = CollectedSpan & Report;
type GqlSpan = {
  readonly name: string;
  readonly spanID: string;
  readonly traceID: string;
  readonly parentSpanID: string | null;
  readonly isUserland: boolean;
  readonly status: string;
  readonly userlandSpan: { readonly scopeName: string; readonly spanAttrs: string } | null;
  readonly childrenSpans?: readonly GqlSpan[];
};

async function startApp(
  server: ServerProcess,
  { transport, checkpointing }: { readonly transport: string; readonly checkpointing: boolean },
): Promise<AppProcess> {
  const process_ = fork(join(import.meta.dirname, "otel-app.ts"), [], {
    execArgv: ["--conditions=pawl-source"],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: environmentOf({ server, checkpointing }, { PAWL_APP_CONNECT: transport === "HTTP" ? "" : "1" }),
  });
  const app = new AppProcess(new Child(process_), (message) => process_.send(message));
  process_.on("message", (message) => app.receive(message as Report));
  const { kind, port } = await app.report("waiting for the app", (report) => report.kind === "listening" || report.kind === "connected");
  if (kind === "connected") return app;
  app.url = `http://127.0.0.1:${String(port)}/api/inngest`;
  await app.register();
  return app;
}

/** `parent > span` of spans, whose parents are among others. */
function placesOf(
  spans: readonly Pick<CollectedSpan, "name" | "parentSpanId">[],
  all: readonly Pick<CollectedSpan, "name" | "spanId">[],
): readonly string[] {
  const names = new Map(all.map(({ spanId, name }) => [spanId, name]));
  return spans.map(({ name, parentSpanId = "" }) => `${names.get(parentSpanId)} > ${name}`).toSorted();
}

describe.each([
  { transport: "HTTP", checkpointing: true },
  { transport: "HTTP", checkpointing: false },
  { transport: "Connect", checkpointing: true },
])("over $transport, checkpointing $checkpointing", (variant) => {
  let dir: string;
  let collector: Collector;
  let server: ServerProcess;
  let app: AppProcess;
  let watch: Watch;
  let runId: string;
  /** What the server has sent to the collector, and what the app has sent to its own. */
  let ofServer: readonly CollectedSpan[];
  let ofApp: readonly AppSpan[];

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "pawl-otel-"));
    collector = new Collector();
    server = await startServerProcess({ dir, retryIntervalS: 1, args: ["--otlp-endpoint", await collector.start()] });
    [app, watch] = await Promise.all([startApp(server, variant), Watch.open(server)]);
    const [eventId = ""] = await sendEvents(server, [{ name: "shop/import", data: {} }]);
    const { run } = await watch.endedRunOf(eventId);
    expect(run.status).toBe("COMPLETED");
    runId = run.id;
    app.tell({ kind: "flush" });
    expect(await app.report("waiting for the app's spans to be sent", ({ kind }) => kind === "flushed")).toMatchObject({ dropped: 0 });
    const sent = spansOf(await collector.named(runId));
    // Those that it started may have been sent with it.
    const root = sent.find(({ name }) => name === "shop-import");
    ofServer = sent.filter(({ traceId }) => traceId === root?.traceId);
    ofApp = app.reports.filter(({ kind }) => kind === "span").slice(1) as unknown as readonly AppSpan[];
  });

  afterAll(async () => {
    watch?.close();
    await Promise.all([app?.child.stop(), server?.child.stop()]);
    collector?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test("the app's and the server's spans are one trace, to whoever collects both", () => {
    expect(new Set([...ofServer, ...ofApp].map(({ traceId }) => traceId)).size).toBe(1);
    const [root] = ofServer;
    expect([root?.name, root?.parentSpanId]).toEqual(["shop-import", undefined]);
    const attempts = ofServer.filter(({ name }) => name.startsWith("attempt "));
    expect(placesOf(ofServer.slice(1), ofServer)).toEqual([
      "flaky > attempt 0",
      "flaky > attempt 1",
      ...["flaky", "left", "load", "right", "tell", "tell more"].map((name) => `shop-import > ${name}`),
    ]);
    expect(attempts).toMatchObject([{ status: { code: 2 } }, { status: { code: 1 } }]);
    expect(placesOf(ofApp, [...ofServer, ...ofApp])).toEqual(placesIn(["flaky", "flaky"]));
  });

  test("runs that are started by events from inside another are linked to it", async () => {
    await watch.until(
      "waiting for runs that the run's events start",
      (runs) =>
        [...runs.values()].filter(({ functionSlug, endedAt }) => functionSlug === "shop-told" && endedAt !== undefined).length === 2,
    );
    const [{ traceId, spanId } = { traceId: "", spanId: "" }] = ofServer;
    for (const { id, functionSlug } of watch.runs.values()) {
      if (functionSlug !== "shop-told") continue;
      const bodies = spansOf(await collector.named(id));
      const own = bodies.filter(({ name }) => name === "shop-told");
      expect(own.length).toBeGreaterThan(0);
      for (const span of own) expect(span).toMatchObject({ links: [{ traceId, spanId }] });
    }
  });

  test("GraphQL has the app's spans below their steps, with the ids that were sent", async () => {
    const fields = "name spanID traceID parentSpanID isUserland status userlandSpan { scopeName spanAttrs }";
    const query = `query ($runID: String!) { runTrace(runID: $runID) { ${fields}
      childrenSpans { ${fields} childrenSpans { ${fields} childrenSpans { ${fields} } } } } }`;
    const answer = await http(`${server.url}/v0/gql`, { body: { query, variables: { runID: runId } }, headers: MANAGEMENT_HEADERS });
    const { data } = jsonOf(answer) as { readonly data: { readonly runTrace: GqlSpan } };
    const flat = (span: GqlSpan): readonly GqlSpan[] => [span, ...(span.childrenSpans ?? []).flatMap(flat)];
    const spans = flat(data.runTrace);
    const shape = ({ name, spanID: spanId, parentSpanID }: GqlSpan) => ({ name, spanId, parentSpanId: parentSpanID ?? "" });
    const known = spans.map((span) => ({ ...shape(span), ...(span === data.runTrace ? { name: "shop-import" } : {}) }));
    const ofUsers = spans.filter(({ isUserland }) => isUserland);
    expect(placesOf(ofUsers.map(shape), known)).toEqual(placesIn(["Attempt 0", "Attempt 1"]));
    expect(ofUsers.map(({ spanID }) => spanID).toSorted()).toEqual(ofApp.map(({ spanId }) => spanId).toSorted());
    expect(ofUsers.filter(({ name }) => name === "call shop").map(({ status }) => status)).toEqual(["FAILED", "COMPLETED"]);
    expect(ofUsers.find(({ name }) => name === "parse")?.userlandSpan).toMatchObject({
      scopeName: "shop",
      spanAttrs: expect.stringContaining('"rows":3') as string,
    });
    const ours = spans.filter(({ isUserland }) => !isUserland);
    expect(new Set(ours.map(({ traceID }) => traceID))).toEqual(new Set(ofServer.map(({ traceId }) => traceId)));
    expect(ours.map(({ spanID }) => spanID)).toEqual(expect.arrayContaining(ofServer.map(({ spanId }) => spanId)));
  });

  test("the dashboard's API has each with its step", async () => {
    const answer = await http(`${server.url}/ui/v1/runs/${runId}`, { headers: MANAGEMENT_HEADERS });
    const { spans, userSpans = [] } = jsonOf(answer) as UiRunDetail;
    const stepOf = new Map(spans.map(({ id, name }) => [id, name]));
    expect(userSpans.map(({ name, stepId }) => `${stepOf.get(stepId ?? "")} > ${name}`).toSorted()).toEqual([
      "flaky > call shop",
      "flaky > call shop",
      "left > flush left",
      "left > write left",
      "load > parse",
      "load > read file",
      "right > flush right",
      "right > write right",
      "undefined > sum up",
    ]);
  });
});
