/**
 * Whether an event resumes or cancels what a pause belongs to.
 *
 * I1  The event came while the pause existed: not before it was stored, not after it expired.
 * I2  The events that started a run never match its pauses, and an event that has ended a step of the run does not match a pause that
 *     was stored afterwards, so handling an event twice is the same as once.
 *
 * Spec: semantics 5.2, 7.1.
 */
import { compileResidual, evaluateCondition, type ExpressionEvent } from "../expression/index.ts";
import type { PauseRow } from "../pause/pause-row.ts";
import type { RunState } from "../run/run-state.ts";
import type { EventRow } from "./event-row.ts";

/** Decides by pause and event alone. */
export function matchesPause(pause: PauseRow, input: { readonly event: EventRow; readonly parsed: ExpressionEvent }): boolean {
  const { event, parsed } = input;
  if (event.receivedAt < pause.createdAt || event.receivedAt >= pause.expiresAt) return false;
  if (pause.expression === undefined) return true;
  const compiled = compileResidual(pause.expression);
  if (compiled.kind === "invalid") return false;
  const result = evaluateCondition(compiled.expression, { async: parsed, now: event.receivedAt });
  return result.kind === "value" && result.value;
}

/** Decides by the run (I2). */
export function mayMatchRun(state: RunState, { pause, event }: { readonly pause: PauseRow; readonly event: EventRow }): boolean {
  if (state.run.eventIds.includes(event.id)) return false;
  // A wait that looks back has an older pause; it began with its step.
  const begunAt = Math.max(pause.createdAt, state.steps.get(pause.stepId ?? "")?.startedAt ?? 0);
  for (const step of state.steps.values()) {
    if (step.matchedEventId === event.id && step.endedAt !== undefined && step.endedAt <= begunAt) return false;
  }
  return true;
}
