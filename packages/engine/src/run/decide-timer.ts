/**
 * What follows when a timer of a run goes off: a sleep ends, a wait times out, the run has taken too long.
 *
 * I1  Of a timer and what it waits for, the first to commit wins; the other finds the step finished.
 *
 * Spec: semantics 5.1, 5.2, 5.4, 5.5, 6.10.
 */
import type { Decision } from "../decision/decision.ts";
import { type ItemRow, itemIdOf } from "../queue/item-row.ts";
import { isFinished, type StepRow } from "../step/step-row.ts";
import { type Draft, decisionOf, draftOf, endRun, finishStep, isEnded, type RunEnvironment, stepOf } from "./draft.ts";
import { pauseIdsOf } from "./op/wait.ts";
import type { RunState } from "./run-state.ts";
import { isOfBatch } from "./schedule-run.ts";
import { timeOutSync } from "./sync-run.ts";

export type TimerInput = {
  readonly item: ItemRow;
  readonly generation: number;
  /** When a call of the run that is under way began, where its start is not noted yet. */
  readonly calledAt?: number;
};

const INVOKE_TIMEOUT = "Timed out waiting for invoked function to complete";

/** What an invoke step that timed out is memoised as. */
export const INVOKE_TIMEOUT_RESULT: string = JSON.stringify({
  error: { error: `InngestInvokeTimeoutError: ${INVOKE_TIMEOUT}`, message: INVOKE_TIMEOUT, name: "InngestInvokeTimeoutError" },
});

/** Ends the step of a timer item (kinds `sleep` and `pause-timeout`), or a run that has taken too long (`run-timeout`). */
export function decideTimer(state: RunState, input: TimerInput, env: RunEnvironment): Decision {
  const { item, generation } = input;
  const draft = draftOf(state, env);
  draft.guards.push({ kind: "item-leased", itemId: item.id, generation });
  if (item.id === itemIdOf.timeout(item.runId, "sync") && !isEnded(draft)) return timeOutSync(draft, item);
  if (item.kind === "run-timeout" && !isEnded(draft)) return timeOutRun(draft, input);
  const step = item.stepId === undefined ? undefined : stepOf(draft, item.stepId);
  if (isEnded(draft) || step === undefined || isFinished(step))
    return { guards: draft.guards, changes: [{ kind: "delete-item", itemId: item.id }], trace: [] };
  if (item.kind === "sleep") finishStep(draft, step, { status: "completed", result: "null" });
  else endWait(draft, step);
  return decisionOf(draft, { id: item.id, keep: false });
}

/** The newest configuration counts: a limit that was taken away ends nothing, one that was raised is waited for. */
function timeOutRun(draft: Draft, { item, calledAt }: TimerInput): Decision {
  const { run, env } = draft;
  const { startMs, finishMs } = env.function.definition.timeouts;
  const isStart = item.id === itemIdOf.timeout(run.id, "start");
  if (isStart && (startMs === undefined || run.startedAt !== undefined || calledAt !== undefined))
    return decisionOf(draft, { id: item.id, keep: false });
  if (!isStart && (finishMs === undefined || run.startedAt === undefined)) return decisionOf(draft, { id: item.id, keep: false });
  const dueAt = isStart ? startableAt(draft) + (startMs ?? 0) : (run.startedAt ?? 0) + (finishMs ?? 0);
  if (dueAt > env.ctx.now) {
    draft.changes.push({ kind: "reschedule-item", item: { ...item, dueAt } });
    return decisionOf(draft, { id: item.id, keep: true });
  }
  const endReason = isStart
    ? `Cancelled: it had not started ${String(startMs)} ms after it could have (timeouts.start).`
    : `Cancelled: it had not ended ${String(finishMs)} ms after its start (timeouts.finish).`;
  endRun(draft, { status: "CANCELLED", endReason });
  return decisionOf(draft, { id: item.id, keep: false });
}

/** When the run could have started: at once, or at the time of the event that started it. Batches and repeated runs start at once. */
function startableAt({ run, state }: Draft): number {
  if (run.rerunOf !== undefined || isOfBatch(run)) return run.queuedAt;
  const { ts = 0 } = JSON.parse(state.events[0] ?? "{}") as { readonly ts?: number };
  return Math.max(run.queuedAt, ts);
}

/** Ends a wait that nothing came for. */
export function endWait(draft: Draft, step: StepRow): void {
  for (const pauseId of pauseIdsOf(step)) draft.changes.push({ kind: "delete-pause", pauseId });
  const result = step.kind === "invoke" ? INVOKE_TIMEOUT_RESULT : "null";
  finishStep(draft, step, { status: "timed_out", result });
}
