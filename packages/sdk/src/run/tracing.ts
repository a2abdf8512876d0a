/**
 * Where tracing takes hold of a run's code. Without it, nothing of this is called.
 *
 * Source: wire-protocol 13.2.
 */
import type { HttpReply } from "../client/transport.ts";

/** What the server says of the trace that a call belongs to. */
export type TraceHeaders = { readonly traceparent: string; readonly tracestate: string };

/** A call of a function. */
export type TracedCall = {
  readonly runId: string;
  /** Zero-based. */
  readonly attempt: number;
  readonly trace: TraceHeaders;
  /** The client: calls with the same one may share a request. */
  readonly owner: object;
  /** Sends spans, as the JSON of OTLP. Repeats what may succeed later; rejects when there is no answer. */
  readonly send: (body: string) => Promise<HttpReply>;
};

/** A step whose code is run. */
export type TracedStep = { readonly id: string; readonly index: number; readonly hash: string };

/** Runs code in such a way that spans made by it are the run's. Adds nothing to what the code does, returns or throws. */
export interface Tracing {
  /** Runs the function's code. */
  runCall<R>(call: TracedCall, code: () => R): R;
  /** Runs a step's code. */
  runStep(at: { readonly call: TracedCall; readonly step: TracedStep }, code: () => unknown): Promise<unknown>;
}
