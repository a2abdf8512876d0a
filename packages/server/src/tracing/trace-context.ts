/**
 * What a call tells the app about the trace that it belongs to, so that spans of users' code find their place.
 *
 * Spec: wire 13.2; https://www.w3.org/TR/trace-context/.
 */
import type { ItemRow } from "@pawl/engine";
import type { SpanIds } from "@pawl/protocol";
import { attemptSpanId, runIds, stepSpanId } from "./span-ids.ts";

export type TraceContext = { readonly traceparent: string; readonly tracestate: string };

/** Runs that are remembered: most calls of a run follow each other closely. */
const KEPT_MAX = 1_000;
const known = new Map<string, SpanIds>();

/** The context of a call for an item: users' spans belong to the step that is called, from its second attempt on to that, or to the run. */
export function traceContextOf(
  { runId, stepId, functionId, attempt }: Pick<ItemRow, "runId" | "stepId" | "functionId" | "attempt">,
  appId: string,
): TraceContext {
  const ofRun = idsOfRun(runId);
  const ofStep = stepId === undefined ? undefined : attempt === 0 ? stepSpanId(stepId) : attemptSpanId(stepId, attempt);
  const traceparent = `00-${ofRun.traceId}-${ofStep ?? ofRun.spanId}-01`;
  const members = `inngest@app=${appId},inngest@fn=${functionId}`;
  const reference = encodeURIComponent(JSON.stringify({ tp: traceparent, ts: members }));
  return { traceparent, tracestate: `inngest@traceref=${reference},${members}` };
}

function idsOfRun(runId: string): SpanIds {
  const kept = known.get(runId);
  if (kept !== undefined) return kept;
  const ids = runIds(runId);
  if (known.size >= KEPT_MAX) known.clear();
  known.set(runId, ids);
  return ids;
}
