/** Guards and changes, one rule each: what the SQL of the other drivers must do. */
import { assertNever, type Change, type Guard, type ItemRow, type PauseRow, type RunRow, SYNCS_KEPT_MAX, type SyncRow } from "@pawl/engine";
import { StoreError, assertIdOfRun } from "@pawl/store";
import type { Journal } from "./journal.ts";
import type { Leases } from "./leases.ts";
import { keyOf, rowsOf, type Tables } from "./tables.ts";

export type World = { readonly tables: Tables; readonly leases: Leases; readonly journal: Journal };

/** Whether a guard holds now. */
export function guardHolds({ tables, leases }: World, guard: Guard): boolean {
  switch (guard.kind) {
    case "event-unprocessed":
      return tables.unprocessed.has(guard.eventId);
    case "run-version":
      return tables.runs.get(guard.runId)?.version === guard.version;
    case "run-absent":
      return !tables.runs.has(guard.runId);
    case "item-leased":
      return leases.holds(guard);
    case "pause-open":
      return tables.pauses.has(guard.pauseId);
    case "idempotency-free":
      return runOfKey(tables, guard) === undefined;
    case "cell-version":
      return (tables.cells.get(guard.key)?.version ?? 0) === guard.version;
    case "signal-free":
      return pauseOfSignal(tables, guard.signal) === undefined;
    default:
      return assertNever(guard);
  }
}

/** Makes a change; throws where it breaks a rule of the port, and then the caller rolls back. */
export function makeChange(world: World, change: Change): void {
  const { tables, journal } = world;
  switch (change.kind) {
    case "put-step":
      journal.set(tables.steps, keyOf(change.step.runId, change.step.id), change.step);
      return journal.link(tables.stepsOfRun, change.step.runId, keyOf(change.step.runId, change.step.id));
    case "delete-step":
      journal.delete(tables.steps, keyOf(change.runId, change.stepId));
      return journal.unlink(tables.stepsOfRun, change.runId, keyOf(change.runId, change.stepId));
    case "insert-run":
      return insertRun(world, change.run);
    case "update-run":
      return updateRun(world, change.run);
    case "put-app":
    case "delete-app":
    case "put-function":
    case "insert-sync":
      return changeRegistry(world, change);
    case "insert-event":
    case "mark-event-processed":
    case "insert-event-outcome":
    case "insert-attempt":
      return appendToLog(world, change);
    case "put-cell":
    case "delete-cell":
    case "insert-batch-event":
    case "delete-batch":
    case "put-defer":
    case "put-metadata":
    case "insert-spans":
      return changeFlow(world, change);
    default:
      return changeWork(world, change);
  }
}

/** The newest run of the function with the key that was scheduled at or after an instant. */
export function runOfKey(
  tables: Tables,
  query: { readonly functionId: string; readonly key: string; readonly since: number },
): RunRow | undefined {
  return rowsOf(tables.runs, tables.runsOfKey.get(keyOf(query.functionId, query.key)))
    .filter((run) => run.queuedAt >= query.since)
    .sort((a, b) => a.queuedAt - b.queuedAt || (a.id < b.id ? -1 : 1))
    .at(-1);
}

/** The pause that holds a signal. */
export function pauseOfSignal(tables: Tables, signal: string): PauseRow | undefined {
  for (const pause of tables.pauses.values()) if (pause.signal === signal) return pause;
  return undefined;
}

type LogChange = Extract<Change, { kind: "insert-event" | "mark-event-processed" | "insert-event-outcome" | "insert-attempt" }>;
type WorkChange = Extract<
  Change,
  { kind: "insert-item" | "reschedule-item" | "amend-item" | "delete-item" | "insert-pause" | "delete-pause" | "delete-run-work" }
>;

type RegistryChange = Extract<Change, { kind: "put-app" | "delete-app" | "put-function" | "insert-sync" }>;

function changeRegistry(world: World, change: RegistryChange): void {
  const { tables, journal } = world;
  switch (change.kind) {
    case "put-app":
      return journal.set(tables.apps, change.app.id, change.app);
    case "delete-app":
      dropSyncs(world, change.appId, 0);
      return journal.delete(tables.apps, change.appId);
    case "put-function":
      return journal.set(tables.functions, change.function.id, change.function);
    case "insert-sync":
      return insertSync(world, change.sync);
    default:
      return assertNever(change);
  }
}

