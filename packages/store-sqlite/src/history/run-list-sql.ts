/**
 * The SQL of lists of runs.
 *
 * Indexes: one of `runs_queued_idx`, `runs_started_idx`, `runs_ended_idx` (in the order of the list, so that a page stops after its last
 * row), `runs_function_idx` for one function, `runs_live_idx` and `runs_function_live_idx` for runs that have not ended, `runs_bulk_idx`
 * for those of a bulk operation; by id for a prefix. SQLite keeps no statistics here, so the index is named and the other conditions are
 * hidden from the planner with a unary plus.
 * Plan: a range of one index, newest first, each row looked up; a filter that few of many runs pass reads all of the range.
 */
import { DEFERRED_SCHEDULE } from "@pawl/engine";
import type { RunFilter, RunQuery, RunTimeField } from "@pawl/store";
import type { SqlValue } from "../connection.ts";
import { jsonList } from "../sql-values.ts";
import { RUN_COLUMNS } from "../run/run-record.ts";

export type SqlQuery = { readonly sql: string; readonly values: readonly SqlValue[] };

type Scope = { readonly filter: RunFilter; readonly timeField: RunTimeField };
type Clause = { readonly sql: string; readonly values: readonly SqlValue[] };

/** A page of runs. */
export function runListSql(query: RunQuery): SqlQuery {
  const column = TIME_COLUMNS[query.timeField];
  const clauses = clausesOf(query);
  if (query.after !== undefined) {
    const comparison = query.order === "asc" ? ">" : "<";
    clauses.push({ sql: `(${column}, id) ${comparison} (?, ?)`, values: [query.after.at, query.after.id] });
  }
  return {
    sql: `select ${RUN_COLUMNS} from ${sourceOf(query)}${whereOf(clauses)} order by ${column} ${query.order}, id ${query.order} limit ?`,
    values: [...clauses.flatMap(({ values }) => values), query.limit],
  };
}

/** How many runs match, at most `max`. The one column is `n`. */
export function runCountSql(query: Scope & { readonly max: number }): SqlQuery {
  const clauses = clausesOf(query);
  return {
    sql: `select count(*) as n from (select 1 from ${sourceOf(query)}${whereOf(clauses)} limit ?)`,
    values: [...clauses.flatMap(({ values }) => values), query.max],
  };
}

const TIME_COLUMNS = { queuedAt: "queued_at", startedAt: "started_at", endedAt: "ended_at" } as const;
const TIME_INDEXES = { queuedAt: "runs_queued_idx", startedAt: "runs_started_idx", endedAt: "runs_ended_idx" } as const;

function sourceOf(scope: Scope): string {
  return scope.filter.idPrefix === undefined ? `runs indexed by ${indexOf(scope)}` : "runs";
}

function indexOf(scope: Scope): string {
  if (scope.timeField !== "queuedAt") return TIME_INDEXES[scope.timeField];
  if (scope.filter.bulkId !== undefined) return "runs_bulk_idx";
  if (scope.filter.functionIds?.length === 1) return isLiveOnly(scope.filter) ? "runs_function_live_idx" : "runs_function_idx";
  return isLiveOnly(scope.filter) ? "runs_live_idx" : "runs_queued_idx";
}

function isLiveOnly({ live, statuses }: RunFilter): boolean {
  return live ?? statuses?.every((status) => status === "QUEUED" || status === "RUNNING") ?? false;
}

function whereOf(clauses: readonly Clause[]): string {
  return clauses.length === 0 ? "" : ` where ${clauses.map(({ sql }) => sql).join(" and ")}`;
}

function clausesOf({ filter, timeField }: Scope): Clause[] {
  const column = TIME_COLUMNS[timeField];
  const clauses: Clause[] = [];
  const add = (sql: string, ...values: SqlValue[]): void => void clauses.push({ sql, values });
  if (timeField !== "queuedAt") add(`${column} is not null`);
  if (filter.from !== undefined) add(`${column} >= ?`, filter.from);
  if (filter.until !== undefined) add(`${column} < ?`, filter.until);
  if (isLiveOnly(filter)) add("status in ('QUEUED', 'RUNNING')");
  if (filter.live === false) add("+status not in ('QUEUED', 'RUNNING')");
  if (filter.hasStarted !== undefined) add(`+started_at is ${filter.hasStarted ? "not null" : "null"}`);
  if (filter.statuses !== undefined) add(`+status in ${ANY_OF}`, jsonList(filter.statuses));
  if (filter.functionIds?.length === 1) add("function_id = ?", filter.functionIds[0] ?? "");
  else if (filter.functionIds !== undefined) add(`+function_id in ${ANY_OF}`, jsonList(filter.functionIds));
  if (filter.appIds !== undefined) add(`+app_id in ${ANY_OF}`, jsonList(filter.appIds));
  if (filter.bulkId !== undefined) add("bulk_id = ?", filter.bulkId);
  if (filter.isDeferred !== undefined) add(`+event_name ${filter.isDeferred ? "=" : "<>"} ?`, DEFERRED_SCHEDULE);
  if (filter.eventName !== undefined) add("+event_name = ?", filter.eventName);
  if (filter.idPrefix !== undefined) addPrefix(add, filter.idPrefix.toUpperCase());
  return clauses;
}

const ANY_OF = "(select value from json_each(?))";

/** Ids are in upper case. The last code point comes after every character of an id. */
function addPrefix(add: (sql: string, ...values: SqlValue[]) => void, prefix: string): void {
  add("id >= ? and id < ?", prefix, `${prefix}\u{10ffff}`);
}
