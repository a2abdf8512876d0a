/**
 * The only effect of a decision: changes to rows, which commit together under their guards or not at all.
 *
 * I1  A change set is atomic. Guards are checked on the state that the changes are applied to.
 * I2  Applying a change set that has already been applied does nothing: ids are deterministic and guards no longer hold.
 */
import type { AppRow, FunctionRow } from "../app/app-row.ts";
import type { SyncRow } from "../app/sync-row.ts";
import type { AttemptRow } from "../attempt/attempt-row.ts";
import type { EventOutcome, EventRow } from "../event/event-row.ts";
import type { PauseRow } from "../pause/pause-row.ts";
import type { ItemRow } from "../queue/item-row.ts";
import type { BatchEvent } from "../flow/batch-event.ts";
import type { CellRow } from "../flow/cell-row.ts";
import type { MetadataRow } from "../run/metadata-row.ts";
import type { DeferRow } from "../run/defer-row.ts";
import type { RunRow } from "../run/run-row.ts";
import type { StepRow } from "../step/step-row.ts";
import type { SpanBatchRow } from "../trace/user-span.ts";

export type Change =
  /** Nothing where the id exists already. */
  | { readonly kind: "insert-event"; readonly event: EventRow }
  | { readonly kind: "mark-event-processed"; readonly eventId: string }
  | { readonly kind: "insert-event-outcome"; readonly outcome: EventOutcome }
  | { readonly kind: "insert-run"; readonly run: RunRow }
  /** Replaces the row's changing columns. The row's version is the guarded one plus one. */
  | { readonly kind: "update-run"; readonly run: RunRow }
  /** Inserts or replaces. */
  | { readonly kind: "put-step"; readonly step: StepRow }
  | { readonly kind: "delete-step"; readonly runId: string; readonly stepId: string }
  | { readonly kind: "insert-attempt"; readonly attempt: AttemptRow }
  /** Nothing where the id exists already. */
  | { readonly kind: "insert-item"; readonly item: ItemRow }
  /** Sets when the item is due, its attempt, its attempts in all and its lane. */
  | { readonly kind: "reschedule-item"; readonly item: ItemRow }
  /** Sets the item's attempt and lane while it is being worked on: its lease goes on. */
  | { readonly kind: "amend-item"; readonly item: ItemRow }
  | { readonly kind: "delete-item"; readonly itemId: string }
  /** Nothing where the id exists already. */
  | { readonly kind: "insert-pause"; readonly pause: PauseRow }
  | { readonly kind: "delete-pause"; readonly pauseId: string }
  /** Deletes every queue item of a run and, where `hasPauses`, every pause. */
  | { readonly kind: "delete-run-work"; readonly runId: string; readonly hasPauses: boolean }
  /** Inserts or replaces. The row has another version than the guarded one. */
  | { readonly kind: "put-cell"; readonly cell: CellRow }
  | { readonly kind: "delete-cell"; readonly key: string }
  /** Nothing where the batch has an event at the position. */
  | { readonly kind: "insert-batch-event"; readonly batchEvent: BatchEvent }
  /** Deletes the list of the batch's events; the events themselves stay in the log. */
  | { readonly kind: "delete-batch"; readonly batchId: string }
  /** Inserts or replaces. */
  | { readonly kind: "put-defer"; readonly defer: DeferRow }
  /** Inserts or replaces, by its four keys. */
  | { readonly kind: "put-metadata"; readonly metadata: MetadataRow }
  /** Nothing where the run has a row with this id. */
  | { readonly kind: "insert-spans"; readonly batch: SpanBatchRow }
  | { readonly kind: "put-app"; readonly app: AppRow }
  /** With its syncs. */
  | { readonly kind: "delete-app"; readonly appId: string }
  /** Nothing where the id exists already. The oldest of the app go where it would have more than `SYNCS_KEPT_MAX`. */
  | { readonly kind: "insert-sync"; readonly sync: SyncRow }
  | { readonly kind: "put-function"; readonly function: FunctionRow };

export type Guard =
  /** The event is stored and not processed. */
  | { readonly kind: "event-unprocessed"; readonly eventId: string }
  | { readonly kind: "run-version"; readonly runId: string; readonly version: number }
  /** No run has this id. */
  | { readonly kind: "run-absent"; readonly runId: string }
  /** The item exists and this is its newest lease. */
  | { readonly kind: "item-leased"; readonly itemId: string; readonly generation: number }
  | { readonly kind: "pause-open"; readonly pauseId: string }
  /** No run of the function with this key was scheduled at or after `since`. */
  | { readonly kind: "idempotency-free"; readonly functionId: string; readonly key: string; readonly since: number }
  /** The cell has this version; 0: there is no such cell. */
  | { readonly kind: "cell-version"; readonly key: string; readonly version: number }
  /** No pause holds the signal. */
  | { readonly kind: "signal-free"; readonly signal: string };

export type ChangeSet = { readonly guards: readonly Guard[]; readonly changes: readonly Change[] };

export type ApplyResult = { readonly kind: "applied" } | { readonly kind: "conflict"; readonly guard: Guard };
