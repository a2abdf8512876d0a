/**
 * `pawl/otel`: spans that an app makes with OpenTelemetry while its functions run become part of the run's trace, and are shown by the server
 * below the step that made them. Needs `@opentelemetry/api`, and a tracer provider of the app's.
 *
 * I1  Spans made outside of runs are left alone; those of runs go to the app's other processors, too.
 * I2  A run's code waits for no export.
 *
 * Source: wire-protocol 13.2, 13.3; sdk 24.
 */
import { context, createContextKey, ROOT_CONTEXT, trace, type AttributeValue, type Context } from "@opentelemetry/api";
import { spanIdsOf } from "@pawl/protocol";
import type { TracedCall, TracedStep, Tracing } from "../run/tracing.ts";
import type { EndedSpan } from "./otlp-json.ts";
import { attributesOf, parentOf, type Parent, type SpanFrame } from "./span-frame.ts";
import { SpanSender } from "./span-sender.ts";

const FRAME = createContextKey("pawl span frame");
/** The key by which OpenTelemetry's own exporters keep their requests from being traced. */
const SUPPRESS_TRACING = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");
const SAMPLED = 1;

const encoder = new TextEncoder();

/** What is done to a span that has begun. */
interface BegunSpan {
  setAttribute(key: string, value: AttributeValue): unknown;
}

/** An option of a client, and a span processor of a tracer provider. See `createTracing`. */
export class PawlTracing implements Tracing {
  private readonly sender = new SpanSender();
  private readonly frames = new WeakMap<object, SpanFrame>();
  /** In which calls go on. */
  private readonly contexts = new WeakMap<TracedCall, Context>();

  /** Spans that could not be sent to the server. */
  get dropped(): number {
    return this.sender.dropped;
  }

  /** For the client. */
  runCall<R>(call: TracedCall, code: () => R): R {
    const parent = parentOf(call);
    if (parent === undefined) return code();
    const inside = contextOf(context.active(), { parent, frame: { call } });
    this.contexts.set(call, inside);
    return context.with(inside, code);
  }

  /** For the client. */
  async runStep({ call, step }: { readonly call: TracedCall; readonly step: TracedStep }, code: () => unknown): Promise<unknown> {
    const parent = parentOf(call);
    if (parent === undefined) return code();
    const { spanId } = spanIdsOf(new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(step.hash))));
    const outer = this.contexts.get(call) ?? ROOT_CONTEXT;
    return context.with(contextOf(outer, { parent: { ...parent, spanId }, frame: { call, step } }), code);
  }

  /** For the tracer provider. */
  onStart(span: BegunSpan, parent: Context): void {
    const frame = parent.getValue(FRAME) as SpanFrame | undefined;
    if (frame === undefined) return;
    this.frames.set(span, frame);
    for (const [key, value] of Object.entries(attributesOf(frame))) span.setAttribute(key, value);
  }

  /** For the tracer provider. */
  onEnd(span: EndedSpan): void {
    const frame = this.frames.get(span);
    if (frame === undefined || (span.spanContext().traceFlags & SAMPLED) === 0) return;
    // The timer that sends it must not belong to the run's trace.
    context.with(ROOT_CONTEXT.setValue(SUPPRESS_TRACING, true), () => this.sender.add({ call: frame.call, span }));
  }

  /** Sends what has ended; for hosts that stop a process between calls. Never rejects. */
  forceFlush(): Promise<void> {
    return context.with(ROOT_CONTEXT.setValue(SUPPRESS_TRACING, true), () => this.sender.flush());
  }

  shutdown(): Promise<void> {
    return this.forceFlush();
  }
}

/**
 * Tracing for a client. It is given to both:
 *
 *     const tracing = createTracing();
 *     new NodeTracerProvider({ spanProcessors: [tracing] }).register();
 *     const pawl = new Pawl({ id: "shop", tracing });
 */
export function createTracing(): PawlTracing {
  return new PawlTracing();
}

function contextOf(outer: Context, { parent, frame }: { readonly parent: Parent; readonly frame: SpanFrame }): Context {
  return trace.setSpanContext(outer, { ...parent, isRemote: true }).setValue(FRAME, frame);
}
