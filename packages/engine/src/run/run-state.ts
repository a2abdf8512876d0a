/**
 * Everything that a decision about a run reads: the row, its steps and its events.
 *
 * I1  The state of a run is its rows; `evolve` applies the same changes to it that the store commits.
 *
 * The holder of a state may change it in place with `evolve`; decisions only read it.
 */
import type { Change } from "../change/change.ts";
import { isFinished, type StepRow } from "../step/step-row.ts";
import type { DeferRow } from "./defer-row.ts";
import type { RunRow } from "./run-row.ts";

export type RunState = {
  run: RunRow;
  /** By step hash. */
  readonly steps: Map<string, StepRow>;
  /** Hashes of steps that have not finished. */
  readonly unfinished: Set<string>;
  /** What is to be started when the run has ended, by the op's id. */
  readonly defers: Map<string, DeferRow>;
  /** Bodies of the events that started it, in order: canonical JSON texts. */
  readonly events: readonly string[];
};

/** State of a run out of its rows. */
export function runStateOf(
  run: RunRow,
  steps: Iterable<StepRow>,
  { events, defers = [] }: { readonly events: readonly string[]; readonly defers?: readonly DeferRow[] },
): RunState {
  const byId = new Map(defers.map((defer) => [defer.id, defer]));
  const state: RunState = { run, steps: new Map(), unfinished: new Set(), defers: byId, events };
  for (const step of steps) putStep(state, step);
  return state;
}

/** Applies the changes that concern this run. */
export function evolve(state: RunState, changes: readonly Change[]): void {
  for (const change of changes) {
    switch (change.kind) {
      case "update-run":
        if (change.run.id === state.run.id) state.run = change.run;
        break;
      case "put-step":
        if (change.step.runId === state.run.id) putStep(state, change.step);
        break;
      case "put-defer":
        if (change.defer.runId === state.run.id) state.defers.set(change.defer.id, change.defer);
        break;
      case "delete-step":
        if (change.runId !== state.run.id) break;
        state.steps.delete(change.stepId);
        state.unfinished.delete(change.stepId);
        break;
      default:
    }
  }
}

function putStep(state: RunState, step: StepRow): void {
  state.steps.set(step.id, step);
  if (isFinished(step)) state.unfinished.delete(step.id);
  else state.unfinished.add(step.id);
}
