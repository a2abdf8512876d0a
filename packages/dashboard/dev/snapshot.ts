/** A run of the mock server at an instant: its script cut off at that time. */
import { REASONS } from "@pawl/protocol";
import type { ReasonCode, RunPhase, RunStatus, UiAttempt, UiEventRow, UiReason, UiRunDetail, UiRunRow, UiSpan } from "@pawl/protocol";
import type { PlannedCall, PlannedStep, Script } from "./plan.ts";
import type { MockFunction } from "./scripts.ts";

export type MockRun = {
  readonly id: string;
  readonly fn: MockFunction;
  readonly event: UiEventRow;
  readonly queuedAt: number;
  readonly script: Script;
  readonly rerunOf?: string;
  cancelledAt?: number;
  seq: number;
};

/** Everything about a run at an instant. */
export function detailAt(run: MockRun, now: number): UiRunDetail {
  const at = Math.min(now, run.cancelledAt ?? now);
  const row = rowAt(run, now);
  const isOver = row.endedAt !== undefined;
  const steps = run.script.steps.filter((step) => run.queuedAt + step.queuedAt <= at).map((step) => spanAt(run, step, at));
  const lastError = run.script.isFailure && row.status === "FAILED" ? run.script.steps.at(-1)?.calls.at(-1)?.error : undefined;
  return {
    run: row,
    events: [run.event],
    ...(row.status === "COMPLETED" ? { output: JSON.stringify(run.script.output) } : {}),
    ...(lastError === undefined ? {} : { error: lastError }),
    spans: [functionSpan(run, row, at), ...steps],
    childRuns: [],
    canCancel: !isOver,
  };
}

/** The line of a run in the list at an instant. */
export function rowAt(run: MockRun, now: number): UiRunRow {
  const { ui } = run.fn;
  const at = Math.min(now, run.cancelledAt ?? now);
  const endsAt = run.cancelledAt ?? run.queuedAt + run.script.endedAt;
  const startsAt = run.queuedAt + run.script.heldMs + 4;
  const { phase, reason } = phaseAt(run, at, now >= endsAt);
  return {
    id: run.id,
    functionSlug: ui.slug,
    functionName: ui.name,
    appName: ui.appName,
    functionVersion: ui.version,
    status: statusOf(phase, at >= startsAt),
    phase,
    ...(reason === undefined ? {} : { reason }),
    eventId: run.event.id,
    eventName: run.event.name,
    eventCount: 1,
    queuedAt: run.queuedAt,
    ...(at >= startsAt ? { startedAt: startsAt } : {}),
    ...(now >= endsAt ? { endedAt: endsAt } : {}),
    ...(run.rerunOf === undefined ? {} : { rerunOf: run.rerunOf }),
    stepsDone: run.script.steps.filter((step) => run.queuedAt + step.endedAt <= at).length,
    seq: run.seq,
  };
}

function phaseAt(run: MockRun, at: number, isOver: boolean): { readonly phase: RunPhase; readonly reason?: UiReason } {
  if (isOver) return { phase: run.cancelledAt !== undefined ? "cancelled" : run.script.isFailure ? "failed" : "completed" };
  if (at < run.queuedAt + run.script.heldMs)
    return {
      phase: "held",
      reason: reason("concurrency-limit", run.queuedAt, { text: "2 of 2 steps in progress for account acme; 3 runs are in front." }),
    };
  const open = run.script.steps
    .filter((step) => run.queuedAt + step.queuedAt <= at && run.queuedAt + step.endedAt > at)
    .map((step) => spanAt(run, step, at));
  const retrying = open.find((span) => span.status === "retrying");
  const waiting = open.find((span) => span.status === "waiting");
  const found = retrying ?? (open.some((span) => span.status === "running") ? undefined : waiting);
  if (found?.reason === undefined) return { phase: "running" };
  return { phase: found === retrying ? "retrying" : "waiting", reason: found.reason };
}

function statusOf(phase: RunPhase, hasStarted: boolean): RunStatus {
  if (phase === "completed" || phase === "failed" || phase === "cancelled" || phase === "skipped") return phase.toUpperCase() as RunStatus;
  return hasStarted ? "RUNNING" : "QUEUED";
}

