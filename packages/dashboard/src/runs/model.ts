/**
 * The list of runs: filters as they stand in the URL, which live rows pass them, and the sentence above the list.
 *
 * M1  A live row passes exactly the filters that the server applies, except a text search, which only the server can do in full.
 *
 * Spec: dashboard 2.3, 2.14.
 */
import { RUN_PHASES, RUN_STATUSES } from "@pawl/protocol";
import type { RunPhase, RunStatus, UiRunRow } from "@pawl/protocol";
import { pathOf } from "../api/client.ts";
import { countOf } from "../time/format.ts";

export type RunFilters = {
  readonly statuses: readonly RunStatus[];
  readonly functionSlug?: string;
  readonly appName?: string;
  readonly eventName?: string;
  /** Start of the time range in milliseconds since the epoch. */
  readonly from?: number;
  readonly search?: string;
};

/** Time ranges on offer: the code in the URL, the words, the length. */
export const TIME_RANGES: readonly { readonly code: string; readonly words: string; readonly ms: number }[] = [
  { code: "15m", words: "Last 15 min", ms: 900_000 },
  { code: "1h", words: "Last hour", ms: 3_600_000 },
  { code: "24h", words: "Last 24 h", ms: 86_400_000 },
  { code: "3d", words: "Last 3 days", ms: 259_200_000 },
  { code: "7d", words: "Last 7 days", ms: 604_800_000 },
  { code: "30d", words: "Last 30 days", ms: 2_592_000_000 },
];

/** Rows per page. Two screenfuls: the first page arrives fast and the second is asked for before it is needed. */
const PAGE_ROWS = 100;

/** Reads the filters from the URL; what can't be understood is left out. */
export function filtersOf(query: URLSearchParams, now: number): RunFilters {
  const wanted = new Set((query.get("status") ?? "").toUpperCase().split(","));
  const range = TIME_RANGES.find((each) => each.code === query.get("since"));
  return {
    statuses: RUN_STATUSES.filter((status) => wanted.has(status)),
    ...optional("functionSlug", query.get("function")),
    ...optional("appName", query.get("app")),
    ...optional("eventName", query.get("event")),
    ...optional("search", query.get("q")?.trim()),
    ...(range === undefined ? {} : { from: now - range.ms }),
  };
}

/** True when any filter is set. */
export function isFiltered(filters: RunFilters): boolean {
  return filters.statuses.length > 0 || Object.keys(filters).length > 1;
}

/** True for the view of failed runs, which offers to run them again. */
export function areFailedOnly({ statuses }: RunFilters): boolean {
  return statuses.length === 1 && statuses[0] === "FAILED";
}

/** The address of the view of failed runs, with the other filters as they are. */
export function failedPath(query: URLSearchParams): string {
  const next = new URLSearchParams(query);
  next.set("status", "FAILED");
  return `/runs?${next.toString()}`;
}

/** Path of a page of the list. */
export function runsPath(filters: RunFilters, cursor?: string): string {
  return pathOf("/runs", {
    status: filters.statuses.join(","),
    function: filters.functionSlug,
    app: filters.appName,
    event: filters.eventName,
    from: filters.from,
    q: filters.search,
    cursor,
    limit: PAGE_ROWS,
  });
}

/** True when a row of the stream belongs into the list. Keeps M1: with a text search, a new row must show the text itself. */
export function passes(filters: RunFilters, row: UiRunRow): boolean {
  if (filters.statuses.length > 0 && !filters.statuses.includes(row.status)) return false;
  if (filters.functionSlug !== undefined && filters.functionSlug !== row.functionSlug) return false;
  if (filters.appName !== undefined && filters.appName !== row.appName) return false;
  if (filters.eventName !== undefined && filters.eventName !== row.eventName) return false;
  if (filters.from !== undefined && row.queuedAt < filters.from) return false;
  const search = filters.search?.toLowerCase();
  if (search === undefined) return true;
  return [row.id, row.functionSlug, row.functionName, row.eventName, row.eventId].some((text) => text.toLowerCase().includes(search));
}

/** Newest first; runs queued in the same millisecond by id. */
export function compareRuns(a: UiRunRow, b: UiRunRow): number {
  return b.queuedAt - a.queuedAt || (a.id < b.id ? 1 : -1);
}

/** The statuses in the URL after one of them was switched on or off. */
export function toggleStatus(statuses: readonly RunStatus[], status: RunStatus): string {
  return RUN_STATUSES.filter((each) => statuses.includes(each) !== (each === status)).join(",");
}

/** How many of the rows are in each phase, in the order of the phases, without the empty ones. */
export function tallyPhases(rows: readonly UiRunRow[]): readonly { readonly phase: RunPhase; readonly count: number }[] {
  const counts = new Map<RunPhase, number>();
  for (const row of rows) counts.set(row.phase, (counts.get(row.phase) ?? 0) + 1);
  return RUN_PHASES.map((phase) => ({ phase, count: counts.get(phase) ?? 0 })).filter((each) => each.count > 0);
}

/** What the list is: whether older runs are left out, and whether only failed ones were asked for. */
export type Listed = { readonly hasMore: boolean; readonly isFailedOnly: boolean };

/** The answer to “is anything wrong?”, about the rows that are loaded. */
export function sentenceOf(rows: readonly UiRunRow[], { hasMore, isFailedOnly }: Listed): string {
  if (rows.length === 0) return isFailedOnly ? "No failed runs." : "No runs.";
  if (isFailedOnly) return `${hasMore ? "The newest " : ""}${countOf(rows.length, "failed run")}.`;
  const count = (phase: RunPhase): number => rows.filter((row) => row.phase === phase).length;
  const failed = count("failed");
  const retrying = count("retrying");
  const which = hasMore ? `the newest ${countOf(rows.length, "run")}` : countOf(rows.length, "run");
  if (failed > 0) return `${failed === rows.length ? "All" : failed.toLocaleString("en-US")} of ${which} failed.`;
  if (retrying > 0) return `${countOf(retrying, "run")} ${retrying === 1 ? "is" : "are"} retrying; none of ${which} failed.`;
  return `All well: none of ${which} failed.`;
}

function optional<K extends string>(name: K, text: string | null | undefined): { readonly [key in K]?: string } {
  return (text === null || text === undefined || text === "" ? {} : { [name]: text }) as { readonly [key in K]?: string };
}
