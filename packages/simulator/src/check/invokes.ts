/**
 * The parent of an invoked run resumes once, with exactly what the child's end says; and where there is no child because the invocation
 * was refused, it is told so in time.
 */
import { FUNCTION_INVOKED, type RunRow, type StepRow } from "@pawl/engine";
import type { CheckContext, Checker } from "./checker.ts";
import { pairOf } from "./event-facts.ts";
import type { MirroredEvent } from "./mirror.ts";

/** Refusals so long before the time-out must be in time: faults delay their processing by less. */
const SLACK_MS = 300_000;

/** Outcomes after which there will be no run for an event. */
const REFUSALS: ReadonlySet<string> = new Set([
  "rate-limit",
  "idempotency-key",
  "debounce-older-event",
  "debounce-superseded",
  "function-paused",
  "function-draining",
  "singleton",
  "function-archived",
  "duplicate-event-id",
]);

type Child = { readonly runs: readonly RunRow[]; readonly refusedAt: number | undefined };

/** Makes the checker. */
export function checkInvokes(context: CheckContext): Checker {
  const { mirror } = context;
  return {
    ended: () => {
      const runsOf = runsByPair(mirror.runs.values());
      const refusedAt = new Map<string, number>();
      for (const outcome of mirror.outcomes) if (REFUSALS.has(outcome.reason)) refusedAt.set(pairOf(outcome), outcome.at);
      const invocations = new Map<string, MirroredEvent>();
      for (const event of mirror.events.values())
        if (event.row.name === FUNCTION_INVOKED) invocations.set(event.data._inngest?.correlation_id ?? "", event);
      for (const runId of mirror.runs.keys())
        for (const step of mirror.stepsOf(runId).values()) {
          if (step.kind !== "invoke" || mirror.copiedSteps.has(`${runId}/${step.id}`)) continue;
          const event = invocations.get(`${runId}.${step.id}`);
          if (event === undefined) context.report(`the invoke step ${step.id} of run ${runId} has asked nobody`);
          const pair = pairOf({ eventId: event?.row.id ?? "", functionId: event?.data._inngest?.fn_id ?? "" });
          checkStep(context, step, { runs: runsOf.get(pair) ?? [], refusedAt: refusedAt.get(pair) });
        }
    },
  };
}

function checkStep({ report }: CheckContext, step: StepRow, { runs, refusedAt }: Child): void {
  const where = `the invoke step ${step.id} of run ${step.runId}`;
  if (runs.length > 1) report(`${where} started ${runs.length} runs`);
  const [child] = runs;
  // Where there is a child, a refusal is of a run that people wanted to start again.
  const saidNoAt = child === undefined ? refusedAt : child.status === "SKIPPED" ? child.endedAt : undefined;
  if (step.status === "timed_out" && saidNoAt !== undefined && saidNoAt + SLACK_MS < (step.until ?? 0))
    report(`${where} timed out, although it had been refused ${(step.until ?? 0) - saidNoAt} ms before`);
  // A run that ends closes its steps.
  if (step.endedAt === undefined || step.status === "timed_out" || step.status === "cancelled") return;
  if (child === undefined) {
    if (refusedAt === undefined || step.status !== "failed") report(`${where} is ${step.status} without a run`);
    return;
  }
  if (child.endedAt === undefined) return report(`${where} is ${step.status}, but run ${child.id} has not ended`);
  const isSame =
    child.status === "COMPLETED" ? step.status === "completed" && step.result === `{"data":${child.output}}` : step.status === "failed";
  if (!isSame) report(`${where} is ${step.status} with ${step.result}, but run ${child.id} is ${child.status} with ${child.output}`);
}

/** First runs of each event and function. */
function runsByPair(runs: Iterable<RunRow>): ReadonlyMap<string, readonly RunRow[]> {
  const found = new Map<string, RunRow[]>();
  for (const run of runs) {
    if (run.rerunOf !== undefined) continue;
    for (const eventId of run.eventIds) {
      const pair = pairOf({ eventId, functionId: run.functionId });
      found.set(pair, [...(found.get(pair) ?? []), run]);
    }
  }
  return found;
}