function spanAt(run: MockRun, step: PlannedStep, at: number): UiSpan {
  const t = (ms: number): number => run.queuedAt + ms;
  const isOver = t(step.endedAt) <= at;
  const attempts = attemptsAt(run, step.calls, at);
  const status = statusOfStep(step, { isOver, attempts, isCancelled: run.cancelledAt !== undefined && at >= run.cancelledAt });
  const stillReason = isOver || status === "cancelled" ? undefined : reasonOf(run, step, attempts);
  return {
    id: step.id,
    kind: step.kind,
    name: step.name,
    status,
    queuedAt: t(step.queuedAt),
    ...(t(step.startedAt) <= at ? { startedAt: t(step.startedAt) } : {}),
    ...(isOver ? { endedAt: t(step.endedAt) } : status === "cancelled" ? { endedAt: at } : {}),
    attempts,
    ...(step.input === undefined ? {} : { input: JSON.stringify(step.input) }),
    ...(isOver && !step.isFailure && step.output !== undefined ? { output: JSON.stringify(step.output) } : {}),
    ...(isOver && step.isFailure && step.calls.at(-1)?.error !== undefined ? { error: step.calls.at(-1)?.error } : {}),
    ...(stillReason === undefined ? {} : { reason: stillReason }),
    ...(step.until === undefined ? {} : { until: t(step.until) }),
    ...(step.eventName === undefined
      ? {}
      : { wait: { eventName: step.eventName, ...(step.expression === undefined ? {} : { expression: step.expression }) } }),
    ...(step.invokes === undefined ? {} : { invoke: { functionSlug: step.invokes } }),
  } as UiSpan;
}

type StepState = { readonly isOver: boolean; readonly isCancelled: boolean; readonly attempts: readonly UiAttempt[] };

function statusOfStep(step: PlannedStep, state: StepState): UiSpan["status"] {
  if (state.isOver) return step.isFailure ? "failed" : step.isTimeout ? "timed_out" : "completed";
  if (state.isCancelled) return "cancelled";
  if (step.calls.length === 0) return "waiting";
  const last = state.attempts.at(-1);
  if (last === undefined) return "queued";
  return last.outcome === "failed" ? "retrying" : "running";
}

function attemptsAt(run: MockRun, calls: readonly PlannedCall[], at: number): readonly UiAttempt[] {
  return calls
    .filter((call) => run.queuedAt + call.from <= at)
    .map((call, attempt) => {
      const startedAt = run.queuedAt + call.from;
      const endedAt = run.queuedAt + call.to;
      if (endedAt > at) return { attempt, startedAt, outcome: run.cancelledAt === undefined ? "running" : "lost" };
      const next = calls[attempt + 1];
      const failure =
        call.error === undefined ? {} : { error: call.error, ...(next === undefined ? {} : { retryAt: run.queuedAt + next.from - 4 }) };
      return {
        attempt,
        startedAt,
        endedAt,
        outcome: call.error === undefined ? "completed" : "failed",
        httpStatus: call.httpStatus,
        ...failure,
      };
    });
}

function functionSpan(run: MockRun, row: UiRunRow, at: number): UiSpan {
  const status = row.phase === "held" || row.phase === "paused" || row.phase === "skipped" ? "queued" : row.phase;
  return {
    id: "function",
    kind: "function",
    name: row.functionName,
    status,
    queuedAt: run.queuedAt,
    ...(row.startedAt === undefined ? {} : { startedAt: row.startedAt }),
    ...(row.endedAt === undefined ? {} : { endedAt: row.endedAt }),
    attempts: attemptsAt(run, run.script.calls, at).map((attempt) => ({ ...attempt, attempt: 0 })),
  };
}

function reasonOf(run: MockRun, step: PlannedStep, attempts: readonly UiAttempt[]): UiReason | undefined {
  const since = run.queuedAt + step.startedAt;
  const until = step.until === undefined ? undefined : run.queuedAt + step.until;
  if (step.kind === "sleep")
    return reason("sleeping", since, { text: `Sleeping for ${Math.round((step.endedAt - step.startedAt) / 1_000)} s.`, until });
  if (step.invokes !== undefined) return reason("waiting-for-invoke", since, { text: `Waiting for ${step.invokes} to finish.`, until });
  if (step.eventName !== undefined)
    return reason("waiting-for-event", since, { text: `Waiting for ${step.eventName} where ${step.expression ?? "any"}.`, until });
  const last = attempts.at(-1);
  if (last?.retryAt === undefined) return undefined;
  return reason("retrying", last.endedAt ?? since, {
    text: `Attempt ${last.attempt + 2} of 4 is scheduled: ${last.error?.message ?? "failed"}.`,
    until: last.retryAt,
  });
}

function reason(code: ReasonCode, since: number, more: { readonly text?: string; readonly until?: number | undefined }): UiReason {
  return { code, text: more.text ?? REASONS[code], since, ...(more.until === undefined ? {} : { until: more.until }) };
}
