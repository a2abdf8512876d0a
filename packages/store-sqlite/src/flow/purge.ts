/**
 * Deletes what has become old, a little at a time.
 *
 * I1  A call's work is bounded, not only its rows: about 10 ms, whatever runs and events hold and however many of them stay.
 * I2  Events are looked through in the order in which they were stored, which is that of their receipt as long as the clock does not jump.
 *     A pass ends at the first window without an old event. Where a window was looked through in vain, the next call goes on behind it;
 *     what is freed in it later is found by the next pass.
 *
 * Indexes: `runs_ended_idx` for runs in the order of their ends; the rowids of `events`; `cells_expires_idx`. Whether an event is referred
 * to: `runs_event_idx` and the primary keys of `run_events` and `unprocessed_events`, `batch_events_event_idx`.
 * Plan: ranges of these, and each deletion by primary key. Figures: HOW_IT_WORKS.md.
 */
import type { Purge, Purged } from "@pawl/store";
import type { Connection } from "../connection.ts";
import { jsonList } from "../sql-values.ts";

export interface PurgeStatements {
  purge(query: Purge): Purged;
}

/** Events looked through in one call. */
const WINDOW = 1_000;

/** What one call may cost, in microseconds as estimated by the costs below. */
const COST_MAX_US = 10_000;
const RUN_COST_US = 4;
const STEP_COST_US = 1;
const EVENT_COST_US = 3;
/** Of a page that a long text fills: it is read to find the next. */
const PAGE_COST_US = 1;
const PAGE_BYTES = 4_096;

/** What a purge of one kind of rows did. */
type Part = { readonly deleted: number; readonly hasMore: boolean };

const NOTHING: Part = { deleted: 0, hasMore: false };

/** Prepares the statements. */
export function purgeStatements(connection: Connection): PurgeStatements {
  const purgeRuns = runPurge(connection);
  const purgeEvents = eventPurge(connection);
  const deleteCells = connection.prepare(
    "delete from cells where key in (select key from cells where expires_at < ? order by expires_at, key limit ?)",
  );
  const purgeCells = (before: number, limit: number): Part => {
    const deleted = Number(deleteCells.run(before, limit).changes);
    return { deleted, hasMore: deleted === limit };
  };
  return {
    purge: ({ runsBefore, eventsBefore, keepEventIds = [], cellsBefore, limit }) =>
      inTransaction(connection, () => {
        const runs = runsBefore === undefined ? NOTHING : purgeRuns(runsBefore, limit);
        const events = eventsBefore === undefined || runs.hasMore ? NOTHING : purgeEvents({ before: eventsBefore, keepEventIds, limit });
        const cells = cellsBefore === undefined ? NOTHING : purgeCells(cellsBefore, limit);
        const hasMore = runs.hasMore || events.hasMore || cells.hasMore;
        return { runs: runs.deleted, events: events.deleted, cells: cells.deleted, hasMore };
      }),
  };
}

function inTransaction<T>(connection: Connection, work: () => T): T {
  connection.execute("begin immediate");
  try {
    const result = work();
    connection.execute("commit");
    return result;
  } catch (error) {
    if (connection.isInTransaction()) connection.execute("rollback");
    throw error;
  }
}

const OF_RUN = ["steps", "attempts", "defers", "metadata", "span_batches", "run_events"] as const;

type OldRun = { readonly id: string; readonly steps: number; readonly bytes: number };

function runPurge(connection: Connection): (before: number, limit: number) => Part {
  const old = connection.prepare<OldRun>(
    "select id, steps_done as steps, state_bytes as bytes from runs where ended_at < ? order by ended_at, id limit ?",
  );
  const deletions = OF_RUN.map((table) => connection.prepare(`delete from ${table} where run_id in (select value from json_each(?))`));
  const deleteRuns = connection.prepare("delete from runs where id in (select value from json_each(?))");
  return (before, limit) => {
    const found = old.all(before, limit);
    const runs = affordable(found, ({ steps, bytes }) => RUN_COST_US + steps * STEP_COST_US + bytesCost(bytes));
    if (runs.length === 0) return NOTHING;
    const ids = jsonList(runs.map(({ id }) => id));
    for (const deletion of deletions) deletion.run(ids);
    deleteRuns.run(ids);
    return { deleted: runs.length, hasMore: found.length === limit || runs.length < found.length };
  };
}

type EventQuery = { readonly before: number; readonly keepEventIds: readonly string[]; readonly limit: number };
type OldEvent = { readonly id: string; readonly bytes: number };
type Window = { readonly last: number | null; readonly size: number; readonly oldest: number | null };

function eventPurge(connection: Connection): (query: EventQuery) => Part {
  const windowAfter = connection.prepare<Window>(
    `select max(place) as last, count(*) as size, min(received_at) as oldest
     from (select rowid as place, received_at from events where rowid > ? order by rowid limit ${WINDOW})`,
  );
  const old = connection.prepare<OldEvent>(
    `select id, octet_length(body) as bytes from events e where rowid > ? and rowid <= ? and received_at < ?
       and not exists (select 1 from runs where event_id = e.id) and not exists (select 1 from run_events where event_id = e.id)
       and not exists (select 1 from unprocessed_events where event_id = e.id) and not exists (select 1 from batch_events where event_id = e.id)
     order by rowid`,
  );
  const deletions = ["events where id", "event_outcomes where event_id"].map((what) =>
    connection.prepare(`delete from ${what} in (select value from json_each(?))`),
  );
  let place = 0;
  return ({ before, keepEventIds, limit }) => {
    const { last, size, oldest } = windowAfter.get(place) ?? { last: null, size: 0, oldest: null };
    if (last === null || oldest === null || oldest >= before) {
      place = 0;
      return NOTHING;
    }
    const kept = new Set(keepEventIds);
    const found = old.all(place, last, before).filter(({ id }) => !kept.has(id));
    const events = affordable(found.slice(0, limit), ({ bytes }) => EVENT_COST_US + bytesCost(bytes));
    const ids = jsonList(events.map(({ id }) => id));
    if (events.length > 0) for (const deletion of deletions) deletion.run(ids);
    const isWhole = events.length === found.length && events.length < limit;
    if (isWhole) place = size < WINDOW ? 0 : last;
    return { deleted: events.length, hasMore: !isWhole || size === WINDOW };
  };
}

function bytesCost(bytes: number): number {
  return (bytes / PAGE_BYTES) * PAGE_COST_US;
}

/** The first rows, at least one, whose costs are within the bound. */
function affordable<T>(rows: readonly T[], costOf: (row: T) => number): readonly T[] {
  let cost = 0;
  const end = rows.findIndex((row) => {
    cost += costOf(row);
    return cost > COST_MAX_US;
  });
  return end === -1 ? rows : rows.slice(0, Math.max(1, end));
}
