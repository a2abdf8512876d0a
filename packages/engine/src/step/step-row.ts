/**
 * One memoised unit of a run, from the moment the app reports it.
 *
 * I1  A step with `endedAt` has `result` and `position`, and none of the three ever changes: the first write wins.
 * I2  Positions of finished steps of a run are 0, 1, 2 …: the order of the stack sent to the app.
 * I3  An unfinished step has exactly one queue item (`itemId`), and a pause too where its kind waits for something from outside.
 *
 * Spec: wire 5.4, 6; semantics 4.4.
 */
import type { StepKind } from "@pawl/protocol";

export type StepStatus = "planned" | "retrying" | "sleeping" | "waiting" | "completed" | "failed" | "timed_out" | "cancelled";

/** When a fan-out continues: after its last step, or after each. */
export type ParallelMode = "wait" | "race";

export type StepRow = {
  readonly runId: string;
  /** The step's hash. */
  readonly id: string;
  readonly kind: StepKind;
  /** Name for people. */
  readonly name: string;
  /** The id as the user wrote it, and its index where it repeats. */
  readonly userlandId?: string;
  readonly userlandIndex?: number;
  readonly status: StepStatus;
  readonly mode: ParallelMode;
  /** Place on the stack; absent until finished. */
  readonly position?: number;
  /** The memoised value as JSON text, exactly as sent back to the app: `{"data":…}`, `{"error":…}`, `null` or a raw value. */
  readonly result?: string;
  /** JSON text of the op's options: input, event name, duration … */
  readonly options?: string;
  /** JSON text of replacement arguments, for a rerun with edited input. */
  readonly inputOverride?: string;
  /** The queue item that will finish it. */
  readonly itemId: string;
  /** Zero-based attempt that is due or was the last. */
  readonly attempt: number;
  readonly queuedAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** Sleeping: when it ends. Waiting: when it times out. */
  readonly until?: number;
  /** Invoke: slug of the function and, once known, the run. Wait: internal id of the matched event. */
  readonly target?: string;
  readonly targetRunId?: string;
  readonly matchedEventId?: string;
};

/** Whether a step has its final result. */
export function isFinished(step: StepRow): boolean {
  return step.endedAt !== undefined;
}