function insertSync(world: World, sync: SyncRow): void {
  const { tables, journal } = world;
  if (tables.syncs.has(sync.id)) return;
  journal.set(tables.syncs, sync.id, sync);
  journal.link(tables.syncsOfApp, sync.appId, sync.id);
  dropSyncs(world, sync.appId, SYNCS_KEPT_MAX);
}

/** Keeps the newest syncs of an app. */
function dropSyncs({ tables, journal }: World, appId: string, kept: number): void {
  const ids = Array.from(tables.syncsOfApp.get(appId) ?? []);
  for (const id of ids.slice(0, Math.max(0, ids.length - kept))) {
    journal.delete(tables.syncs, id);
    journal.unlink(tables.syncsOfApp, appId, id);
  }
}

/** Rows that are written once. The first write wins. */
function appendToLog({ tables, journal }: World, change: LogChange): void {
  switch (change.kind) {
    case "insert-event": {
      const { event } = change;
      if (tables.events.has(event.id)) return;
      journal.set(tables.events, event.id, event);
      if (!event.isProcessed) journal.set(tables.unprocessed, event.id, true);
      return;
    }
    case "mark-event-processed":
      return journal.delete(tables.unprocessed, change.eventId);
    case "insert-event-outcome": {
      const { outcome } = change;
      const key = keyOf(outcome.eventId, outcome.functionId, outcome.reason);
      if (tables.outcomes.has(key)) return;
      journal.set(tables.outcomes, key, outcome);
      return journal.link(tables.outcomesOfEvent, outcome.eventId, key);
    }
    case "insert-attempt": {
      const { attempt } = change;
      const key = keyOf(attempt.runId, attempt.startedAt, attempt.stepId, attempt.attempt);
      if (tables.attempts.has(key)) return;
      journal.set(tables.attempts, key, attempt);
      return journal.link(tables.attemptsOfRun, attempt.runId, key);
    }
    default:
      return assertNever(change);
  }
}

function insertRun({ tables, journal }: World, run: RunRow): void {
  if (tables.runs.has(run.id)) return;
  journal.set(tables.runs, run.id, run);
  for (const eventId of run.eventIds) journal.link(tables.runsOfEvent, eventId, run.id);
  if (run.idempotencyKey !== undefined) journal.link(tables.runsOfKey, keyOf(run.functionId, run.idempotencyKey), run.id);
}

type FlowChange = Extract<
  Change,
  { kind: "put-cell" | "delete-cell" | "insert-batch-event" | "delete-batch" | "put-defer" | "put-metadata" | "insert-spans" }
>;

function changeFlow({ tables, journal }: World, change: FlowChange): void {
  switch (change.kind) {
    case "put-cell":
      return journal.set(tables.cells, change.cell.key, change.cell);
    case "delete-cell":
      return journal.delete(tables.cells, change.key);
    case "insert-batch-event": {
      const { batchId, position } = change.batchEvent;
      const key = keyOf(batchId, position);
      if (tables.batchEvents.has(key)) return;
      journal.set(tables.batchEvents, key, change.batchEvent);
      return journal.link(tables.eventsOfBatch, batchId, key);
    }
    case "delete-batch":
      for (const key of Array.from(tables.eventsOfBatch.get(change.batchId) ?? [])) {
        journal.delete(tables.batchEvents, key);
        journal.unlink(tables.eventsOfBatch, change.batchId, key);
      }
      return;
    case "put-defer": {
      const key = keyOf(change.defer.runId, change.defer.id);
      journal.set(tables.defers, key, change.defer);
      return journal.link(tables.defersOfRun, change.defer.runId, key);
    }
    case "put-metadata": {
      const { runId, stepId, kind, name } = change.metadata;
      const key = keyOf(runId, stepId, kind, name);
      journal.set(tables.metadata, key, change.metadata);
      return journal.link(tables.metadataOfRun, runId, key);
    }
    case "insert-spans": {
      const { runId, id } = change.batch;
      const key = keyOf(runId, id);
      if (tables.spans.has(key)) return;
      journal.set(tables.spans, key, change.batch);
      return journal.link(tables.spansOfRun, runId, key);
    }
    default:
      return assertNever(change);
  }
}

