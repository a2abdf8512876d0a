/**
 * `WaitForEvent` and `WaitForSignal`: a pause and the item of its time-out, stored together.
 *
 * I1  One pause holds a signal. A second waiter fails its run, or takes the signal over; the first then ends by its time-out.
 *
 * Spec: wire 6.11, 6.15; semantics 5.2, 5.5.
 */
import { parseDurationMs, WAIT_MS_DEFAULT, WAIT_MS_MAX, type WireOp } from "@pawl/protocol";
import { bindEvent, compileOnce, type ExpressionEvent, indexKeyOf } from "../../expression/index.ts";
import type { PauseRow } from "../../pause/pause-row.ts";
import { itemIdOf } from "../../queue/item-row.ts";
import { parseInstant } from "../../reply/retry-after.ts";
import type { StepRow } from "../../step/step-row.ts";
import { type Draft, failRun, itemOf, putStep, stepOf } from "../draft.ts";
import type { OpContext } from "./apply-op.ts";
import { optionText, stepOfOp } from "./op-step.ts";

/** Id of the pause of a step. */
export function pauseIdOf(runId: string, stepId: string): string {
  return `${runId}/${stepId}`;
}

/** Waits for an event; a condition that does not compile fails the run. */
export function waitForEvent(draft: Draft, op: WireOp): void {
  if (stepOf(draft, op.id) !== undefined) return;
  const eventName = optionText(op, "event") ?? op.name ?? "";
  const expiresAt = timeoutAt(op.opts?.["timeout"] ?? "", draft.env.ctx.now);
  if (expiresAt === undefined || expiresAt - draft.env.ctx.now > WAIT_MS_MAX)
    return failRun(draft, badTimeout("wait-for-event", op.opts?.["timeout"]));
  const condition = conditionOf(draft, optionText(op, "if"));
  if ("problem" in condition)
    return failRun(draft, {
      error: "invalid expression",
      name: "InvalidExpression",
      message: "Wait for event If expression failed to compile",
      stack: condition.problem,
    });
  const step = addWaitingStep(draft, op, { kind: "wait-for-event", expiresAt });
  addPause(draft, step, { kind: "event", eventName, expiresAt, ...condition });
}

/** Waits for a signal (I1). */
export function waitForSignal(draft: Draft, op: WireOp, { signalHolders }: OpContext): void {
  if (stepOf(draft, op.id) !== undefined) return;
  const signal = optionText(op, "signal") ?? op.name ?? "";
  const timeout = op.opts?.["timeout"];
  const expiresAt = timeout === undefined ? draft.env.ctx.now + WAIT_MS_DEFAULT : timeoutAt(timeout, draft.env.ctx.now);
  if (signal === "" || expiresAt === undefined) return failRun(draft, badTimeout("signal", timeout));
  const own = pauseInDraft(draft, signal);
  const holder = own ?? signalHolders?.get(signal);
  if (holder !== undefined && op.opts?.["conflict"] !== "replace") return failRun(draft, conflict());
  if (holder !== undefined && own === undefined) draft.guards.push({ kind: "pause-open", pauseId: holder });
  if (holder !== undefined) draft.changes.push({ kind: "delete-pause", pauseId: holder });
  else draft.guards.push({ kind: "signal-free", signal });
  const step = addWaitingStep(draft, op, { kind: "wait-for-signal", expiresAt });
  addPause(draft, step, { kind: "signal", signal, expiresAt });
}

/** A wait for the signal that this very answer has added before. */
function pauseInDraft({ changes }: Draft, signal: string): string | undefined {
  return changes.flatMap((change) => (change.kind === "insert-pause" && change.pause.signal === signal ? [change.pause.id] : [])).at(-1);
}

/** An unfinished step of a kind that waits, with the item of its time-out. */
export function addWaitingStep(
  draft: Draft,
  op: WireOp,
  { kind, expiresAt }: { readonly kind: StepRow["kind"]; readonly expiresAt: number },
): StepRow {
  const id = itemIdOf.step(draft.run.id, op.id);
  const step = { ...stepOfOp(draft, op, { kind, status: "waiting", itemId: id, until: expiresAt }), startedAt: draft.env.ctx.now };
  putStep(draft, step);
  draft.hasProgress = true;
  draft.changes.push({ kind: "insert-item", item: itemOf(draft, { id, kind: "pause-timeout", dueAt: expiresAt, stepId: op.id }) });
  const { id: runId, functionId } = draft.run;
  draft.trace.push({ kind: "step-waiting", runId, functionId, stepId: op.id, stepKind: kind, name: step.name, until: expiresAt });
  return step;
}

/** Stores the pause of a step. */
export function addPause(draft: Draft, step: StepRow, pause: Omit<PauseRow, "id" | "runId" | "stepId" | "createdAt">): void {
  draft.run = { ...draft.run, hasPauses: true };
  const id = pauseIdOf(step.runId, step.id);
  draft.changes.push({ kind: "insert-pause", pause: { ...pause, id, runId: step.runId, stepId: step.id, createdAt: draft.env.ctx.now } });
}

/** Instant at which a wait ends: a date, or a duration from now; the empty text is now. Undefined for anything else. */
export function timeoutAt(timeout: unknown, now: number): number | undefined {
  if (typeof timeout !== "string") return undefined;
  if (timeout === "") return now;
  const ms = parseDurationMs(timeout);
  return ms === undefined ? parseInstant(timeout) : now + Math.ceil(ms);
}

type Condition = Pick<PauseRow, "expression" | "matchPath" | "matchValue"> | { readonly problem: string };

/** A condition bound to the run's event. What can never match still waits for its time-out, on a condition that is false. */
function conditionOf(draft: Draft, source: string | undefined): Condition {
  if (source === undefined) return {};
  const compiled = compileOnce(source);
  if (compiled.kind === "invalid") return { problem: compiled.message };
  return boundCondition(compiled.expression, firstEvent(draft));
}

/** What is stored of a condition once `event` is known; `never` becomes the condition `false`. */
export function boundCondition(expression: Parameters<typeof bindEvent>[0], event: ExpressionEvent): Condition {
  const binding = bindEvent(expression, event);
  switch (binding.kind) {
    case "always":
      return {};
    case "never":
      return { expression: "false" };
    case "error":
      return { problem: binding.message };
    case "residual": {
      const key = indexKeyOf(binding);
      return { expression: binding.source, ...(key === undefined ? {} : { matchPath: key.path, matchValue: key.value }) };
    }
  }
}

function firstEvent({ state }: Draft): ExpressionEvent {
  return JSON.parse(state.events[0] ?? `{"name":""}`) as ExpressionEvent;
}

function badTimeout(what: string, timeout: unknown): Parameters<typeof failRun>[1] {
  const message = `The ${what} timeout ${JSON.stringify(timeout)} is no duration such as "1h30m" and no date, or it expires more than one year in the future.`;
  return { error: "invalid timeout", name: "InngestErrTimeoutTooLong", message };
}

function conflict(): Parameters<typeof failRun>[1] {
  return { error: "signal conflict", name: "Error", message: "Signal conflict; signal wait already exists for another run" };
}
