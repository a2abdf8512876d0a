/** The list of events: filters in the URL, order, what an event did in words. */
import { REASONS } from "@pawl/protocol";
import type { UiEventRow } from "@pawl/protocol";
import { pathOf } from "../api/client.ts";
import { countOf } from "../time/format.ts";

const PAGE_ROWS = 100;

export type EventFilters = { readonly name?: string; readonly hasInternal: boolean };

/** Reads the filters from the URL. */
export function eventFiltersOf(query: URLSearchParams): EventFilters {
  const name = query.get("name") ?? "";
  return { hasInternal: query.get("internal") === "true", ...(name === "" ? {} : { name }) };
}

/** Path of a page of the list. */
export function eventsPath({ name, hasInternal }: EventFilters, cursor?: string): string {
  return pathOf("/events", { name, internal: hasInternal ? "true" : undefined, cursor, limit: PAGE_ROWS });
}

/** Newest first. */
export function compareEvents(a: UiEventRow, b: UiEventRow): number {
  return b.receivedAt - a.receivedAt || (a.id < b.id ? 1 : -1);
}

/** What an event did, in a few words. */
export function effectOf(event: UiEventRow): string {
  if (event.runs.length > 0) return countOf(event.runs.length, "run");
  const reason = event.outcomes?.[0]?.reason;
  return reason === undefined ? REASONS["no-function-matched"] : REASONS[reason];
}
