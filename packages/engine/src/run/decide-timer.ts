/**
 * What follows when a timer of a run goes off: a sleep ends, a wait times out.
 *
 * I1  Of a timer and what it waits for, the first to commit wins; the other finds the step finished.
 *
 * Spec: semantics 5.1, 5.2, 5.4, 5.5.
 */
import type { Decision } from "../decision/decision.ts";
import type { ItemRow } from "../queue/item-row.ts";
import { isFinished } from "../step/step-row.ts";
import { type Draft, decisionOf, draftOf, finishStep, isEnded, type RunEnvironment, stepOf } from "./draft.ts";
import { pauseIdOf } from "./op/wait.ts";
import type { RunState } from "./run-state.ts";

export type TimerInput = { readonly item: ItemRow; readonly generation: number };

const INVOKE_TIMEOUT = "Timed out waiting for invoked function to complete";

/** What an invoke step that timed out is memoised as. */
export const INVOKE_TIMEOUT_RESULT: string = JSON.stringify({
  error: { error: `InngestInvokeTimeoutError: ${INVOKE_TIMEOUT}`, message: INVOKE_TIMEOUT, name: "InngestInvokeTimeoutError" },
});

/** Ends the step of a timer item (kinds `sleep` and `pause-timeout`). */
export function decideTimer(state: RunState, { item, generation }: TimerInput, env: RunEnvironment): Decision {
  const draft = draftOf(state, env);
  draft.guards.push({ kind: "item-leased", itemId: item.id, generation });
  const step = item.stepId === undefined ? undefined : stepOf(draft, item.stepId);
  if (isEnded(draft) || step === undefined || isFinished(step))
    return { guards: draft.guards, changes: [{ kind: "delete-item", itemId: item.id }], trace: [] };
  if (item.kind === "sleep") finishStep(draft, step, { status: "completed", result: "null" });
  else endWait(draft, step);
  return decisionOf(draft, { id: item.id, keep: false });
}

function endWait(draft: Draft, step: NonNullable<ReturnType<typeof stepOf>>): void {
  draft.changes.push({ kind: "delete-pause", pauseId: pauseIdOf(step.runId, step.id) });
  const result = step.kind === "invoke" ? INVOKE_TIMEOUT_RESULT : "null";
  finishStep(draft, step, { status: "timed_out", result });
}
