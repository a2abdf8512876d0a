/** Lines of the runs list and the page of one run. Shapes: `@pawl/protocol`, ui.ts. */
import { bulkKeyOf, type EventRow, type RunRow } from "@pawl/engine";
import { isTerminalStatus, type UiEventRow, type UiRunDetail, type UiRunRow } from "@pawl/protocol";
import { given } from "../../json.ts";
import { eventView } from "./event-view.ts";
import type { RunFacts } from "./run-facts.ts";
import { positionOfRun } from "./run-phase.ts";
import { spansOf } from "./span-view.ts";
import { userSpanViews } from "./user-span-view.ts";
import { firstLine, parseError, uiError } from "./stored-json.ts";

/** One line. */
export function runView(facts: RunFacts): UiRunRow {
  const { run, seq } = facts;
  const { id, functionVersion, status, eventIds, eventName, queuedAt, stepsDone } = run;
  return {
    id,
    functionSlug: facts.function?.slug ?? run.functionId,
    functionName: facts.function?.name ?? run.functionId,
    appName: appNameOf(facts),
    functionVersion,
    status,
    ...positionOfRun(facts),
    eventId: eventIds[0] ?? "",
    eventName,
    eventCount: eventIds.length,
    queuedAt,
    ...given("startedAt", run.startedAt),
    ...given("endedAt", run.endedAt),
    ...given("rerunOf", run.rerunOf),
    ...given("failure", status === "FAILED" && run.error !== undefined ? failureOf(run.error) : undefined),
    stepsDone,
    seq,
  };
}

/** What a run's page needs besides the facts. */
export type RunPage = {
  readonly events: readonly EventRow[];
  /** Runs that the run's events started, this one among them. */
  readonly runsOfEvents: readonly RunRow[];
  /** Runs that were invoked and have not ended, by step hash. */
  readonly invoked: ReadonlyMap<string, string>;
  readonly slugOf: (functionId: string) => string;
};

/** The page of a run. */
export function runDetailView(facts: RunFacts, page: RunPage): UiRunDetail {
  const { run } = facts;
  const spans = spansOf(facts).map((span) => {
    const runId = span.invoke?.runId ?? page.invoked.get(span.id);
    return span.invoke === undefined || runId === undefined ? span : { ...span, invoke: { ...span.invoke, runId } };
  });
  const events: readonly UiEventRow[] = page.events.map((event) => eventView(event, page));
  return {
    run: runView(facts),
    events,
    ...given("output", run.output),
    ...given("error", run.error === undefined ? undefined : uiError(parseError(run.error))),
    spans,
    ...given("userSpans", nonEmpty(userSpanViews(facts.userSpans ?? [], facts.steps))),
    childRuns: spans.map(({ invoke }) => invoke?.runId).filter((runId) => runId !== undefined),
    canCancel: !isTerminalStatus(run.status),
    ...given("cron", run.cron),
    ...given("endReason", run.endReason),
    ...given("bulkId", run.bulkId?.slice(bulkKeyOf("").length)),
    ...given("metadata", nonEmpty(facts.metadata?.map((entry) => ({ ...entry, values: JSON.stringify(entry.values) })))),
    ...given(
      "defers",
      nonEmpty(facts.defers?.map(({ slug, status, reason }) => ({ functionSlug: slug, status, ...given("reason", reason) }))),
    ),
    ...given("sessions", run.sessions === undefined ? undefined : (JSON.parse(run.sessions) as readonly (readonly [string, string])[])),
  };
}

function failureOf(error: string): string {
  const { name, message } = parseError(error);
  return `${name}: ${firstLine(message)}`;
}

function nonEmpty<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

/** The app's name, or its URL where it has none. */
function appNameOf({ app, run }: RunFacts): string {
  if (app === undefined) return run.appId;
  return app.name === "" ? app.url : app.name;
}
