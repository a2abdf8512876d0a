/**
 * The bars of a run's timeline: the function's own code, and one for each step.
 *
 * I1  The function comes first, then the steps in order of appearance.
 * I2  A span's attempts are the failed ones that were stored, the one in progress, and the last one that went well.
 */
import { type AttemptRow, callsApp, type StepRow } from "@pawl/engine";
import type { UiAttempt, UiError, UiSpan } from "@pawl/protocol";
import { given } from "../../json.ts";
import { positionOfItem, reasonOfItem } from "./run-phase.ts";
import type { ItemFact, RunFacts } from "./run-facts.ts";
import { stepInput, stepOptions } from "./step-options.ts";
import { errorOf, parseError, parseJson, uiError, unwrapData } from "./stored-json.ts";

/** Id of the span of the function's own code. */
export const FUNCTION_SPAN_ID = "function";

/** Spans of a run (I1). */
export function spansOf(facts: RunFacts): readonly UiSpan[] {
  const itemById = new Map(facts.items.map((fact) => [fact.item.id, fact]));
  const attempts = Map.groupBy(facts.attempts, ({ stepId }) => stepId);
  const steps = facts.steps.map((step) =>
    stepSpan(step, { facts, item: itemById.get(step.itemId), attempts: attempts.get(step.id) ?? [] }),
  );
  return [functionSpan(facts, attempts.get(FUNCTION_SPAN_ID) ?? []), ...steps];
}

type StepContext = { readonly facts: RunFacts; readonly item: ItemFact | undefined; readonly attempts: readonly AttemptRow[] };

const RUN_STATUS = {
  QUEUED: "queued",
  RUNNING: "running",
  COMPLETED: "completed",
  FAILED: "failed",
  CANCELLED: "cancelled",
  SKIPPED: "cancelled",
} as const;

function functionSpan(facts: RunFacts, rows: readonly AttemptRow[]): UiSpan {
  const { run } = facts;
  const item = facts.items.find((fact) => callsApp(fact.item) && fact.item.stepId === undefined);
  const position = item === undefined ? undefined : positionOfItem(item, facts);
  const attempts = [...rows.map(failedAttempt), ...callOf(item), ...finalCall(facts, rows)];
  const error = run.error === undefined ? undefined : uiError(parseError(run.error));
  return {
    id: FUNCTION_SPAN_ID,
    kind: "function",
    name: facts.function?.name ?? run.functionId,
    status: position?.phase === "retrying" ? "retrying" : RUN_STATUS[run.status],
    queuedAt: run.queuedAt,
    ...given("startedAt", run.startedAt),
    ...given("endedAt", run.endedAt),
    attempts,
    ...given("output", run.output),
    ...given("error", error),
    ...given("reason", position?.reason),
  };
}

function stepSpan(step: StepRow, { facts, item, attempts: rows }: StepContext): UiSpan {
  const attempts = [...rows.map(failedAttempt), ...callOf(item), ...lastAttempt(step, rows)];
  const startedAt = attempts[0]?.startedAt ?? step.startedAt;
  return {
    id: step.id,
    kind: step.kind,
    name: step.name,
    ...userland(step),
    status: statusOf(step, { facts, item }),
    queuedAt: step.queuedAt,
    ...given("startedAt", startedAt),
    ...given("endedAt", step.endedAt ?? (step.status === "cancelled" ? facts.run.endedAt : undefined)),
    attempts,
    ...given("input", stepInput(step)),
    ...resultOf(step),
    ...reasonOfItem(item, facts),
    ...given("until", step.kind === "run" || step.kind === "send-event" ? undefined : step.until),
    ...waitOf(step),
    ...invokeOf(step),
  };
}

function userland({ userlandId, userlandIndex }: StepRow): { readonly userlandId?: string } {
  if (userlandId === undefined) return {};
  return { userlandId: (userlandIndex ?? 0) > 0 ? `${userlandId}:${userlandIndex}` : userlandId };
}

function statusOf(step: StepRow, { facts, item }: Pick<StepContext, "facts" | "item">): UiSpan["status"] {
  if (step.status === "completed" || step.status === "failed" || step.status === "timed_out" || step.status === "cancelled")
    return step.status;
  if (step.status === "sleeping" || step.status === "waiting") return "waiting";
  const phase = item === undefined ? undefined : positionOfItem(item, facts).phase;
  if (phase === "retrying" || item?.calledAt !== undefined) return phase === "retrying" ? "retrying" : "running";
  return step.status === "retrying" ? "retrying" : "queued";
}

function failedAttempt({ attempt, startedAt, endedAt, error, httpStatus, retryAt }: AttemptRow): UiAttempt {
  return {
    attempt,
    startedAt,
    endedAt,
    outcome: "failed",
    error: uiError(parseError(error)),
    ...given("retryAt", retryAt),
    ...given("httpStatus", httpStatus),
  };
}

function callOf(fact: ItemFact | undefined): readonly UiAttempt[] {
  return fact?.calledAt === undefined ? [] : [{ attempt: fact.item.attempt, startedAt: fact.calledAt, outcome: "running" }];
}

/** The attempt that ended the step, unless it is stored as a failed one. Kinds whose body the server runs have none. */
function lastAttempt(step: StepRow, rows: readonly AttemptRow[]): readonly UiAttempt[] {
  if ((step.kind !== "run" && step.kind !== "send-event") || step.endedAt === undefined) return [];
  const { attempt, endedAt, startedAt = step.queuedAt } = step;
  if (step.status === "completed") return [{ attempt, startedAt, endedAt, outcome: "completed" }];
  if (rows.some((row) => row.attempt === attempt && row.retryAt === undefined)) return [];
  return [{ attempt, startedAt, endedAt, outcome: "failed", ...given("error", resultOf(step).error) }];
}

/** The call that returned the function's output: after the last failed one, or the first. */
function finalCall({ run }: RunFacts, rows: readonly AttemptRow[]): readonly UiAttempt[] {
  if (run.status !== "COMPLETED" || run.startedAt === undefined || run.endedAt === undefined) return [];
  const last = rows.at(-1);
  const attempt = last === undefined ? 0 : last.attempt + 1;
  return [{ attempt, startedAt: last?.retryAt ?? run.startedAt, endedAt: run.endedAt, outcome: "completed" }];
}

/** What a finished step is memoised as, taken out of its wrapper. Sleeps and time-outs have neither output nor error. */
function resultOf({ kind, status, result }: StepRow): { readonly output?: string; readonly error?: UiError } {
  if (result === undefined || kind === "sleep" || (status === "timed_out" && kind !== "invoke")) return {};
  if (status === "completed") return { output: kind === "wait-for-event" ? result : unwrapData(result) };
  const parsed = parseJson(result) as { readonly error?: unknown } | null | undefined;
  return { error: uiError(errorOf(parsed?.error)) };
}

function waitOf(step: StepRow): { readonly wait?: NonNullable<UiSpan["wait"]> } {
  const { event, if: expression, signal } = stepOptions(step);
  if (step.kind === "wait-for-signal") return { wait: given("signal", signal) };
  if (step.kind !== "wait-for-event") return {};
  return { wait: { ...given("eventName", event), ...given("expression", expression), ...given("matchedEventId", step.matchedEventId) } };
}

function invokeOf(step: StepRow): { readonly invoke?: NonNullable<UiSpan["invoke"]> } {
  if (step.kind !== "invoke") return {};
  return { invoke: { functionSlug: stepOptions(step).function_id ?? "", ...given("runId", step.targetRunId) } };
}