/** What a run was scheduled with stays. */
function updateRun({ tables, journal }: World, run: RunRow): void {
  const old = tables.runs.get(run.id);
  if (old === undefined) return;
  const { status, version, requestVersion, stateBytes, stepsDone, stalls, hasFannedOut, hasPauses } = run;
  const { startedAt: _s, endedAt: _e, output: _o, error: _r, endReason: _n, finishBy: _f, ...scheduled } = old;
  const next = { ...scheduled, status, version, requestVersion, stateBytes, stepsDone, stalls, hasFannedOut, hasPauses };
  journal.set(tables.runs, run.id, {
    ...next,
    ...(run.startedAt === undefined ? {} : { startedAt: run.startedAt }),
    ...(run.endedAt === undefined ? {} : { endedAt: run.endedAt }),
    ...(run.output === undefined ? {} : { output: run.output }),
    ...(run.error === undefined ? {} : { error: run.error }),
    ...(run.endReason === undefined ? {} : { endReason: run.endReason }),
    ...(run.finishBy === undefined ? {} : { finishBy: run.finishBy }),
  });
}

function changeWork(world: World, change: WorkChange): void {
  const { tables } = world;
  switch (change.kind) {
    case "insert-item":
      return insertItem(world, change.item);
    case "reschedule-item":
      return rescheduleItem(world, change.item);
    case "amend-item": {
      const old = tables.items.get(change.item.id);
      const { attempt, lane } = change.item;
      if (old !== undefined) world.journal.set(tables.items, old.id, { ...old, attempt, lane });
      return undefined;
    }
    case "delete-item":
      return deleteItem(world, tables.items.get(change.itemId));
    case "insert-pause":
      return insertPause(world, change.pause);
    case "delete-pause":
      return deletePause(world, tables.pauses.get(change.pauseId));
    case "delete-run-work":
      for (const item of rowsOf(tables.items, tables.itemsOfRun.get(change.runId))) deleteItem(world, item);
      if (!change.hasPauses) return undefined;
      for (const pause of rowsOf(tables.pauses, tables.pausesOfRun.get(change.runId))) deletePause(world, pause);
      return undefined;
    default:
      return assertNever(change);
  }
}

function insertItem({ tables, journal }: World, item: ItemRow): void {
  assertIdOfRun(item);
  if (tables.items.has(item.id)) return;
  journal.set(tables.items, item.id, item);
  journal.link(tables.itemsOfRun, item.runId, item.id);
}

function rescheduleItem({ tables, leases, journal }: World, { id, dueAt, attempt, attemptsMax, lane }: ItemRow): void {
  leases.end(journal, id);
  const old = tables.items.get(id);
  if (old !== undefined) journal.set(tables.items, id, { ...old, dueAt, attempt, attemptsMax, lane });
}

function deleteItem({ tables, leases, journal }: World, item: ItemRow | undefined): void {
  if (item === undefined) return;
  leases.end(journal, item.id);
  journal.delete(tables.items, item.id);
  journal.unlink(tables.itemsOfRun, item.runId, item.id);
}

function insertPause({ tables, journal }: World, pause: PauseRow): void {
  assertIdOfRun(pause);
  if (tables.pauses.has(pause.id)) return;
  if (pause.signal !== undefined && pauseOfSignal(tables, pause.signal) !== undefined) {
    throw new StoreError("STORE_ROW_INVALID", `A second pause for the signal ${JSON.stringify(pause.signal)}: guard with signal-free.`);
  }
  journal.set(tables.pauses, pause.id, pause);
  journal.link(tables.pausesOfRun, pause.runId, pause.id);
  if (pause.eventName !== undefined) journal.link(tables.pausesOfEventName, pause.eventName, pause.id);
}

function deletePause({ tables, journal }: World, pause: PauseRow | undefined): void {
  if (pause === undefined) return;
  journal.delete(tables.pauses, pause.id);
  journal.unlink(tables.pausesOfRun, pause.runId, pause.id);
  if (pause.eventName !== undefined) journal.unlink(tables.pausesOfEventName, pause.eventName, pause.id);
}
