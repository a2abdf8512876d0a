/** The list of events: filters in the URL, order, and the words for what events did. */
import { REASONS } from "@pawl/protocol";
import type { UiEventRow } from "@pawl/protocol";
import { pathOf } from "../api/client.ts";
import { countOf } from "../time/format.ts";

/** Two screenfuls. */
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

/** Why an event started no run, in the protocol's words; of several reasons the first. */
export function reasonWords(event: UiEventRow): string {
  return REASONS[event.outcomes?.[0]?.reason ?? "no-function-matched"];
}

/** The answer to “did my events do something?”, about the events that are loaded. */
export function eventsSentence(events: readonly UiEventRow[], hasMore: boolean): string {
  if (events.length === 0) return "No events.";
  const started = events.reduce((sum, event) => sum + event.runs.length, 0);
  const idle = events.filter((event) => event.runs.length === 0).length;
  const which = `${hasMore ? "the newest " : ""}${countOf(events.length, "event")}`;
  const sentence = `${which} started ${started === 0 ? "no run" : countOf(started, "run")}`;
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}${idle === 0 || started === 0 ? "" : `; ${idle} started none`}.`;
}
