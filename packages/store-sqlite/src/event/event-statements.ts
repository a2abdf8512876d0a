/**
 * The event log.
 *
 * Purpose: append events, mark them processed, read them by id and those left unprocessed.
 * Indexes: `events` by id (unique), `unprocessed_events` by its primary key, `events_received_idx` for the events of a name by when they
 * were received: ids do not tell, because senders may choose the time in them.
 * Plan: insert is two appends; marking deletes one small row and never touches the body; the list of unprocessed events walks
 * `unprocessed_events` in the order of ids and looks each event up.
 */
import type { EventOutcome, EventRow } from "@pawl/engine";
import type { EventSearch } from "@pawl/store";
import type { Connection } from "../connection.ts";
import { flag, jsonList } from "../sql-values.ts";

/** A row of `events` with whether it is unprocessed. */
export type EventRecord = {
  readonly id: string;
  readonly external_id: string | null;
  readonly name: string;
  readonly ts: number;
  readonly received_at: number;
  readonly body: string;
  readonly is_internal: number;
  readonly traceparent: string | null;
  readonly is_unprocessed: number;
};

/** Columns of an `EventRecord`. */
export const EVENT_COLUMNS: string =
  "id, external_id, name, ts, received_at, body, is_internal, traceparent, exists (select 1 from unprocessed_events u where u.event_id = id) as is_unprocessed";

export interface EventStatements {
  insert(event: EventRow): void;
  markProcessed(eventId: string): void;
  insertOutcome(outcome: EventOutcome): void;
  isUnprocessed(eventId: string): boolean;
  /** In the order of ids, after the given one. */
  unprocessed(limit: number, after: string): readonly EventRow[];
  /** Of a name and received between two instants, oldest first. */
  ofName(query: EventSearch): readonly EventRow[];
  byIds(eventIds: readonly string[]): readonly EventRow[];
  /** Bodies of those that are stored, in the order of the ids. */
  bodies(eventIds: readonly string[]): readonly string[];
  outcomes(eventIds: readonly string[]): readonly EventOutcome[];
}

/** Prepares the statements. */
export function eventStatements(connection: Connection): EventStatements {
  const body = connection.prepare<{ body: string }>("select body from events where id = ?");
  const byId = connection.prepare<EventRecord>(`select ${EVENT_COLUMNS} from events where id = ?`);
  const isUnprocessed = connection.prepare("select 1 from unprocessed_events where event_id = ?");
  const unprocessed = connection.prepare<EventRecord>(
    `select ${EVENT_COLUMNS.replace("exists (select 1 from unprocessed_events u where u.event_id = id)", "1")}
     from unprocessed_events join events on id = event_id where event_id > ? order by event_id limit ?`,
  );
  const ofName = connection.prepare<EventRecord>(
    `select ${EVENT_COLUMNS} from events indexed by events_received_idx
     where name = ? and received_at >= ? and received_at <= ? order by received_at, id limit ?`,
  );
  const ofNameAfter = connection.prepare<EventRecord>(
    `select ${EVENT_COLUMNS} from events indexed by events_received_idx
     where name = ? and (received_at, id) > ((select received_at from events where id = ?), ?) and +received_at >= ? and received_at <= ?
     order by received_at, id limit ?`,
  );
  const outcomes = connection.prepare<OutcomeRecord>(
    `select event_id, function_id, reason, detail, at from event_outcomes
     where event_id in (select value from json_each(?)) order by event_id, function_id, reason`,
  );
  return {
    ...eventWrites(connection),
    isUnprocessed: (eventId) => isUnprocessed.get(eventId) !== undefined,
    unprocessed: (limit, after) => unprocessed.all(after, limit).map(eventOf),
    ofName: ({ name, receivedFrom, receivedUntil, after, limit }) =>
      (after === undefined
        ? ofName.all(name, receivedFrom, receivedUntil, limit)
        : ofNameAfter.all(name, after, after, receivedFrom, receivedUntil, limit)
      ).map(eventOf),
    byIds: (eventIds) => eventIds.flatMap((eventId) => byId.all(eventId)).map(eventOf),
    bodies: (eventIds) => eventIds.flatMap((eventId) => body.all(eventId)).map((record) => record.body),
    outcomes: (eventIds) => outcomes.all(jsonList(eventIds)).map(outcomeOf),
  };
}

/** The row of a record. */
export function eventOf(record: EventRecord): EventRow {
  return {
    id: record.id,
    externalId: record.external_id ?? record.id,
    name: record.name,
    ts: record.ts,
    receivedAt: record.received_at,
    body: record.body,
    isInternal: record.is_internal === 1,
    isProcessed: record.is_unprocessed === 0,
    ...(record.traceparent === null ? {} : { traceparent: record.traceparent }),
  };
}

function eventWrites(connection: Connection): Pick<EventStatements, "insert" | "markProcessed" | "insertOutcome"> {
  const insert = connection.prepare(
    `insert into events (id, external_id, name, ts, received_at, body, is_internal, traceparent)
     values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing`,
  );
  const insertUnprocessed = connection.prepare("insert into unprocessed_events (event_id) values (?)");
  const markProcessed = connection.prepare("delete from unprocessed_events where event_id = ?");
  const insertOutcome = connection.prepare(
    "insert into event_outcomes (event_id, function_id, reason, detail, at) values (?, ?, ?, ?, ?) on conflict do nothing",
  );
  return {
    insert: (event) => {
      const { id, externalId, name, ts, receivedAt, body, traceparent = null } = event;
      const stored = insert.run(id, externalId === id ? null : externalId, name, ts, receivedAt, body, flag(event.isInternal), traceparent);
      if (stored.changes === 1 && !event.isProcessed) insertUnprocessed.run(id);
    },
    markProcessed: (eventId) => void markProcessed.run(eventId),
    insertOutcome: ({ eventId, functionId, reason, detail, at }) => void insertOutcome.run(eventId, functionId, reason, detail ?? null, at),
  };
}

type OutcomeRecord = {
  readonly event_id: string;
  readonly function_id: string;
  readonly reason: EventOutcome["reason"];
  readonly detail: string | null;
  readonly at: number;
};

function outcomeOf(record: OutcomeRecord): EventOutcome {
  const { event_id: eventId, function_id: functionId, reason, detail, at } = record;
  return detail === null ? { eventId, functionId, reason, at } : { eventId, functionId, reason, detail, at };
}
