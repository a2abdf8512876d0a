/**
 * What follows an app's answer to a call.
 *
 * I1  The item that was called is deleted, or scheduled again for a retry; never neither, never both.
 * I2  After a decision, a run that goes on has an unfinished step or an item: nothing gets stuck. Steps that the item should have brought
 *     and did not are forgotten and found again.
 *
 * Spec: wire 5.5–5.10; semantics 4.2–4.7.
 */
import { OPS_PER_RESPONSE_MAX, isLazyOpcode, isPriorityOpcode, type WireOp } from "@pawl/protocol";
import type { Decision } from "../decision/decision.ts";
import { type ItemRow } from "../queue/item-row.ts";
import { decideRetry } from "../queue/retry.ts";
import type { RetryPolicy } from "../registration/function-definition.ts";
import { retriesOfStep } from "../registration/parse-retry.ts";
import { errorLine } from "../reply/function-error.ts";
import type { Reply } from "../reply/reply.ts";
import {
  type Draft,
  decisionOf,
  discoverNow,
  draftOf,
  endRun,
  failRun,
  isEnded,
  type RunEnvironment,
  STALLS_MAX,
  stepOf,
} from "./draft.ts";
import { applyDone, applyOp, type OpContext } from "./op/apply-op.ts";
import type { RunState } from "./run-state.ts";
import { timeoutItem } from "./schedule-run.ts";

export type ReplyInput = {
  readonly item: ItemRow;
  readonly generation: number;
  readonly reply: Reply;
  /** When the call began. */
  readonly startedAt: number;
  /** The server's constant retry delay, where one is set. */
  readonly retryIntervalMs?: number;
  /** Runs that hold a signal that the answer waits for, by signal. */
  readonly signalHolders?: ReadonlyMap<string, string>;
};

/** Decides what follows an answer. On a run that has ended it only drops the item. */
export function decideReply(state: RunState, input: ReplyInput, env: RunEnvironment): Decision {
  const draft = draftOf(state, env);
  draft.guards.push({ kind: "item-leased", itemId: input.item.id, generation: input.generation });
  if (isEnded(draft)) return { guards: draft.guards, changes: [{ kind: "delete-item", itemId: input.item.id }], trace: [] };
  noteStart(draft, input.startedAt);
  const keep = takeReply(draft, input);
  if (!keep) forgetMissing(draft, input.item);
  if (!isEnded(draft) && !keep) unstick(draft, input);
  return decisionOf(draft, { id: input.item.id, keep });
}

/** Sets a run's start, once, and with it the time by which it must have ended. */
export function noteStart(draft: Draft, startedAt: number): void {
  if (draft.run.startedAt !== undefined) return;
  draft.run = { ...draft.run, status: "RUNNING", startedAt };
  const { finishMs } = draft.env.function.definition.timeouts;
  if (finishMs !== undefined) {
    draft.run = { ...draft.run, finishBy: startedAt + finishMs };
    draft.changes.push({ kind: "insert-item", item: timeoutItem(draft.run, { which: "finish", dueAt: startedAt + finishMs }) });
  }
  draft.trace.push({ kind: "run-started", runId: draft.run.id, functionId: draft.run.functionId });
}

/** Applies an answer. True when the item stays, for a retry. */
export function takeReply(draft: Draft, input: ReplyInput): boolean {
  const { reply } = input;
  switch (reply.kind) {
    case "result":
      endRun(draft, { status: "COMPLETED", output: reply.data });
      return false;
    case "failure":
      return takeFailure(draft, { input, reply });
    case "ops":
      return takeOps(draft, { input, reply });
  }
}

function takeFailure(
  draft: Draft,
  { input, reply }: { readonly input: ReplyInput; readonly reply: Extract<Reply, { kind: "failure" }> },
): boolean {
  const { item } = input;
  if (reply.done !== undefined) applyDone(draft, reply.done, input);
  // What was done may be more than a run can hold.
  if (isEnded(draft)) return false;
  // Whoever tries it again finds what is next by itself.
  draft.discoveryAt = undefined;
  const next = decideRetry(item, { ...reply, ...optionalInterval(input), ...policyOf(draft, item) }, draft.env.ctx);
  const attempt = {
    runId: item.runId,
    stepId: item.stepId ?? "function",
    attempt: item.attempt,
    startedAt: input.startedAt,
    endedAt: draft.env.ctx.now,
  };
  const status = reply.httpStatus === undefined ? {} : { httpStatus: reply.httpStatus };
  const row = { ...attempt, error: JSON.stringify(reply.error), ...status };
  if (next.kind === "exhausted") {
    draft.changes.push({ kind: "insert-attempt", attempt: row });
    failRun(draft, reply.error);
    return false;
  }
  draft.changes.push({ kind: "insert-attempt", attempt: { ...row, retryAt: next.dueAt } });
  // A run that has started once is not among those that wait for their start any more.
  draft.changes.push({ kind: "reschedule-item", item: { ...item, lane: draft.run.lane, attempt: next.attempt, dueAt: next.dueAt } });
  const { id: runId, functionId } = draft.run;
  draft.trace.push({ kind: "run-retrying", runId, functionId, attempt: next.attempt, dueAt: next.dueAt, error: errorLine(reply.error) });
  return true;
}

