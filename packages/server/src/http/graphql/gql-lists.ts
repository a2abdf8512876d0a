/**
 * GraphQL's lists of runs and events.
 *
 * I1  With `query`, a page may be short or empty though there is a next one: a request looks at a bounded number of rows (search/scan.ts),
 *     and `endCursor` is where it came to. `totalCount` then counts what one such look from the beginning of the list finds.
 *
 * Spec: wire 12.1; semantics 11.4.
 */
import { compileSearch, type Search, type SearchOver } from "@pawl/engine";
import { isUlid, type RunStatus } from "@pawl/protocol";
import type { EventQuery, RunQuery, RunTimeField } from "@pawl/store";
import { given } from "../../json.ts";
import { countFoundEvents, countFoundRuns, type Found, listEvents, listRuns } from "../../search/search-lists.ts";
import { parseRfc3339 } from "../rest/identity.ts";
import { parseJson } from "../ui/stored-json.ts";
import { gqlInvalid } from "./gql-refusal.ts";
import type { GqlRequest } from "./gql-request.ts";
import { eventV2Object, runObject } from "./run-objects.ts";

/** Nodes of one page, whatever is asked for. */
const PAGE_MAX = 400;

/** Bound of a total; above it, the bound is told. */
const COUNTED_MAX = 10_000;

/** Arguments of `runs`. */
export type RunsArguments = {
  readonly first: number;
  readonly after?: string | null;
  readonly orderBy: readonly { readonly field: TimeFieldName; readonly direction: "ASC" | "DESC" }[];
  readonly filter: {
    readonly from: unknown;
    readonly until?: unknown;
    readonly timeField?: TimeFieldName | null;
    readonly status?: readonly RunStatus[] | null;
    readonly functionIDs?: readonly string[] | null;
    readonly appIDs?: readonly string[] | null;
    readonly isDeferred?: boolean | null;
    readonly query?: string | null;
  };
};

type TimeFieldName = "QUEUED_AT" | "STARTED_AT" | "ENDED_AT";

const TIME_FIELD: Readonly<Record<TimeFieldName, RunTimeField>> = { QUEUED_AT: "queuedAt", STARTED_AT: "startedAt", ENDED_AT: "endedAt" };

/** A page of runs. */
export async function runsConnection(request: GqlRequest, args: RunsArguments): Promise<unknown> {
  const { engine } = request.context;
  const query = readRunsArguments(args);
  const search = searchOf(args.filter.query, "runs");
  return connection(await listRuns(engine, query, search), {
    hasPrevious: query.after !== undefined,
    node: (run) => runObject(request, run),
    cursor: (run) => Buffer.from(JSON.stringify([run[query.timeField] ?? 0, run.id])).toString("base64"),
    totalCount: () => countRuns(request, query, search),
  });
}

function countRuns({ context: { engine } }: GqlRequest, query: RunQuery, search: Search | undefined): Promise<number> {
  const { after: _, ...whole } = query;
  const { filter, timeField } = query;
  return search === undefined
    ? engine.store.history.countRuns({ filter, timeField, max: COUNTED_MAX })
    : countFoundRuns(engine, whole, search);
}

function readRunsArguments({ first, after, orderBy, filter }: RunsArguments): RunQuery {
  const [order] = orderBy;
  const timeField = TIME_FIELD[order?.field ?? "QUEUED_AT"];
  if (filter.timeField !== undefined && filter.timeField !== null && TIME_FIELD[filter.timeField] !== timeField && order !== undefined)
    throw gqlInvalid("Runs are ordered by the time that they are filtered by: use the same field for both.");
  return {
    timeField,
    order: order?.direction === "ASC" ? "asc" : "desc",
    limit: pageSize(first),
    ...given("after", placeOf(after ?? undefined)),
    filter: {
      from: instantOf("from", filter.from),
      ...given("until", filter.until === undefined || filter.until === null ? undefined : instantOf("until", filter.until)),
      ...given("statuses", filter.status ?? undefined),
      ...given("functionIds", filter.functionIDs ?? undefined),
      ...given("appIds", filter.appIDs ?? undefined),
      ...given("isDeferred", filter.isDeferred ?? undefined),
    },
  };
}

