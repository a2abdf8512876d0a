/**
 * Lists of runs and events that match an expression.
 *
 * I1  A page has fewer rows than its limit where the scan came to its bound (scan.ts); `next` then says where to go on.
 *
 * Spec: semantics 11.4.
 */
import { type EventRow, type ExpressionEvent, matchesRun, matchesSearch, type RunRow, type Search } from "@pawl/engine";
import type { EventQuery, RunQuery } from "@pawl/store";
import type { Engine } from "../core/engine.ts";
import { given } from "../json.ts";
import { type Scan, scan } from "./scan.ts";

/** What is read of a list. `next`: the row after which the rest begins; absent: there is none. */
export type Found<T> = { readonly rows: readonly T[]; readonly next?: T };

type Searched = Pick<Engine, "store" | "clock">;
type Parts<T> = Omit<Scan<T>, "onMatch">;

/** A page of the runs that match; without a search, of all that the query names. */
export async function listRuns(engine: Searched, query: RunQuery, search: Search | undefined): Promise<Found<RunRow>> {
  return search === undefined
    ? pageOf(query.limit, (limit) => engine.store.history.listRuns({ ...query, limit }))
    : pageOfScan(scanOfRuns(engine, query, search), query.limit);
}

/** A page of the events that match; without a search, of all that the query names. */
export async function listEvents(engine: Searched, query: EventQuery, search: Search | undefined): Promise<Found<EventRow>> {
  return search === undefined
    ? pageOf(query.limit, (limit) => engine.store.history.listEvents({ ...query, limit }))
    : pageOfScan(scanOfEvents(engine, query, search), query.limit);
}

/** How many runs match, of those that one scan looks at. */
export function countFoundRuns(engine: Searched, query: RunQuery, search: Search): Promise<number> {
  return countOf(scanOfRuns(engine, query, search));
}

/** How many events match, of those that one scan looks at. */
export function countFoundEvents(engine: Searched, query: EventQuery, search: Search): Promise<number> {
  return countOf(scanOfEvents(engine, query, search));
}

/** One row more than asked for shows whether there is a next page. */
async function pageOf<T>(limit: number, read: (limit: number) => Promise<readonly T[]>): Promise<Found<T>> {
  const found = await read(limit + 1);
  const rows = found.slice(0, limit);
  return { rows, ...given("next", found.length > limit ? rows.at(-1) : undefined) };
}

async function pageOfScan<T>(parts: Parts<T>, limit: number): Promise<Found<T>> {
  const rows: T[] = [];
  const next = await scan({ ...parts, onMatch: (row) => rows.push(row) < limit });
  return { rows, ...given("next", next) };
}

async function countOf<T>(parts: Parts<T>): Promise<number> {
  let count = 0;
  await scan({ ...parts, onMatch: () => (count += 1) > 0 });
  return count;
}

function scanOfRuns({ store: { history }, clock }: Searched, query: RunQuery, search: Search): Parts<RunRow> {
  const { timeField } = query;
  return {
    now: () => clock.now(),
    readPage: ({ after, limit }) =>
      history.listRuns({ ...query, limit, ...(after === undefined ? {} : { after: { at: after[timeField] ?? 0, id: after.id } }) }),
    testOf: async (runs) => {
      const ids = search.readsEvent ? runs.flatMap(({ eventIds }) => eventIds[0] ?? []) : [];
      const events = new Map((await history.eventsByIds([...new Set(ids)])).map((event) => [event.id, event]));
      const now = clock.now();
      return (run) => matchesRun(search, { run, event: parsed(events.get(run.eventIds[0] ?? "")), now });
    },
  };
}

function scanOfEvents({ store: { history }, clock }: Searched, query: EventQuery, search: Search): Parts<EventRow> {
  return {
    now: () => clock.now(),
    readPage: ({ after, limit }) => history.listEvents({ ...query, limit, ...(after === undefined ? {} : { after: after.id }) }),
    testOf: async () => {
      const now = clock.now();
      return (event) => matchesSearch(search, { event: parsed(event), now });
    },
  };
}

function parsed(event: EventRow | undefined): ExpressionEvent | undefined {
  return event === undefined ? undefined : (JSON.parse(event.body) as ExpressionEvent);
}
