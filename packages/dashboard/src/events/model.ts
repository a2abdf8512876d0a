/** The list of events: filters in the URL, order, and the words for what events did. */
import { REASONS } from "@pawl/protocol";
import type { ReasonCode, RunPhase, UiEventRow } from "@pawl/protocol";
import { pathOf } from "../api/client.ts";
import { phaseOfOutcome } from "../reason/model.ts";
import { phaseOfStatus } from "../status/words.ts";
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

/** What an event did to one function: the run it started, or why it started none. */
export type Effect = {
  readonly functionSlug: string;
  readonly phase: RunPhase;
  readonly runId?: string;
  readonly reason?: ReasonCode;
  readonly detail?: string;
};

/**
 * What an event did, function by function. A skipped run carries the reason that was noted for its function; a hold that has led to a run
 * is over, so the run stands alone.
 */
export function effectsOf(event: UiEventRow): readonly Effect[] {
  const outcomes = event.outcomes ?? [];
  const runs = event.runs.map((run) => {
    const why = run.status === "SKIPPED" ? outcomes.find((each) => each.functionSlug === run.functionSlug) : undefined;
    return { functionSlug: run.functionSlug, phase: phaseOfStatus(run.status), runId: run.id, ...reasonOf(why) };
  });
  const hasRun = new Set(event.runs.map((run) => run.functionSlug));
  const others = outcomes.filter((each) => !hasRun.has(each.functionSlug));
  return [...runs, ...others.map((each) => ({ functionSlug: each.functionSlug, phase: phaseOfOutcome(each.reason), ...reasonOf(each) }))];
}

type Outcome = NonNullable<UiEventRow["outcomes"]>[number];

function reasonOf(outcome: Outcome | undefined): Pick<Effect, "reason" | "detail"> {
  if (outcome === undefined) return {};
  return { reason: outcome.reason, ...(outcome.detail === undefined ? {} : { detail: outcome.detail }) };
}

/** The runs that an event started and that were not skipped. */
export function startedBy(event: UiEventRow): UiEventRow["runs"] {
  return event.runs.filter((run) => run.status !== "SKIPPED");
}

/** The answer to “did my events do something?”, about the events that are loaded. */
export function eventsSentence(events: readonly UiEventRow[], hasMore: boolean): string {
  if (events.length === 0) return "No events.";
  const started = events.reduce((sum, event) => sum + startedBy(event).length, 0);
  const idle = events.filter((event) => startedBy(event).length === 0).length;
  const which = `${hasMore ? "the newest " : ""}${countOf(events.length, "event")}`;
  const sentence = `${which} started ${started === 0 ? "no run" : countOf(started, "run")}`;
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}${idle === 0 || started === 0 ? "" : `; ${idle} started none`}.`;
}
