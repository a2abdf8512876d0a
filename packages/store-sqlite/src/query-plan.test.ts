/** The plans that the headers of the statement modules promise: no scan of a table, no sort of a backlog. */
import { expect, test } from "vitest";
import type { RunQuery } from "@pawl/store";
import { openConnection, type Connection } from "./connection.ts";
import { eventListSql } from "./history/event-list-sql.ts";
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
  expect(all + named).not.toContain("TEMP B-TREE");
  connection.close();
});
