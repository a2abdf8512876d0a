/**
 * Steps whose body runs in the app: planned, done, failed for now, failed for good.
 *
 * I1  A step error with attempts left memoises nothing; the same item comes again.
 * I2  The last one is memoised, so that the function can catch it.
 * I3  A step may say how often and how it is tried again (`opts.retry`, ours); else its function says. An item on which a step is tried has
 *     at least the step's attempts, so that a failure of the call itself does not end the run before them.
 *
 * Spec: wire 6.6–6.9; semantics 4.3–4.5.
 */
import { canonicalJson, isOverBytes, STEP_OUTPUT_BYTES_MAX, utf8Bytes, type WireOp } from "@pawl/protocol";
import { type ItemRow, itemIdOf } from "../../queue/item-row.ts";
import { decideRetry } from "../../queue/retry.ts";
import { retriesOfStep } from "../../registration/parse-retry.ts";
import { errorLine, memoizedError } from "../../reply/function-error.ts";
import { isFinished } from "../../step/step-row.ts";
import { type Draft, finishStep, itemOf, putStep, stepOf } from "../draft.ts";
import type { OpContext } from "./apply-op.ts";
import { runKindOf, stepOfOp, timesOf } from "./op-step.ts";

/** Where a step came from: the item that called the app and when. */
export type OpOrigin = Pick<OpContext, "item" | "startedAt">;

/** `StepRun`, and the old `Step` whose value is stored as it is. */
export function finishedStep(draft: Draft, op: WireOp, { item, startedAt }: OpOrigin): void {
  const data = canonicalJson(op.data ?? null);
  const step = stepOfOp(draft, op, { kind: runKindOf(op), status: "planned", itemId: item.id });
  if (isOverBytes(data, STEP_OUTPUT_BYTES_MAX)) return tooLarge(draft, { step, size: utf8Bytes(data), startedAt });
  const result = op.op === "Step" ? data : `{"data":${data}}`;
  finishStep(draft, step, {
    status: "completed",
    result,
    startedAt,
    ...timesOf(op, draft.env.ctx.now),
    attempt: attemptOf(draft, op, item),
  });
}

/** `StepFailed`: memoised whatever the attempts. */
export function failedStep(draft: Draft, op: WireOp, { item, startedAt, reply }: OpContext): void {
  const known = stepOf(draft, op.id);
  if ((known !== undefined && isFinished(known)) || !op.error) return;
  const step = stepOfOp(draft, op, { kind: runKindOf(op), status: "planned", itemId: item.id });
  const times = { startedAt, endedAt: draft.env.ctx.now, ...timesOf(op, draft.env.ctx.now) };
  const attempt = attemptOf(draft, op, item);
  const httpStatus = reply.httpStatus === undefined ? {} : { httpStatus: reply.httpStatus };
  draft.changes.push({
    kind: "insert-attempt",
    attempt: { runId: draft.run.id, stepId: op.id, attempt, ...times, error: JSON.stringify(op.error), ...httpStatus },
  });
  const end = { status: "failed", result: memoizedError(op.error, op.data), ...times, attempt, error: errorLine(op.error) } as const;
  finishStep(draft, step, { ...end, attemptsMax: attemptsMaxOf(op) ?? item.attemptsMax });
}

