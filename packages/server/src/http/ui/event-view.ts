/** Events for people. Shapes: `@pawl/protocol`, ui.ts. */
import type { EventRow, RunRow } from "@pawl/engine";
import type { UiEventRow } from "@pawl/protocol";
import { given, isRecord } from "../../json.ts";
import { parseJson } from "./stored-json.ts";

/** One event, with the runs that have it among theirs. */
export function eventView(
  event: EventRow,
  { runsOfEvents, slugOf }: { readonly runsOfEvents: readonly RunRow[]; readonly slugOf: (functionId: string) => string },
): UiEventRow {
  const { id, name, externalId, receivedAt, ts, isInternal } = event;
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
  };
}

/** JSON text of an event's data. */
export function dataText({ body }: Pick<EventRow, "body">): string {
  const parsed = parseJson(body);
  return JSON.stringify(isRecord(parsed) ? (parsed["data"] ?? {}) : {});
}
