/**
 * Running again from a step: the new run begins with the results of the steps that had ended before that step began.
 *
 * I1  What is memoised is copied with its order; positions are 0, 1, 2 … again.
 * I2  New arguments for the step wait in the new run's state for its first call, which finds the step.
 *
 * Spec: semantics 11.5.
 */
import { itemIdOf } from "../queue/item-row.ts";
import { isFinished, type StepRow } from "../step/step-row.ts";
import type { RunRow } from "./run-row.ts";

export type RerunFrom = {
  /** Hash of the step, or its name where that is unique. */
  readonly stepId: string;
  /** Arguments in the place of the step's own. */
  readonly input?: readonly unknown[];
};

/** What a new run begins with. The steps have no run yet: `stepsOf` gives them one. */
export type Memo = {
  readonly requestVersion: number;
  readonly steps: readonly StepRow[];
  readonly target: StepRow;
  /** JSON text. */
  readonly input?: string;
};

export type RerunProblem = "step-not-found" | "step-ambiguous" | "step-has-no-input";

/** Finds what to keep of a run for a run from a step. */
export function memoOf(run: RunRow, steps: readonly StepRow[], { stepId, input }: RerunFrom): Memo | RerunProblem {
  const byId = steps.find((step) => step.id === stepId);
  const named = byId === undefined ? steps.filter((step) => step.name === stepId || step.userlandId === stepId) : [byId];
  const [target] = named;
  if (target === undefined) return "step-not-found";
  if (named.length > 1) return "step-ambiguous";
  if (input !== undefined && !RUNNABLE.has(target.kind)) return "step-has-no-input";
  const begunAt = target.startedAt ?? target.queuedAt;
  const kept = steps
    .filter((step) => step.id !== target.id && isFinished(step) && (step.endedAt ?? 0) <= begunAt && isBefore(step, target))
    .toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0))
    .map((step, position) => ({ ...step, position }));
  const text = input === undefined ? {} : { input: JSON.stringify(input) };
  return { requestVersion: run.requestVersion, steps: kept, target, ...text };
}

/** Kinds of steps that take arguments. */
const RUNNABLE: ReadonlySet<StepRow["kind"]> = new Set(["run", "send-event"]);

/** A step that ended after the target did ended after it began, whatever the clocks of the app say. */
function isBefore(step: StepRow, target: StepRow): boolean {
  return target.position === undefined || (step.position ?? 0) < target.position;
}

/** The steps of a new run. The step with new arguments belongs to the run's first item until the app has found it (I2). */
export function stepsOfMemo(memo: Memo, run: { readonly id: string; readonly queuedAt: number }): readonly StepRow[] {
  const itemId = itemIdOf.start(run.id);
  const steps = memo.steps.map((step) => ({ ...step, runId: run.id, itemId }));
  if (memo.input === undefined) return steps;
  const { kind, name, mode, userlandId, userlandIndex, options } = memo.target;
  const waiting: StepRow = {
    runId: run.id,
    id: memo.target.id,
    kind,
    name,
    mode,
    status: "planned",
    itemId,
    attempt: 0,
    queuedAt: run.queuedAt,
    inputOverride: memo.input,
    ...(userlandId === undefined ? {} : { userlandId }),
    ...(userlandIndex === undefined ? {} : { userlandIndex }),
    ...(options === undefined ? {} : { options }),
  };
  return [...steps, waiting];
}
