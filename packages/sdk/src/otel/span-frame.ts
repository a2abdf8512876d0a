/**
 * What a span must tell, so that the server finds its run and step.
 *
 * Source: wire-protocol 13.2.
 */
import type { TracedCall, TracedStep } from "../run/tracing.ts";

/** Where code is running. */
export type SpanFrame = { readonly call: TracedCall; readonly step?: TracedStep };

export type Parent = { readonly traceId: string; readonly spanId: string; readonly traceFlags: number };

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/;

/** The span that a call belongs to. Undefined when the server didn't tell. */
export function parentOf({ trace }: TracedCall): Parent | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(trace.traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return member(trace.tracestate, "traceref") === undefined ? undefined : { traceId, spanId, traceFlags: Number.parseInt(flags, 16) };
}

/** Attributes of a span that is made there. */
export function attributesOf({ call, step }: SpanFrame): Readonly<Record<string, string | number>> {
  const { trace, runId, attempt } = call;
  const app = member(trace.tracestate, "app");
  const values = {
    "inngest.traceparent": trace.traceparent,
    "inngest.traceref": member(trace.tracestate, "traceref"),
    "sdk.run.id": runId,
    "sdk.app.id": app,
    "sys.app.id": app,
    "sys.function.id": member(trace.tracestate, "fn"),
    ...(step === undefined
      ? {}
      : { "inngest.step.id": step.id, "inngest.step.index": step.index, "inngest.step.hash": step.hash, "inngest.step.attempt": attempt }),
  };
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string | number] => entry[1] !== undefined));
}

function member(tracestate: string, name: string): string | undefined {
  const prefix = `inngest@${name}=`;
  const found = tracestate.split(",").find((each) => each.trim().startsWith(prefix));
  return found?.trim().slice(prefix.length);
}
