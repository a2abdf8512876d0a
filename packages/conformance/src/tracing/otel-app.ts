/** An app of our client that traces its code with OpenTelemetry, as users do: its spans go to the server, and to an exporter of the app's own. */
import { createServer } from "node:http";
import { setTimeout as after } from "node:timers/promises";
import { type Span, SpanStatusCode, trace } from "@opentelemetry/api";
import { NodeTracerProvider, SimpleSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-node";
import { Pawl } from "pawl";
import { connect } from "pawl/connect";
import { serve } from "pawl/node";
import { createTracing } from "pawl/otel";
import type { Report } from "../harness/app-process.ts";

const report = (message: Report): void => void process.send?.(message);

/** The app's own: tells the test of each span. */
const exporter: SpanExporter = {
  export: (spans, done) => {
    for (const span of spans) {
      const { traceId, spanId } = span.spanContext();
      report({ kind: "span", name: span.name, traceId, spanId, parentSpanId: span.parentSpanContext?.spanId });
    }
    done({ code: 0 });
  },
  shutdown: async () => {},
};

const tracing = createTracing();
new NodeTracerProvider({ spanProcessors: [tracing, new SimpleSpanProcessor(exporter)] }).register();
const tracer = trace.getTracer("shop");
const client = new Pawl({ id: "shop", tracing, checkpointing: process.env["PAWL_APP_CHECKPOINTING"] === "true" });

/** Runs code in a span; the code is past a timer when it ends, so spans of others begin and end meanwhile. */
function traced<R>(name: string, code: (span: Span) => R | Promise<R>): Promise<R> {
  return tracer.startActiveSpan(name, async (span) => {
    try {
      await after(1);
      return await code(span);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
      throw error;
    } finally {
      span.end();
    }
  });
}

client.createFunction({ id: "import", triggers: [{ event: "shop/import" }] }, async ({ step, attempt }) => {
  const rows = await step.run("load", () => traced("read file", () => traced("parse", (span) => span.setAttribute("rows", 3) && 3)));
  await Promise.all(["left", "right"].map((side) => step.run(side, () => traced(`write ${side}`, () => traced(`flush ${side}`, () => 1)))));
  await step.run("flaky", () =>
    traced("call shop", () => {
      if (attempt === 0) throw new Error("busy");
    }),
  );
  await step.sendEvent("tell", { name: "shop/told" });
  await step.run("tell more", async () => (await client.send({ name: "shop/told" })).ids);
  await traced("sum up", () => {});
  return rows;
});

client.createFunction({ id: "told", triggers: [{ event: "shop/told" }] }, () => "heard");

/** Spans that end outside of runs are nobody's but the app's. */
await traced("start", () => {});
process.on("message", (message: Report) => {
  if (message.kind === "flush") void tracing.forceFlush().then(() => report({ kind: "flushed", dropped: tracing.dropped }));
});
process.on("disconnect", () => process.exit(0));

if (process.env["PAWL_APP_CONNECT"] === "") listen();
else {
  const worker = await connect({ apps: [{ client }], instanceId: "worker-1" });
  report({ kind: "connected" });
  void worker.closed.then(() => process.exit(0));
}

function listen(): void {
  const server = createServer(serve({ client }));
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    report({ kind: "listening", port: typeof address === "object" && address !== null ? address.port : 0 });
  });
  process.once("SIGTERM", () => process.exit(0));
}
