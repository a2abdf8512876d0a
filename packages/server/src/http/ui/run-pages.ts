/** Reads pages of runs and events: rows out of the store, and what else their views need. */
import { isTerminalStatus, type UiEventList, type UiEventRow, type UiRunDetail, type UiRunList } from "@pawl/protocol";
import type { EventRow, Search } from "@pawl/engine";
import type { EventQuery, RunQuery } from "@pawl/store";
import { given } from "../../json.ts";
import { listEvents, listRuns } from "../../search/search-lists.ts";
import type { ServerContext } from "../context.ts";
import { eventView } from "./event-view.ts";
import { cursorOf } from "./list-query.ts";
import { factsOfRun, factsOfRuns, type RunFacts } from "./run-facts.ts";
import { runDetailView, runView } from "./run-view.ts";
import { stepOptions } from "./step-options.ts";

/** Runs of the invoked function that are looked through for the one that a step waits for. */
const INVOKED_SCANNED_MAX = 50;

/** Invoke steps of one run whose run is looked for. */
const INVOKES_RESOLVED_MAX = 20;

/** A page of runs. With a search it may be short, or empty, though there is a next one. */
export async function readRuns(context: ServerContext, query: RunQuery, search?: Search): Promise<UiRunList> {
  const { rows, next } = await listRuns(context.engine, query, search);
  const facts = await factsOfRuns(context, rows);
  return { items: facts.map(runView), ...given("next", next && cursorOf(next)) };
}

/** One run with all that belongs to it; undefined where there is none. */
export async function readRun(context: ServerContext, runId: string): Promise<UiRunDetail | undefined> {
  const facts = await factsOfRun(context, runId);
  if (facts === undefined) return undefined;
  const { events } = facts;
  const [runsOfEvents, invoked] = await Promise.all([
    context.engine.store.history.runsOfEvents(events.map(({ id }) => id)),
    runsInvokedBy(context, facts),
  ]);
  return runDetailView(facts, { events, runsOfEvents, invoked, slugOf: (id) => slugOf(context, id) });
}

/** A page of events, as `readRuns` gives runs. */
export async function readEvents(context: ServerContext, query: EventQuery, search?: Search): Promise<UiEventList> {
  const { rows, next } = await listEvents(context.engine, query, search);
  return { items: await eventViews(context, rows), ...given("next", next?.id) };
}

/** One event; undefined where none has the id. */
export async function readEvent(context: ServerContext, eventId: string): Promise<UiEventRow | undefined> {
  const event = await context.engine.store.history.eventById(eventId);
  return event === undefined ? undefined : (await eventViews(context, [event]))[0];
}

async function eventViews(context: ServerContext, events: readonly EventRow[]): Promise<readonly UiEventRow[]> {
  if (events.length === 0) return [];
  const { history } = context.engine.store;
  const ids = events.map(({ id }) => id);
  const [runsOfEvents, outcomes] = await Promise.all([history.runsOfEvents(ids), history.outcomesOfEvents(ids)]);
  return events.map((event) => eventView(event, { runsOfEvents, outcomes, slugOf: (id) => slugOf(context, id) }));
}

/** Slug of a function, or its id where it is gone. */
function slugOf({ engine }: ServerContext, functionId: string): string {
  return engine.registry.functionById(functionId)?.slug ?? functionId;
}

/** Runs that invoke steps wait for, by step hash: the step notes its run only at the end, so the run is found by who waits for it. */
export async function runsInvokedBy(
  { engine }: ServerContext,
  { run, steps }: Pick<RunFacts, "run" | "steps">,
): Promise<ReadonlyMap<string, string>> {
  if (isTerminalStatus(run.status)) return new Map();
  const waiting = steps.filter(({ kind, status }) => kind === "invoke" && status === "waiting").slice(0, INVOKES_RESOLVED_MAX);
  const pairs = await Promise.all(
    waiting.map(async (step) => {
      const target = engine.registry.invocable(stepOptions(step).function_id ?? "");
      if (target === undefined) return [];
      const filter = { functionIds: [target.id], from: step.queuedAt };
      const runs = await engine.store.history.listRuns({ filter, timeField: "queuedAt", order: "asc", limit: INVOKED_SCANNED_MAX });
      const found = runs.find(({ correlationId }) => correlationId === `${run.id}.${step.id}`);
      return found === undefined ? [] : [[step.id, found.id] as const];
    }),
  );
  return new Map(pairs.flat());
}