/** Arguments of `eventsV2`. */
export type EventsArguments = {
  readonly first: number;
  readonly after?: string | null;
  readonly filter: {
    readonly eventNames?: readonly string[] | null;
    readonly from: unknown;
    readonly until?: unknown;
    readonly includeInternalEvents: boolean;
    readonly query?: string | null;
  };
};

/** A page of events. */
export async function eventsConnection(request: GqlRequest, args: EventsArguments): Promise<unknown> {
  const { engine } = request.context;
  const { after, filter } = args;
  if (after !== undefined && after !== null && !isUlid(after)) throw badCursor();
  const search = searchOf(filter.query, "events");
  const whole: EventQuery = {
    ...given("names", filter.eventNames === null || filter.eventNames?.length === 0 ? undefined : filter.eventNames),
    includeInternal: filter.includeInternalEvents,
    receivedFrom: instantOf("from", filter.from),
    ...given("receivedUntil", filter.until === undefined || filter.until === null ? undefined : instantOf("until", filter.until)),
    limit: pageSize(args.first),
  };
  return connection(await listEvents(engine, { ...whole, ...given("after", after ?? undefined) }, search), {
    hasPrevious: after !== undefined && after !== null,
    node: (event) => eventV2Object(request, event),
    cursor: ({ id }) => id,
    totalCount: () => countEvents(request, whole, search),
  });
}

function countEvents({ context: { engine } }: GqlRequest, whole: EventQuery, search: Search | undefined): Promise<number> {
  const { limit: _, ...scope } = whole;
  return search === undefined ? engine.store.history.countEvents({ ...scope, max: COUNTED_MAX }) : countFoundEvents(engine, whole, search);
}

/** The expression of `query`; none for an empty one. */
function searchOf(source: string | null | undefined, over: SearchOver): Search | undefined {
  if (source === undefined || source === null || source.trim() === "") return undefined;
  const compiled = compileSearch(source, over);
  if (compiled.kind === "invalid") throw gqlInvalid(`query is no valid expression: ${compiled.message}.`);
  return compiled.search;
}

/** What a page is made of. */
export type ConnectionParts<T> = {
  readonly hasPrevious: boolean;
  readonly node: (row: T) => unknown;
  readonly cursor: (row: T) => string;
  readonly totalCount: () => unknown;
};

/** A page with its cursors. */
export function connection<T>({ rows, next }: Found<T>, { hasPrevious, node, cursor, totalCount }: ConnectionParts<T>): unknown {
  const edges = rows.map((row) => ({ node: node(row), cursor: cursor(row) }));
  return {
    edges,
    pageInfo: {
      hasNextPage: next !== undefined,
      hasPreviousPage: hasPrevious,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: next === undefined ? (edges.at(-1)?.cursor ?? null) : cursor(next),
    },
    totalCount,
  };
}

/** The length of a page; refuses less than 1. */
export function pageSize(first: number): number {
  if (first < 1) throw gqlInvalid("first must be at least 1.");
  return Math.min(first, PAGE_MAX);
}

/** Milliseconds since the epoch; refuses what is no time, by the argument's name. */
export function instantOf(name: string, value: unknown): number {
  const at = typeof value === "string" ? parseRfc3339(value) : undefined;
  if (at === undefined) throw gqlInvalid(`${name} must be a time such as 2026-01-31T12:00:00Z.`);
  return at;
}

function placeOf(cursor: string | undefined): RunQuery["after"] {
  if (cursor === undefined || cursor === "") return undefined;
  const parsed = parseJson(Buffer.from(cursor, "base64").toString("utf8"));
  const [at, id] = Array.isArray(parsed) ? (parsed as readonly unknown[]) : [];
  if (typeof at !== "number" || typeof id !== "string") throw badCursor();
  return { at, id };
}

/** Refuses a cursor. */
export function badCursor(): Error {
  return gqlInvalid("The cursor is not one that this server gave; begin again without one.");
}
