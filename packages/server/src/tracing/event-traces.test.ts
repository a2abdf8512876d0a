/** Events that say which span sent them, from the request to the run's span. */
import type { EventRow } from "@pawl/engine";
import { hashStepId } from "@pawl/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { answer, type AppCall, functionConfig, testServer, type TestServer } from "../http/test-server.fixture.ts";
import { silentLogger } from "../ports/logger.ts";
import type { ExportedSpan } from "./run-spans.ts";
import { attemptSpanId, runIds, stepSpanId } from "./span-ids.ts";
import { TraceExporter } from "./trace-exporter.ts";

const SENDERS = ["a", "b", "c"].map((digit) => ({ traceId: digit.repeat(32), spanId: digit.repeat(16) }));
const [SENDER = { traceId: "", spanId: "" }] = SENDERS;

function headerOf({ traceId, spanId } = SENDER, flags = "01"): Readonly<Record<string, string>> {
  return { traceparent: `00-${traceId}-${spanId}-${flags}` };
}

let server: TestServer;
let exporter: TraceExporter;
let spans: ExportedSpan[];
let calls: AppCall[];

async function open(app: Parameters<typeof testServer>[0] = {}): Promise<void> {
  calls = [];
  const { app: answerCall = () => answer(200, "done") } = app;
  server = await testServer({
    ...app,
    app: (body, call) => {
      calls.push(call);
      return answerCall(body, call);
    },
  });
  spans = [];
  exporter = new TraceExporter({
    send: async (body) => {
      const { resourceSpans } = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: ExportedSpan[] }[] }[] };
      for (const { scopeSpans } of resourceSpans) for (const scoped of scopeSpans) spans.push(...scoped.spans);
      return 200;
    },
    clock: server.clock,
    logger: silentLogger,
    version: "1",
  });
  exporter.attach(server.engine);
}

beforeEach(() => open());
afterEach(async () => {
  await exporter.stop();
  await server.stop();
});

/** Spans of runs, oldest first. */
async function runSpans(seconds = 2): Promise<readonly ExportedSpan[]> {
  for (let passed = 0; passed < seconds; passed++) await server.clock.advance(1_000);
  return spans.filter(({ kind }) => kind === 5);
}

function stored(): Promise<readonly EventRow[]> {
  return server.engine.store.history.listEvents({ includeInternal: true, limit: 9 });
}

const EVENT = { name: "shop/imported", data: { rows: 3 } };

describe("an event that is sent with a traceparent", () => {
  test.each([
    ["/e/key", EVENT],
    ["/invoke/shop-import", { data: { rows: 3 } }],
    ["/v2/events", EVENT],
    ["/v2/apps/shop/functions/import/invoke", { data: { rows: 3 } }],
  ])("POST %s: its run is linked to the span that sent it, and the app is told nothing of it", async (path, body) => {
    const posted = server.post(path, body, headerOf());
    const [span] = await runSpans();
    expect((await posted).status).toBeLessThan(300);
    expect(span).toMatchObject({ links: [SENDER] });
    expect(span?.traceId).not.toBe(SENDER.traceId);
    expect(span).not.toHaveProperty("parentSpanId");
    expect(calls).toHaveLength(1);
    expect(JSON.stringify(calls)).not.toContain(SENDER.traceId);
    const events = await stored();
    expect(events.filter(({ name }) => name !== "inngest/function.finished")).toMatchObject([headerOf()]);
  });

  test("all events of a request have it; the server's own have none", async () => {
    await server.post("/e/key", [EVENT, EVENT], headerOf(SENDER, "00"));
    expect((await runSpans()).map(({ links }) => links)).toEqual([[SENDER], [SENDER]]);
    const events = await stored();
    const { traceparent } = headerOf(SENDER, "00");
    for (const event of events) expect(event.traceparent).toBe(event.isInternal ? undefined : traceparent);
    expect(events.filter(({ isInternal }) => isInternal)).toHaveLength(2);
  });

  test.each([
    ["no traceparent", {}],
    ["one that can't be read", { traceparent: "00-x" }],
    ["one of zeros", headerOf({ traceId: "0".repeat(32), spanId: "b".repeat(16) })],
  ])("with %s, the event is taken and its run linked to nothing", async (_what, headers) => {
    expect((await server.post("/e/key", EVENT, headers)).status).toBe(200);
    expect(await runSpans()).toMatchObject([{ links: [] }]);
    for (const event of await stored()) expect(event).not.toHaveProperty("traceparent");
  });

  test("a run of several events is linked to each span that sent one of them, once", async () => {
    await exporter.stop();
    await server.stop();
    await open({ functions: [functionConfig("shop-import", { batchEvents: { maxSize: 4, timeout: "60s" } })] });
    for (const sender of [...SENDERS, SENDER]) await server.post("/e/key", EVENT, headerOf(sender));
    expect(await runSpans()).toMatchObject([{ links: SENDERS }]);
  });

  test("a run that is run again is linked to the first and to the sender", async () => {
    await server.post("/e/key", EVENT, headerOf());
    await runSpans();
    const [run] = await server.engine.store.history.listRuns({ filter: {}, timeField: "queuedAt", order: "asc", limit: 1 });
    await server.engine.rerun(run?.id ?? "");
    const [, again] = await runSpans();
    expect(again).toMatchObject({ links: [runIds(run?.id ?? ""), SENDER] });
  });
});

