import { hashStepId } from "@pawl/protocol";
import { afterEach, describe, expect, test } from "vitest";
import { answer, testServer, type TestServer } from "../http/test-server.fixture.ts";
import { silentLogger } from "../ports/logger.ts";
import type { ExportedSpan } from "./run-spans.ts";
import { runIds, stepSpanId } from "./span-ids.ts";
import { TraceExporter } from "./trace-exporter.ts";

let server: TestServer;
let exporter: TraceExporter;
afterEach(async () => {
  await exporter.stop();
  await server.stop();
});

type Answers = (number | Error)[];

/** A server whose traces go to a collector that answers as told, and then 200. */
async function exporting(answers: Answers, app?: Parameters<typeof testServer>[0]): Promise<{ readonly bodies: string[] }> {
  server = await testServer(app);
  const bodies: string[] = [];
  const send = async (body: string): Promise<number> => {
    bodies.push(body);
    const next = answers.shift() ?? 200;
    if (next instanceof Error) throw next;
    return next;
  };
  exporter = new TraceExporter({ send, clock: server.clock, logger: silentLogger, version: "1", serviceName: "shop" });
  exporter.attach(server.engine);
  return { bodies };
}

async function run(count = 1): Promise<readonly string[]> {
  await server.engine.send(Array.from({ length: count }, () => ({ name: "shop/imported", data: {} })));
  await server.clock.advance(0);
  const runs = await server.engine.store.history.listRuns({ filter: {}, timeField: "queuedAt", order: "asc", limit: 1_000 });
  return runs.map(({ id }) => id);
}

function spansOf(body: string | undefined): readonly ExportedSpan[] {
  const parsed = JSON.parse(body ?? "{}") as {
    readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly ExportedSpan[] }[] }[];
  };
  return parsed.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

const ID = hashStepId("load");

describe("export of traces", () => {
  test("a run that has ended is sent a second later: the run, its steps, its failed attempts", async () => {
    let calls = 0;
    const { bodies } = await exporting([], {
      app: () => {
        calls += 1;
        if (calls === 1) return answer(206, [{ op: "StepRun", id: ID, name: "load", data: 1, userland: { id: "load" } }]);
        return calls === 2 ? answer(500, { name: "Error", message: "busy" }) : answer(200, "done");
      },
    });
    const [runId = ""] = await run();
    for (let seconds = 0; bodies.length === 0 && seconds < 120; seconds++) await server.clock.advance(1_000);
    const { traceId, spanId } = runIds(runId);
    const spans = spansOf(bodies[0]);
    expect(spans).toMatchObject([
      { traceId, spanId, name: "shop-import", kind: 5, status: { code: 1 } },
      { traceId, parentSpanId: spanId, name: "attempt 0", status: { code: 2, message: "Error: busy" } },
      { traceId, parentSpanId: spanId, spanId: stepSpanId(ID), name: "load", status: { code: 1 } },
    ]);
    const facts = Object.fromEntries(spans[0]?.attributes.map(({ key, value }) => [key, Object.values(value)[0]]) ?? []);
    expect(facts).toMatchObject({
      "pawl.run.id": runId,
      "pawl.app": "shop",
      "pawl.status": "COMPLETED",
      "pawl.event.name": "shop/imported",
    });
    for (const { startTimeUnixNano, endTimeUnixNano } of spans) expect(BigInt(endTimeUnixNano) >= BigInt(startTimeUnixNano)).toBe(true);
    expect([exporter.exported, exporter.dropped]).toEqual([1, 0]);
  });

  test("a collector that is not there is tried again; the same spans are sent", async () => {
    const { bodies } = await exporting([new Error("refused"), 503]);
    await run();
    await server.clock.advance(1_000);
    await server.clock.advance(1_000);
    await server.clock.advance(2_000);
    expect(new Set(bodies).size).toBe(1);
    expect([bodies.length, exporter.exported, exporter.dropped]).toEqual([3, 1, 0]);
  });

  test("what is refused, or fails five times, is dropped and counted; the next is sent", async () => {
    const { bodies } = await exporting([400, 503, 503, 503, 503, 503]);
    await run();
    await server.clock.advance(1_000);
    expect([bodies.length, exporter.dropped]).toEqual([1, 1]);
    await run();
    await server.clock.advance(60_000);
    expect([bodies.length, exporter.dropped]).toEqual([6, 2]);
    await run();
    await server.clock.advance(1_000);
    expect([exporter.exported, exporter.dropped]).toEqual([1, 2]);
  });

  test("many are sent at once, in batches", async () => {
    const { bodies } = await exporting([]);
    await run(450);
    await server.clock.advance(2_000);
    expect(bodies.map((body) => spansOf(body).length).reduce((sum, count) => sum + count, 0)).toBe(450);
    expect(Math.max(...bodies.map((body) => spansOf(body).length))).toBe(200);
  });

  test("a stop sends what is left, and does not wait for a collector that fails", async () => {
    const { bodies } = await exporting([]);
    await run();
    await exporter.stop();
    expect(bodies).toHaveLength(1);
    await server.stop();
    const failing = await exporting([new Error("refused"), new Error("refused")]);
    await run();
    await server.clock.advance(1_000);
    await exporter.stop();
    // One last try.
    expect([failing.bodies.length, exporter.dropped]).toEqual([2, 1]);
  });
});
