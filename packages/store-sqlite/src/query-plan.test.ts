/** The plans that the headers of the statement modules promise: no scan of a table, no sort of a backlog. */
import { expect, test } from "vitest";
import type { RunQuery } from "@pawl/store";
import { openConnection, type Connection } from "./connection.ts";
import { eventCountSql, eventListSql } from "./history/event-list-sql.ts";
import { runCountSql, runListSql } from "./history/run-list-sql.ts";
import { migrate } from "./migrate.ts";
import { prepareStatements } from "./statements.ts";

/** A connection that notes every statement prepared on it. */
function recordingConnection(): { readonly connection: Connection; readonly statements: string[] } {
  const connection = openConnection(":memory:", 0);
  migrate(connection, ":memory:");
  const statements: string[] = [];
  const prepare: Connection["prepare"] = (sql) => {
    statements.push(sql);
    return connection.prepare(sql);
  };
  return { connection: { ...connection, prepare }, statements };
}

function planOf(connection: Connection, sql: string): string {
  const steps = connection.prepare<{ detail: string }>(`explain query plan ${sql}`).all();
  return steps.map(({ detail }) => detail).join("; ");
}

/** Reads of the whole registry, of whatever is unprocessed, and the look into a lane with what is not due: they scan by intent. */
const SCANS_ALLOWED = /from apps|from functions|from unprocessed_events|where lane = \?/;

test("every statement of decisions searches an index, and sorts nothing but the rows of one run", () => {
  const { connection, statements } = recordingConnection();
  prepareStatements(connection);
  const planned = statements.map((sql) => ({ sql, plan: planOf(connection, sql) }));
  const scans = planned.filter(({ sql, plan }) => /SCAN \w+(?! (USING|VIRTUAL))\b/.test(plan) && !SCANS_ALLOWED.test(sql));
  const sorts = planned.filter(({ sql, plan }) => plan.includes("TEMP B-TREE") && !/run_id = \?|where lane/.test(sql));
  expect([...scans, ...sorts]).toEqual([]);
  connection.close();
});

test.each([
  [{}, "runs_queued_idx"],
  [{ statuses: ["RUNNING"] }, "runs_live_idx"],
  [{ statuses: ["RUNNING", "FAILED"] }, "runs_queued_idx"],
  [{ functionIds: ["a"] }, "runs_function_idx"],
  [{ live: true }, "runs_live_idx"],
  [{ live: false, hasStarted: true }, "runs_queued_idx"],
  [{ live: true, functionIds: ["a"], hasStarted: false }, "runs_function_live_idx"],
  [{ bulkId: "b", statuses: ["FAILED"] }, "runs_bulk_idx"],
  [{ isDeferred: true }, "runs_queued_idx"],
  [{ functionIds: ["a", "b"], appIds: ["c"], eventName: "d" }, "runs_queued_idx"],
] as const)("a list of runs with %o is read in the order of %s", (filter, index) => {
  const { connection } = recordingConnection();
  const query: RunQuery = { filter: { ...filter, from: 1 }, timeField: "queuedAt", order: "desc", after: { at: 1, id: "x" }, limit: 10 };
  for (const { sql } of [runListSql(query), runCountSql({ ...query, max: 10 })]) {
    expect(planOf(connection, sql)).toContain(index);
    expect(planOf(connection, sql)).not.toContain("TEMP B-TREE");
  }
  connection.close();
});

test.each([
  ["from cells where kind = ?", "SEARCH cells USING INDEX cells_kind_idx (kind=? AND key>?)"],
  ["select version from cells where key = ?", "SEARCH cells USING PRIMARY KEY (key=?)"],
  ["delete from cells where key in", "cells_expires_idx (expires_at<?)"],
  ["select event_id from batch_events", "SEARCH batch_events USING PRIMARY KEY (batch_id=?)"],
  ["from defers where run_id = ?", "SEARCH defers USING PRIMARY KEY (run_id=?)"],
  ["from metadata where run_id = ?", "SEARCH metadata USING PRIMARY KEY (run_id=?)"],
  ["where name = ? and received_at", "SEARCH events USING INDEX events_received_idx (name=? AND received_at>? AND received_at<?)"],
  ["where name = ? and (received_at, id)", "SEARCH events USING INDEX events_received_idx (name=? AND (received_at,id)>(?,?)"],
  ["where ended_at < ?", "SEARCH runs USING INDEX runs_ended_idx (ended_at<?)"],
  ["max(place)", "SEARCH events USING INTEGER PRIMARY KEY (rowid>?)"],
  ["octet_length(body)", "SEARCH e USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"],
  ["octet_length(body)", "SEARCH batch_events USING COVERING INDEX batch_events_event_idx (event_id=?)"],
  ["delete from run_events", "run_events_run_idx (run_id=?)"],
])("the statement with %j is planned as %j", (part, step) => {
  const { connection, statements } = recordingConnection();
  prepareStatements(connection);
  const found = statements.filter((sql) => sql.includes(part));
  expect(found).toHaveLength(1);
  expect(planOf(connection, found[0] ?? "")).toContain(step);
  connection.close();
});

test("lists by start and end use their indexes, and a prefix searches ids", () => {
  const { connection } = recordingConnection();
  const query: RunQuery = { filter: {}, timeField: "endedAt", order: "asc", limit: 10 };
  expect(planOf(connection, runListSql(query).sql)).toContain("runs_ended_idx");
  expect(planOf(connection, runListSql({ ...query, timeField: "startedAt" }).sql)).toContain("runs_started_idx");
  expect(planOf(connection, runListSql({ ...query, timeField: "queuedAt", filter: { idPrefix: "01" } }).sql)).toContain(
    "sqlite_autoindex_runs_1",
  );
  connection.close();
});

test("lists of events are read in the order of ids", () => {
  const { connection } = recordingConnection();
  const all = planOf(connection, eventListSql({ includeInternal: false, after: "x", limit: 10 }).sql);
  expect(all).toContain("sqlite_autoindex_events_1");
  const named = planOf(connection, eventListSql({ includeInternal: true, names: ["a"], limit: 10 }).sql);
  expect(named).toContain("events_name_idx");
  const counted = planOf(connection, eventCountSql({ includeInternal: true, names: ["a"], max: 10 }).sql);
  expect(counted).toContain("events_name_idx");
  const countedAll = planOf(connection, eventCountSql({ includeInternal: false, receivedFrom: 1, max: 10 }).sql);
  expect(countedAll).toContain("sqlite_autoindex_events_1");
  expect(all + named + counted + countedAll).not.toContain("TEMP B-TREE");
  connection.close();
});
