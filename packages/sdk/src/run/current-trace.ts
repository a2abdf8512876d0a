/**
 * The trace of the call whose code is running: what is sent from inside a run says so, and the server links what comes of it to the run.
 *
 * Where the platform tracks no asynchronous context (see `async-storage.ts`), steps of the SDK that send know it, and code until its first
 * `await`.
 *
 * Source: wire-protocol 2.3, 13.2.
 */
import { HEADER } from "@pawl/protocol";
import { createStorage } from "./async-storage.ts";
import type { TraceHeaders } from "./tracing.ts";

const storage = createStorage<TraceHeaders | undefined>();

/** Runs the code of a call. Without a trace, that of another call around it does not count. */
export function runInTrace<R>(trace: TraceHeaders | undefined, code: () => R): R {
  return storage.run(trace, code);
}

/** What a call's headers say; undefined where they say nothing. */
export function traceOf(header: (name: string) => string | undefined): TraceHeaders | undefined {
  const traceparent = header(HEADER.traceparent);
  return traceparent === undefined ? undefined : { traceparent, tracestate: header(HEADER.tracestate) ?? "" };
}

/** Headers of what is sent; none outside of calls. */
export function traceHeaders(): Readonly<Record<string, string>> {
  const trace = storage.getStore();
  if (trace === undefined) return {};
  const { traceparent, tracestate } = trace;
  return { [HEADER.traceparent]: traceparent, ...(tracestate === "" ? {} : { [HEADER.tracestate]: tracestate }) };
}
