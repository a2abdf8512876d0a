/**
 * What follows when something that a run waits for has come.
 *
 * I1  A pause is consumed once: the guard that it is open and its deletion commit together.
 *
 * Spec: semantics 5.2, 5.4, 5.5.
 */
import { canonicalJson } from "@pawl/protocol";
import type { Decision } from "../decision/decision.ts";
import type { PauseRow } from "../pause/pause-row.ts";
import { isFinished } from "../step/step-row.ts";
import { decisionOf, draftOf, finishStep, isEnded, type RunEnvironment, type StepEnd, stepOf } from "./draft.ts";
import { pauseIdsOf } from "./op/wait.ts";
import type { RunState } from "./run-state.ts";

/** What came. */
export type Resumption =
  | { readonly kind: "event"; readonly eventId: string; readonly body: string }
  | { readonly kind: "signal"; readonly signal: string; readonly data: unknown }
  /** An invoked function ended; `finished` is the `data` of its `inngest/function.finished`. */
  | { readonly kind: "invoke"; readonly finished: Readonly<Record<string, unknown>> };

/** Ends the waiting step with what came; undefined where there is nothing to resume any more. */
export function decideResume(
  state: RunState,
  { pause, resumption }: { readonly pause: Pick<PauseRow, "id" | "stepId">; readonly resumption: Resumption },
  env: RunEnvironment,
): Decision | undefined {
  const draft = draftOf(state, env);
  const step = pause.stepId === undefined ? undefined : stepOf(draft, pause.stepId);
  if (isEnded(draft) || step === undefined || isFinished(step)) return undefined;
  draft.guards.push({ kind: "pause-open", pauseId: pause.id });
  draft.changes.push({ kind: "delete-item", itemId: step.itemId });
  for (const pauseId of pauseIdsOf(step)) draft.changes.push({ kind: "delete-pause", pauseId });
  finishStep(draft, step, stepEndOf(resumption));
  return decisionOf(draft);
}

function stepEndOf(resumption: Resumption): StepEnd {
  switch (resumption.kind) {
    case "event":
      return { status: "completed", result: resumption.body, matchedEventId: resumption.eventId };
    case "signal":
      return { status: "completed", result: canonicalJson({ data: { signal: resumption.signal, data: resumption.data ?? null } }) };
    case "invoke":
      return invokeEnd(resumption.finished);
  }
}

/** A cancelled child has neither result nor error: the step fails and says so. */
function invokeEnd({ error, result, run_id: runId, _inngest }: Readonly<Record<string, unknown>>): StepEnd {
  const target = typeof runId === "string" ? { targetRunId: runId } : {};
  const status = typeof _inngest === "object" && _inngest !== null && "status" in _inngest ? _inngest.status : undefined;
  if (error !== undefined && error !== null)
    return { status: "failed", result: canonicalJson({ error }), error: messageOf(error), ...target };
  if (status !== "Cancelled") return { status: "completed", result: canonicalJson({ data: result ?? null }), ...target };
  const message = "The invoked function was cancelled";
  return {
    status: "failed",
    result: canonicalJson({ error: { error: message, message, name: "InvokedFunctionCancelledError" } }),
    error: message,
    ...target,
  };
}

function messageOf(error: unknown): string {
  return typeof error === "object" && error !== null && "message" in error ? String(error.message) : "";
}
