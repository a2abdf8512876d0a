/**
 * Runs that endpoints begin: what was answered as saved is stored, and no step of it runs again; a report is refused only where something
 * else has ended the run, or it is not the endpoint's; a run is failed as not reported only an hour after its last report; and no two runs
 * have the same key within a day.
 *
 * That each of them ends, or has something to do, is checked as for any run.
 */
import { type RunRow, SYNC_MS_MAX } from "@pawl/engine";
import { canonicalJson, IDEMPOTENCY_MS, RUN_COMPLETE_ID, type WireOp } from "@pawl/protocol";
import { ofKind, type CheckContext, type Checker, type Report } from "./checker.ts";
import { latenessMs } from "./lateness.ts";

const SIGNAL_CONFLICT = "Signal conflict";
const NOT_REPORTED = "EndpointDidNotReport";

/** Makes the checker. */
export function checkEndpoints(context: CheckContext): Checker {
  const { mirror, programs, scenario, report } = context;
  /** Steps that were ever stored, and those that were answered as saved: `<run>/<step>`. */
  const stored = new Set<string>();
  const saved = new Set<string>();
  /** When the last report was stored that was no repetition. */
  const storedAt = new Map<string, number>();
  const started = new Set<string>();
  return {
    committing: ({ changeSet, leasedItemId, at }) => {
      for (const { step } of ofKind(changeSet, "put-step")) stored.add(`${step.runId}/${step.id}`);
      for (const { run } of ofKind(changeSet, "insert-run")) if (programs.get(run.functionId)?.isEndpoint === true) checkKey(context, run);
      for (const { run } of ofKind(changeSet, "update-run")) {
        const last = storedAt.get(run.id) ?? run.queuedAt;
        if (isNotReported(run) && at + latenessMs(scenario) < last + SYNC_MS_MAX)
          report(`run ${run.id} is failed as not reported ${at - last} ms after its last report`);
        const isReport = ofKind(changeSet, "put-step").length > 0;
        if (isReport && leasedItemId === undefined) storedAt.set(run.id, at);
      }
    },
    executed: ({ runId, slug, stepId }) => {
      const isOwn = programs.get(mirror.runs.get(runId)?.functionId ?? "")?.slug === slug;
      if (isOwn && saved.has(`${runId}/${stepId}`))
        report(`the body of step ${stepId} of run ${runId} runs again, though it was answered as saved`);
    },
    reported: (answered) => {
      const { runId, slug, ops, answer } = answered;
      if (answer === "refused") return checkRefusal(context, answered);
      if (answer !== "saved") return;
      const run = mirror.runs.get(runId);
      if (run === undefined) return report(`a report of run ${runId} was answered as saved, but the run is not stored`);
      if (slug !== undefined && programs.get(run.functionId)?.slug !== slug)
        report(`a start of run ${runId} by ${slug} was answered as saved, but the run is of ${run.functionId}`);
      started.add(runId);
      for (const op of ops) {
        if (op.op === "StepRun") saved.add(`${runId}/${op.id}`);
        if (!isStored(context, { run, op, stored }))
          report(`the report ${op.op} ${op.id} of run ${runId} was answered as saved, but is not stored`);
      }
    },
    ended: () => {
      for (const runId of started) if (!mirror.runs.has(runId)) report(`the run ${runId}, whose start was answered as saved, is gone`);
    },
  };
}

function isStored(
  { mirror }: CheckContext,
  { run, op, stored }: { readonly run: RunRow; readonly op: WireOp; readonly stored: ReadonlySet<string> },
): boolean {
  switch (op.op) {
    case "RunComplete":
      return run.endedAt !== undefined && run.output === canonicalJson(op.data);
    case "DeferAdd":
      return mirror.defersOf(run.id).has(op.id);
    case "DeferAbort":
      return true;
    case "StepRun":
      return mirror.stepsOf(run.id).get(op.id)?.result === `{"data":${canonicalJson(op.data)}}`;
    default:
      // The wait for a signal that another run waits for has ended the run, and what came with it was not needed any more.
      if (run.error?.includes(SIGNAL_CONFLICT) === true) return true;
      return op.id === RUN_COMPLETE_ID || stored.has(`${run.id}/${op.id}`);
  }
}

/** What an endpoint says about its own run is refused only where the run has ended without it. */
function checkRefusal({ mirror, programs, report }: CheckContext, { runId, slug, key, code, ops, isRepeated }: Report): void {
  const run = mirror.runs.get(runId);
  const isOther = slug !== undefined && run !== undefined && programs.get(run.functionId)?.slug !== slug;
  const others = [...mirror.runs.values()].filter((other) => other.id !== runId && other.idempotencyKey === key);
  const isRight =
    code === "id-taken"
      ? isOther
      : code === "key-taken"
        ? key !== undefined && others.some((other) => programs.get(other.functionId)?.slug === slug)
        : code === "not-sync" && run !== undefined && (run.status === "CANCELLED" || isNotReported(run));
  const what = `a ${isRepeated ? "repeated " : ""}report of run ${runId} (${ops.map(({ op, id }) => `${op} ${id}`).join(", ")})`;
  if (!isRight) report(`${what} is refused (${code}); the run is ${run?.status}`);
}

function checkKey({ mirror, report }: CheckContext, run: RunRow): void {
  const { id, functionId, idempotencyKey, queuedAt, rerunOf } = run;
  if (idempotencyKey === undefined || rerunOf !== undefined) return;
  for (const other of mirror.runs.values()) {
    const isSame = other.id !== id && other.functionId === functionId && other.idempotencyKey === idempotencyKey;
    if (isSame && other.queuedAt > queuedAt - IDEMPOTENCY_MS) report(`the runs ${other.id} and ${id} have the same key ${idempotencyKey}`);
  }
}

function isNotReported({ error }: RunRow): boolean {
  return error?.includes(NOT_REPORTED) === true;
}