/** `StepError`: a retry (I1), or the same as `StepFailed` (I2). Whether it may be retried is said by the response's header. */
export function stepError(draft: Draft, op: WireOp, context: OpContext): void {
  const { item, reply, startedAt, retryIntervalMs } = context;
  const known = stepOf(draft, op.id);
  if ((known !== undefined && isFinished(known)) || !op.error) return;
  const policy = retriesOfStep(op.opts?.["retry"]).policy ?? draft.env.function.definition.retry;
  const attemptsMax = attemptsMaxOf(op) ?? item.attemptsMax;
  const failure = {
    ...(policy === undefined ? {} : { policy }),
    isRetryable: !reply.noRetry,
    ...(reply.retryAfterMs === undefined ? {} : { retryAfterMs: reply.retryAfterMs }),
    ...(retryIntervalMs === undefined ? {} : { retryIntervalMs }),
  };
  const next = decideRetry({ attempt: item.attempt, attemptsMax }, failure, draft.env.ctx);
  if (next.kind === "exhausted") return failedStep(draft, op, context);
  const times = { startedAt, endedAt: draft.env.ctx.now, ...timesOf(op, draft.env.ctx.now) };
  const step = stepOfOp(draft, op, { kind: runKindOf(op), status: "retrying", itemId: item.id, until: next.dueAt });
  putStep(draft, { ...step, attempt: next.attempt, startedAt: step.startedAt ?? times.startedAt });
  draft.changes.push({
    kind: "insert-attempt",
    attempt: { runId: draft.run.id, stepId: op.id, attempt: item.attempt, ...times, error: JSON.stringify(op.error), retryAt: next.dueAt },
  });
  // A run that has started is not among those that wait for their start any more.
  const again = {
    ...item,
    lane: draft.run.lane,
    attempt: next.attempt,
    dueAt: next.dueAt,
    attemptsMax: Math.max(attemptsMax, item.attemptsMax),
  };
  if (!context.isRetrying) draft.changes.push({ kind: "reschedule-item", item: again });
  context.isRetrying = true;
  const { id: runId, functionId } = draft.run;
  draft.trace.push({
    kind: "step-retrying",
    runId,
    functionId,
    stepId: op.id,
    name: step.name,
    attempt: next.attempt,
    attemptsMax,
    error: errorLine(op.error),
    dueAt: next.dueAt,
  });
}

/** `StepPlanned`: the app is called for the step. Planned again while it is under way, or done: nothing. */
export function stepPlanned(draft: Draft, op: WireOp): void {
  if (stepOf(draft, op.id) !== undefined) return keepKnown(draft, op);
  const id = itemIdOf.step(draft.run.id, op.id);
  const step = stepOfOp(draft, op, { kind: runKindOf(op), status: "planned", itemId: id });
  putStep(draft, step);
  draft.hasProgress = true;
  draft.changes.push({ kind: "insert-item", item: stepItem(draft, op, 0) });
  draft.trace.push({
    kind: "step-planned",
    runId: draft.run.id,
    functionId: draft.run.functionId,
    stepId: op.id,
    stepKind: step.kind,
    name: step.name,
  });
}

/**
 * A step that is known and reported again. One that was being retried by the discovery that now plans it (other steps have come up
 * beside it), or whose new arguments have waited for it to be found, gets an item of its own, which goes on with its attempts.
 */
function keepKnown(draft: Draft, op: WireOp): void {
  const known = stepOf(draft, op.id);
  if (known === undefined || isFinished(known) || (known.status !== "retrying" && known.inputOverride === undefined)) return;
  const id = itemIdOf.step(draft.run.id, op.id);
  if (known.itemId === id) return;
  putStep(draft, { ...known, status: "planned", itemId: id });
  draft.changes.push({ kind: "insert-item", item: stepItem(draft, op, known.attempt) });
}

/** The item that calls the app for a step (keeps I3). */
function stepItem(draft: Draft, op: WireOp, attempt: number): ItemRow {
  const id = itemIdOf.step(draft.run.id, op.id);
  const item = itemOf(draft, { id, kind: "planned-step", dueAt: draft.env.ctx.now, stepId: op.id });
  const attemptsMax = attemptsMaxOf(op) ?? item.attemptsMax;
  // The code may have been changed since the attempts were made.
  return { ...item, attemptsMax, attempt: Math.min(attempt, attemptsMax - 1) };
}

/** Attempts that the step itself asks for. */
function attemptsMaxOf(op: WireOp): number | undefined {
  const { attempts } = retriesOfStep(op.opts?.["retry"]);
  return attempts === undefined ? undefined : attempts + 1;
}

/** The item's attempt counts for the step it is about: its target, or the step that this discovery has been retrying. */
function attemptOf(draft: Draft, op: WireOp, item: OpOrigin["item"]): number {
  const known = draft.state.steps.get(op.id);
  return item.stepId === op.id || known?.itemId === item.id ? item.attempt : 0;
}

function tooLarge(
  draft: Draft,
  { step, size, startedAt }: { readonly step: ReturnType<typeof stepOfOp>; readonly size: number; readonly startedAt: number },
): void {
  const message = `The output of step ${step.name} has ${size} bytes; at most ${STEP_OUTPUT_BYTES_MAX} can be stored. Return less, for example a reference to where the rest is.`;
  const error = { name: "StepOutputTooLarge", message };
  finishStep(draft, step, { status: "failed", result: memoizedError(error, undefined), startedAt, error: errorLine(error) });
}
