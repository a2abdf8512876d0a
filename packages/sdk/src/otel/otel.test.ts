import { trace, context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider, type SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { hashStepId } from "@pawl/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Pawl } from "../client/client.ts";
import { FakeRuntime } from "../run/call.fixture.ts";
import { callBody, post, silent } from "../serve/app.fixture.ts";
import { createHandler } from "../serve/web.ts";
import { createTracing, type PawlTracing } from "./index.ts";

const TRACE_ID = "71eeab122c16e2337e13aa425bc51912";
const CALL_SPAN = "b5c2db5b06a644c5";
const TRACEPARENT = `00-${TRACE_ID}-${CALL_SPAN}-01`;
const REF = encodeURIComponent(JSON.stringify({ tp: TRACEPARENT, ts: "" }));
const HEADERS = { traceparent: TRACEPARENT, tracestate: `inngest@traceref=${REF},inngest@app=app-1,inngest@fn=fn-1` };
/** Hash of "a", and what the protocol's vectors give for it. */
const STEP = "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8";
const STEP_SPAN = "2d32f4eb8dbb5b91";

type Exported = { readonly traceId: string; readonly parentSpanId: string; readonly name: string; readonly attributes: Attribute[] };
type Attribute = { readonly key: string; readonly value: Readonly<Record<string, unknown>> };

let tracing: PawlTracing;
let bodies: string[];

beforeEach(() => {
  tracing = createTracing();
  bodies = [];
  const processor: SpanProcessor = tracing;
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterEach(() => {
  trace.disable();
  context.disable();
});

function span<R>(name: string, code: () => R): R {
  return trace.getTracer("shop").startActiveSpan(name, (each) => {
    each.setAttribute("rows", 3);
    each.setAttribute("tags", ["a", "b"]);
    try {
      return code();
    } finally {
      each.end();
    }
  });
}

function handlerOf(status = 200): (request: Request) => Promise<Response> {
  const client = new Pawl({
    id: "shop",
    isDev: true,
    logger: silent,
    runtime: new FakeRuntime(),
    tracing,
    transport: async ({ url, body = "" }) => {
      if (url.endsWith("v1/traces/userland")) bodies.push(body);
      return { status: url.endsWith("v1/traces/userland") ? status : 200, body: "{}" };
    },
  });
  const fn = client.createFunction({ id: "import" }, { event: "catalogue/uploaded" }, async ({ step }) => {
    span("before", () => {});
    await step.run("a", () => span("outer", () => span("inner", () => 1)));
    span("after", () => {});
  });
  return createHandler({ client, functions: [fn] });
}

async function exported(): Promise<Readonly<Record<string, Exported>>> {
  await tracing.forceFlush();
  const spans = bodies.flatMap((body) => {
    const parsed = JSON.parse(body) as {
      readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: Exported[] }[] }[];
    };
    return parsed.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  });
  return Object.fromEntries(spans.map((each) => [each.name, each]));
}

function attributesOf(one: Exported | undefined): Readonly<Record<string, unknown>> {
  return Object.fromEntries(one?.attributes.map(({ key, value }) => [key, Object.values(value)[0]]) ?? []);
}

describe("spans of an app's code", () => {
  test("have the run's trace: below the call, and below their step's span", async () => {
    expect(hashStepId("a")).toBe(STEP);
    expect((await handlerOf()(post(callBody, HEADERS))).status).toBe(206);
    const spans = await exported();
    expect(Object.keys(spans).sort()).toEqual(["after", "before", "inner", "outer"]);
    for (const { traceId } of Object.values(spans)) expect(traceId).toBe(TRACE_ID);
    expect([spans["before"]?.parentSpanId, spans["outer"]?.parentSpanId, spans["after"]?.parentSpanId]).toEqual([
      CALL_SPAN,
      STEP_SPAN,
      CALL_SPAN,
    ]);
    expect(bodies).toHaveLength(1);
  });

  test("tell the run and the step, and what the server is to find them by", async () => {
    await handlerOf()(post(callBody, HEADERS));
    const spans = await exported();
    const ofRun = {
      "inngest.traceparent": TRACEPARENT,
      "inngest.traceref": REF,
      "sdk.run.id": "01HF7YAT00000G40R40M30E20A",
      "sys.app.id": "app-1",
      "sys.function.id": "fn-1",
      rows: "3",
      tags: { values: [{ stringValue: "a" }, { stringValue: "b" }] },
    };
    expect(attributesOf(spans["before"])).toMatchObject(ofRun);
    expect(attributesOf(spans["before"])).not.toHaveProperty("inngest.step.id");
    expect(attributesOf(spans["inner"])).toMatchObject({ ...ofRun, "inngest.step.id": "a", "inngest.step.hash": STEP });
  });

  test.each([
    ["no trace", {}],
    ["another system's trace", { traceparent: TRACEPARENT }],
    ["a broken trace", { ...HEADERS, traceparent: "00-x" }],
  ])("are left alone where the call has %s", async (_what, headers) => {
    expect((await handlerOf()(post(callBody, headers))).status).toBe(206);
    expect(await exported()).toEqual({});
  });

  test("are left alone outside of runs", async () => {
    handlerOf();
    span("elsewhere", () => {});
    expect(await exported()).toEqual({});
  });

  test("that the server refuses are dropped and counted; the run knows nothing of it", async () => {
    expect((await handlerOf(401)(post(callBody, HEADERS))).status).toBe(206);
    await tracing.forceFlush();
    expect(tracing.dropped).toBe(4);
  });
});