describe("attempts of a step", () => {
  const [ID, ONCE] = [hashStepId("load"), hashStepId("once")];
  const op = (id: string, name: string): object => ({ op: "StepRun", id, name, data: 1, userland: { id: name } });
  const failed = { ...op(ID, "load"), op: "StepError", error: { name: "Error", message: "busy" } };

  /** A step that fails twice, and one that does not. */
  async function retried(plans: boolean): Promise<void> {
    await exporter.stop();
    await server.stop();
    let failures = 0;
    const [load, once] = [op(ID, "load"), op(ONCE, "once")];
    await open({
      engine: { retryIntervalMs: 1_000 },
      app: ({ steps }, { url }) => {
        const stepId = new URL(url).searchParams.get("stepId");
        if (stepId === ONCE || (!plans && steps[ONCE] === undefined)) return answer(206, [once]);
        if (stepId === ID || (!plans && steps[ID] === undefined)) return answer(206, [failures++ < 2 ? failed : load]);
        if (steps[ID] !== undefined && steps[ONCE] !== undefined) return answer(200, "done");
        return answer(206, [
          { ...load, op: "StepPlanned" },
          { ...once, op: "StepPlanned" },
        ]);
      },
    });
    await server.post("/e/key", EVENT);
    await runSpans(6);
  }

  test.each([
    ["found by the function's code", false],
    ["planned", true],
  ])("%s: where there were several, each is a span, the last and good one too; a single one is none", async (_what, plans) => {
    await retried(plans);
    const below = spans.filter(({ parentSpanId }) => parentSpanId === stepSpanId(ID));
    expect(below.map(({ name, status, spanId }) => [name, status.code, spanId])).toEqual([
      ["attempt 0", 2, attemptSpanId(ID, 0)],
      ["attempt 1", 2, attemptSpanId(ID, 1)],
      ["attempt 2", 1, attemptSpanId(ID, 2)],
    ]);
    const step = spans.find(({ spanId }) => spanId === stepSpanId(ID));
    for (const span of below) {
      expect(BigInt(span.startTimeUnixNano) >= BigInt(step?.startTimeUnixNano ?? 0)).toBe(true);
      expect(BigInt(span.endTimeUnixNano) <= BigInt(step?.endTimeUnixNano ?? 0)).toBe(true);
    }
    expect(BigInt(below[2]?.startTimeUnixNano ?? 0) - BigInt(below[1]?.endTimeUnixNano ?? 0) >= 1_000_000_000n).toBe(true);
    expect(spans.filter(({ parentSpanId }) => parentSpanId === stepSpanId(ONCE))).toEqual([]);
  });

  test("a call for a step's later attempt names its span, and the first one the step's", async () => {
    await retried(true);
    const named = calls.filter(({ url }) => url.includes(ID)).map(({ headers }) => headers["traceparent"]?.split("-")[2]);
    expect(named).toEqual([stepSpanId(ID), attemptSpanId(ID, 1), attemptSpanId(ID, 2)]);
    expect(spans.map(({ spanId }) => spanId)).toEqual(expect.arrayContaining(named));
  });
});
