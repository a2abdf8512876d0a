/**
 * What a call tells the app about the trace that it belongs to, so that spans of users' code find their place.
 *
 * Spec: wire 13.2; https://www.w3.org/TR/trace-context/.
 */
import type { ItemRow } from "@pawl/engine";
import { attemptSpanId, discoveryScope, runIds } from "./span-ids.ts";

export type TraceContext = { readonly traceparent: string; readonly tracestate: string };

/** Runs whose trace is remembered: most calls of a run follow each other closely. */
const KEPT_MAX = 1_000;
const traceIds = new Map<string, string>();

/** The context of a call for an item. */
export function traceContextOf({ id, runId, stepId, attempt, functionId }: ItemRow, appId: string): TraceContext {
  const spanId = attemptSpanId(stepId ?? discoveryScope(id), attempt);
  const traceparent = `00-${traceIdOf(runId)}-${spanId}-01`;
  const members = `inngest@app=${appId},inngest@fn=${functionId}`;
  const reference = encodeURIComponent(JSON.stringify({ tp: traceparent, ts: members }));
  return { traceparent, tracestate: `inngest@traceref=${reference},${members}` };
}

function traceIdOf(runId: string): string {
  const known = traceIds.get(runId);
  if (known !== undefined) return known;
  const { traceId } = runIds(runId);
  if (traceIds.size >= KEPT_MAX) traceIds.clear();
  traceIds.set(runId, traceId);
  return traceId;
}
