/**
 * Deletes what has become old, a little at a time.
 *
 * Indexes: `runs_ended_idx` for runs in the order of their ends; the primary key of `events` for events in the order of arrival (ids are
 * ULIDs of the time of receipt); `cells_expires_idx`.
 * Plan: at most `limit` rows of each kind, each with its own by primary key range; no scan of what is kept but events of runs that stay.
 */
import type { Purge, Purged } from "@pawl/store";
import type { Connection } from "../connection.ts";
import { jsonList } from "../sql-values.ts";

export interface PurgeStatements {
  purge(query: Purge): Purged;
}

const OF_RUN = ["steps", "attempts", "defers", "metadata", "run_events"] as const;

/** Prepares the statements. */
export function purgeStatements(connection: Connection): PurgeStatements {
  const oldRuns = connection.prepare<{ id: string }>("select id from runs where ended_at < ? order by ended_at, id limit ?");
  const deletions = OF_RUN.map((table) => `delete from ${table} where run_id in (select value from json_each(?))`).map((sql) =>
    connection.prepare(sql),
  );
  const deleteRuns = connection.prepare("delete from runs where id in (select value from json_each(?))");
  const oldEvents = connection.prepare<{ id: string }>(
    `select id from events e where received_at < ?
       and not exists (select 1 from runs where event_id = e.id) and not exists (select 1 from run_events where event_id = e.id)
       and not exists (select 1 from unprocessed_events where event_id = e.id) and not exists (select 1 from batch_events where event_id = e.id)
       and id not in (select value from json_each(?)) and id > ? order by id limit ?`,
  );
  const deleteEvents = connection.prepare("delete from events where id in (select value from json_each(?))");
  const deleteOutcomes = connection.prepare("delete from event_outcomes where event_id in (select value from json_each(?))");
  const deleteCells = connection.prepare(
    "delete from cells where key in (select key from cells where expires_at < ? order by expires_at limit ?)",
  );
  const begin = connection.prepare("begin immediate");
  const commit = connection.prepare("commit");
  const rollback = connection.prepare("rollback");
  const purgeRuns = (before: number, limit: number): number => {
    const ids = oldRuns.all(before, limit).map(({ id }) => id);
    if (ids.length === 0) return 0;
    for (const deletion of deletions) deletion.run(jsonList(ids));
    deleteRuns.run(jsonList(ids));
    return ids.length;
  };
  const purgeEvents = (before: number, { keepEventIds = [], limit }: Purge): number => {
    const ids = oldEvents.all(before, jsonList(keepEventIds), "", limit).map(({ id }) => id);
    if (ids.length === 0) return 0;
    deleteEvents.run(jsonList(ids));
    deleteOutcomes.run(jsonList(ids));
    return ids.length;
  };
  return {
    purge: (query) => {
      const { runsBefore, eventsBefore, cellsBefore, limit } = query;
      begin.run();
      try {
        const runs = runsBefore === undefined ? 0 : purgeRuns(runsBefore, limit);
        const events = eventsBefore === undefined ? 0 : purgeEvents(eventsBefore, query);
        const cells = cellsBefore === undefined ? 0 : Number(deleteCells.run(cellsBefore, limit).changes);
        commit.run();
        return { runs, events, cells };
      } catch (error) {
        if (connection.isInTransaction()) rollback.run();
        throw error;
      }
    },
  };
}
