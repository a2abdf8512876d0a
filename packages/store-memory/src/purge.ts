/** Deletes what has become old: the runs that ended first, the events that were stored first, the cells that expired first. */
import type { Purge, Purged } from "@pawl/store";
import { compareText } from "./queue-reads.ts";
import { keyOf, type Tables } from "./tables.ts";

export function purge(tables: Tables, { runsBefore, eventsBefore, keepEventIds = [], cellsBefore, limit }: Purge): Purged {
  const runs = runsBefore === undefined ? 0 : purgeRuns(tables, { before: runsBefore, limit });
  const areRunsGone = runs < limit;
  const events =
    eventsBefore === undefined || !areRunsGone ? 0 : purgeEvents(tables, { before: eventsBefore, keep: new Set(keepEventIds), limit });
  const cells = cellsBefore === undefined ? 0 : purgeCells(tables, { before: cellsBefore, limit });
  return { runs, events, cells, hasMore: Math.max(runs, events, cells) === limit };
}

type Bound = { readonly before: number; readonly limit: number };

function purgeRuns(tables: Tables, { before, limit }: Bound): number {
  const old = [...tables.runs.values()]
    .filter(({ endedAt }) => endedAt !== undefined && endedAt < before)
    .sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0) || compareText(a.id, b.id))
    .slice(0, limit);
  for (const run of old) {
    tables.runs.delete(run.id);
    for (const eventId of run.eventIds) tables.runsOfEvent.get(eventId)?.delete(run.id);
    if (run.idempotencyKey !== undefined) tables.runsOfKey.get(keyOf(run.functionId, run.idempotencyKey))?.delete(run.id);
    dropAll(tables.steps, tables.stepsOfRun, run.id);
    dropAll(tables.attempts, tables.attemptsOfRun, run.id);
    dropAll(tables.defers, tables.defersOfRun, run.id);
    dropAll(tables.metadata, tables.metadataOfRun, run.id);
    dropAll(tables.spans, tables.spansOfRun, run.id);
  }
  return old.length;
}

function purgeEvents(tables: Tables, { before, keep, limit }: Bound & { readonly keep: ReadonlySet<string> }): number {
  const batched = new Set([...tables.batchEvents.values()].map(({ eventId }) => eventId));
  const old = [...tables.events.values()]
    .filter(({ id, receivedAt }) => receivedAt < before && !tables.unprocessed.has(id) && !batched.has(id) && !keep.has(id))
    .filter(({ id }) => (tables.runsOfEvent.get(id)?.size ?? 0) === 0)
    .slice(0, limit);
  for (const { id } of old) {
    tables.events.delete(id);
    dropAll(tables.outcomes, tables.outcomesOfEvent, id);
  }
  return old.length;
}

function purgeCells(tables: Tables, { before, limit }: Bound): number {
  const old = [...tables.cells.values()]
    .filter(({ expiresAt }) => expiresAt !== undefined && expiresAt < before)
    .sort((a, b) => (a.expiresAt ?? 0) - (b.expiresAt ?? 0) || compareText(a.key, b.key))
    .slice(0, limit);
  for (const { key } of old) tables.cells.delete(key);
  return old.length;
}

function dropAll(table: Map<string, unknown>, index: Map<string, Set<string>>, owner: string): void {
  for (const key of index.get(owner) ?? []) table.delete(key);
  index.delete(owner);
}
