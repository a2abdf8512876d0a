/**
 * Makes one change set within the open transaction.
 *
 * I1  All guards are checked before the first change, so a conflict leaves nothing behind and needs no savepoint.
 * I2  A change that throws leaves the transaction unusable; the caller rolls it back.
 */
import { assertNever, type ApplyResult, type Change, type ChangeSet, type Guard } from "@pawl/engine";
import type { Statements } from "./statements.ts";

const APPLIED: ApplyResult = { kind: "applied" };

/** Checks the guards, then makes the changes in order. */
export function applyChangeSet(statements: Statements, { guards, changes }: ChangeSet): ApplyResult {
  for (const guard of guards) if (!guardHolds(statements, guard)) return { kind: "conflict", guard };
  for (const change of changes) makeChange(statements, change);
  return APPLIED;
}

function guardHolds({ events, runs, leases, pauses, flow }: Statements, guard: Guard): boolean {
  switch (guard.kind) {
    case "event-unprocessed":
      return events.isUnprocessed(guard.eventId);
    case "run-version":
      return runs.version(guard.runId) === guard.version;
    case "run-absent":
      return runs.version(guard.runId) === undefined;
    case "item-leased":
      return leases.holds(guard);
    case "pause-open":
      return pauses.exists(guard.pauseId);
    case "idempotency-free":
      return runs.byIdempotencyKey(guard) === undefined;
    case "cell-version":
      return flow.cellVersion(guard.key) === guard.version;
    case "signal-free":
      return !pauses.isSignalHeld(guard.signal);
    default:
      return assertNever(guard);
  }
}

function makeChange(statements: Statements, change: Change): void {
  const { events, runs, steps, registry, syncs, flow } = statements;
  switch (change.kind) {
    case "insert-event":
      return events.insert(change.event);
    case "mark-event-processed":
      return events.markProcessed(change.eventId);
    case "insert-event-outcome":
      return events.insertOutcome(change.outcome);
    case "insert-run":
      return runs.insert(change.run);
    case "update-run":
      return runs.update(change.run);
    case "put-step":
      return steps.put(change.step);
    case "delete-step":
      return steps.delete(change.runId, change.stepId);
    case "insert-attempt":
      return steps.insertAttempt(change.attempt);
    case "put-cell":
      return flow.putCell(change.cell);
    case "delete-cell":
      return flow.deleteCell(change.key);
    case "insert-batch-event":
      return flow.insertBatchEvent(change.batchEvent);
    case "delete-batch":
      return flow.deleteBatch(change.batchId);
    case "put-defer":
      return flow.putDefer(change.defer);
    case "put-metadata":
      return flow.putMetadata(change.metadata);
    case "insert-spans":
      return flow.insertSpans(change.batch);
    case "put-app":
      return registry.putApp(change.app);
    case "delete-app":
      syncs.deleteSyncsOfApp(change.appId);
      return registry.deleteApp(change.appId);
    case "insert-sync":
      return syncs.insertSync(change.sync);
    case "put-function":
      return registry.putFunction(change.function);
    default:
      return changeWork(statements, change);
  }
}

type WorkChange = Extract<
  Change,
  { kind: "insert-item" | "reschedule-item" | "amend-item" | "delete-item" | "insert-pause" | "delete-pause" | "delete-run-work" }
>;

/** Items and pauses, with what the driver remembers about them. */
function changeWork(statements: Statements, change: WorkChange): void {
  const { items, leases, lanes, pauses, pauseMatch } = statements;
  switch (change.kind) {
    case "insert-item":
      return items.insert(change.item, lanes.readyUntil());
    case "reschedule-item":
      leases.end(change.item.id);
      return items.reschedule(change.item, lanes.readyUntil());
    case "amend-item":
      return items.amend(change.item);
    case "delete-item":
      leases.end(change.itemId);
      return items.delete(change.itemId);
    case "insert-pause":
      pauseMatch.expect(change.pause);
      return pauses.insert(change.pause);
    case "delete-pause":
      return pauses.delete(change.pauseId);
    case "delete-run-work":
      for (const itemId of items.deleteOfRun(change.runId)) leases.end(itemId);
      if (change.hasPauses) pauses.deleteOfRun(change.runId);
      return undefined;
    default:
      return assertNever(change);
  }
}
