/** Events for people. Shapes: `@pawl/protocol`, ui.ts. */
import type { EventOutcome, EventRow, RunRow } from "@pawl/engine";
import type { UiEventRow } from "@pawl/protocol";
import { given, isRecord } from "../../json.ts";
import { parseJson } from "./stored-json.ts";

export type EventContext = {
  readonly runsOfEvents: readonly RunRow[];
  readonly outcomes?: readonly EventOutcome[];
  readonly slugOf: (functionId: string) => string;
};

/** One event, with the runs that have it among theirs. */
export function eventView(event: EventRow, { runsOfEvents, outcomes = [], slugOf }: EventContext): UiEventRow {
  const { id, name, externalId, receivedAt, ts, isInternal } = event;
  const own = outcomes.filter(({ eventId }) => eventId === id);
  const runs = runsOfEvents.filter(({ eventIds }) => eventIds.includes(id));
  return {
    id,
    name,
    ...given("externalId", externalId === id ? undefined : externalId),
    receivedAt,
    ts,
    data: dataText(event),
    internal: isInternal,
    runs: runs.map((run) => ({ id: run.id, functionSlug: slugOf(run.functionId), status: run.status })),
    ...given("outcomes", own.length === 0 ? undefined : own.map((each) => outcomeView(each, slugOf))),
  };
}

function outcomeView(
  { functionId, reason, detail }: EventOutcome,
  slugOf: EventContext["slugOf"],
): NonNullable<UiEventRow["outcomes"]>[number] {
  return { functionSlug: slugOf(functionId), reason, ...given("detail", detail) };
}

/** JSON text of an event's data. */
export function dataText({ body }: Pick<EventRow, "body">): string {
  const parsed = parseJson(body);
  return JSON.stringify(isRecord(parsed) ? (parsed["data"] ?? {}) : {});
}