function takeOps(draft: Draft, { input, reply }: { readonly input: ReplyInput; readonly reply: Extract<Reply, { kind: "ops" }> }): boolean {
  if (draft.run.requestVersion === -1) draft.run = { ...draft.run, requestVersion: reply.requestVersion };
  if (reply.ops.length > OPS_PER_RESPONSE_MAX) {
    const message = `The function run exceeded the step limit of ${OPS_PER_RESPONSE_MAX} steps: the app answered with ${reply.ops.length} ops at once.`;
    failRun(draft, { error: "function has too many steps", name: "InngestErrFunctionOverflowed", message });
    return false;
  }
  if (reply.ops.filter(({ op }) => !isLazyOpcode(op)).length > 1) draft.run = { ...draft.run, hasFannedOut: true };
  const op: OpContext = { ...input, reply, isRetrying: false };
  for (const wireOp of inOrder(reply.ops)) {
    if (isEnded(draft)) break;
    applyOp(draft, wireOp, op);
  }
  return op.isRetrying;
}

/** Priority ops first, so that a wait is stored before what could end it. */
function inOrder(ops: readonly WireOp[]): readonly WireOp[] {
  if (ops.length < 2) return ops;
  return [...ops.filter(({ op }) => isPriorityOpcode(op)), ...ops.filter(({ op }) => !isPriorityOpcode(op))];
}

/** Steps that this item was to finish and that the answer does not mention: the code has changed, or the app answered nothing (I2). */
function forgetMissing(draft: Draft, item: ItemRow): void {
  if (isEnded(draft)) return;
  for (const id of draft.unfinished) {
    const step = stepOf(draft, id);
    if (step?.itemId !== item.id || draft.steps.has(id)) continue;
    draft.unfinished.delete(id);
    draft.changes.push({ kind: "delete-step", runId: item.runId, stepId: id });
    discoverNow(draft);
  }
}

/**
 * Nothing is under way and nothing was asked: ask again, a bounded number of times. Discoveries of a race overlap, and answers that were
 * overtaken bring nothing new; the call that overtook them does.
 */
function unstick(draft: Draft, input: ReplyInput): void {
  if (draft.hasProgress) return;
  const { queuedDiscovery, isDiscovering = false } = draft.env;
  const isIdle = draft.unfinished.size === 0 && queuedDiscovery === undefined && !isDiscovering;
  if (!isIdle && draft.discoveryAt === undefined) return;
  draft.run = { ...draft.run, stalls: draft.run.stalls + 1 };
  if (draft.run.stalls <= STALLS_MAX) return discoverNow(draft);
  const what = input.reply.kind === "ops" ? input.reply.ops.map(({ op, id }) => `${op} ${id}`).join(", ") : input.reply.kind;
  const message = `The app answered ${STALLS_MAX} times in a row without progress; the last answer was: ${what === "" ? "no ops" : what.slice(0, 500)}. A function must find the same steps each time it is called.`;
  failRun(draft, { error: "no progress", name: "Error", message });
}

/** The policy of the step that the item is about, or of the function. */
function policyOf(draft: Draft, { stepId }: ItemRow): { readonly policy?: RetryPolicy } {
  const options = stepId === undefined ? undefined : stepOf(draft, stepId)?.options;
  const own = options === undefined ? undefined : (JSON.parse(options) as { readonly retry?: unknown }).retry;
  const policy = retriesOfStep(own).policy ?? draft.env.function.definition.retry;
  return policy === undefined ? {} : { policy };
}

function optionalInterval({ retryIntervalMs }: ReplyInput): { readonly retryIntervalMs?: number } {
  return retryIntervalMs === undefined ? {} : { retryIntervalMs };
}
