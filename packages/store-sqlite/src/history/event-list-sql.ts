/**
 * The SQL of lists of events.
 *
 * Indexes: `events_name_idx` for one name, else the ids. Plan: ids from the newest on, each row looked up; times are filtered.
 */
import type { EventCount, EventQuery } from "@pawl/store";
import type { SqlValue } from "../connection.ts";
import { EVENT_COLUMNS } from "../event/event-statements.ts";
import { jsonList } from "../sql-values.ts";
import type { SqlQuery } from "./run-list-sql.ts";

/** A page of events, newest first. */
export function eventListSql(query: EventQuery): SqlQuery {
  const { where, values } = whereOf(query);
  return { sql: `select ${EVENT_COLUMNS} from events${where} order by id desc limit ?`, values: [...values, query.limit] };
}

/** How many events match, at most `max`. The one column is `n`. From the newest on, as they are what is mostly asked for. */
export function eventCountSql({ max, ...query }: EventCount): SqlQuery {
  const { where, values } = whereOf(query);
  return { sql: `select count(*) as n from (select 1 from events${where} order by id desc limit ?)`, values: [...values, max] };
}

function whereOf(query: Omit<EventQuery, "limit">): { readonly where: string; readonly values: readonly SqlValue[] } {
  const conditions: string[] = [];
  const values: SqlValue[] = [];
  const add = (sql: string, ...given: SqlValue[]): void => {
    conditions.push(sql);
    values.push(...given);
  };
  if (query.names?.length === 1) add("name = ?", query.names[0] ?? "");
  else if (query.names !== undefined) add("+name in (select value from json_each(?))", jsonList(query.names));
  if (!query.includeInternal) add("is_internal = 0");
  if (query.receivedFrom !== undefined) add("received_at >= ?", query.receivedFrom);
  if (query.receivedUntil !== undefined) add("received_at < ?", query.receivedUntil);
  if (query.after !== undefined) add("id < ?", query.after);
  return { where: conditions.length === 0 ? "" : ` where ${conditions.join(" and ")}`, values };
}
