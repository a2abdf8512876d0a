/**
 * One execution of a function.
 *
 * I1  `version` grows by one with every committed decision about the run; a decision made on an older version does not commit.
 * I2  A terminal status never changes, and then no queue item and no pause of the run exists.
 * I3  `startedAt` is set once, when the first call to the app begins.
 *
 * Spec: semantics 3.
 */
import type { ReasonCode, RunStatus } from "@pawl/protocol";

export type RunRow = {
  /** A ULID; its time is when the run was scheduled. */
  readonly id: string;
  readonly functionId: string;
  readonly appId: string;
  /** The version of the function's configuration when the run was scheduled. */
  readonly functionVersion: number;
  readonly status: RunStatus;
  /** Starts at 1. */
  readonly version: number;
  /** -1 until the app's first answer with ops; then what the app reported. */
  readonly requestVersion: number;
  /** Internal ids of the events that started it; one, or several for a batch. The events are read from the event log. */
  readonly eventIds: readonly string[];
  /** Name of the first event, for lists and filters. */
  readonly eventName: string;
  /** Second run of the function with this key is refused while the first is younger than the idempotency window. */
  readonly idempotencyKey?: string;
  readonly queuedAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** JSON text of what the function returned. */
  readonly output?: string;
  /** JSON text of the function's error: `{error, name, message, stack?, cause?}`. */
  readonly error?: string;
  /** Why it was cancelled or skipped, for people. */
  readonly endReason?: string;
  /** Lane of the run's queue items: the function and the values of its flow-control keys (see queue/lane.ts). */
  readonly lane: string;
  /** Orders items of one lane: scheduled time minus priority, in milliseconds; smaller goes first. */
  readonly score: number;
  /** `<parent run>.<step hash>` for an invoked run: who waits for the result. */
  readonly correlationId?: string;
  /** The run this one repeats. */
  readonly rerunOf?: string;
  /** Cron expression, for a scheduled run. */
  readonly cron?: string;
  /** Bytes of events and stored results. */
  readonly stateBytes: number;
  /** Finished steps: the next one takes this position on the stack. */
  readonly stepsDone: number;
  /** Answers in a row that brought nothing new; bounded, so that an app cannot keep a run spinning. */
  readonly stalls: number;
  /** Whether parallel steps were seen; stays true for request version 1, which then always plans. */
  readonly hasFannedOut: boolean;
  /** Whether pauses of the run may exist, so that ending it looks for them only then. */
  readonly hasPauses: boolean;
  /** Milliseconds since the epoch after which the run is cancelled; from `timeouts.finish`, set at the start. */
  readonly finishBy?: number;
  /** Keys of cells that are the run's own while it lives (singleton, no overlap); deleted when it ends. */
  readonly holds?: readonly string[];
  /** Why a run with status SKIPPED was not executed. */
  readonly skipReason?: ReasonCode;
  /** The bulk operation (a replay) that created it. */
  readonly bulkId?: string;
  /** Labels of the events that started it, as JSON text of `[[key, id], …]`, sorted, at most 25. */
  readonly sessions?: string;
};
