/**
 * GraphQL's stream: what has triggered functions, or could have, the newest first.
 *
 * I1  Ticks of schedules are in it, though the other events of the server's own are left out unless asked for.
 *
 * Spec: wire 12.1.
 */
import { type EventRow, SCHEDULED_TIMER } from "@pawl/engine";
import { isUlid, ulidTime } from "@pawl/protocol";
import type { EventQuery } from "@pawl/store";
import { given, isRecord, textOf } from "../../json.ts";
import { rfc3339 } from "../rest/identity.ts";
import { parseJson } from "../ui/stored-json.ts";
import { badCursor, pageSize } from "./gql-lists.ts";
import type { GqlRequest } from "./gql-request.ts";
import { isBatch, oldRunObject } from "./run-objects.ts";

/** `after`: only what is newer than this event; `before`: what is older. Both are internal ids. */
export type StreamQuery = {
  readonly after?: string | null;
  readonly before?: string | null;
  readonly limit: number;
  readonly includeInternalEvents: boolean;
};

/** The items of a page. */
export async function streamItems(request: GqlRequest, query: StreamQuery): Promise<readonly unknown[]> {
  const { history } = request.context.engine.store;
  const [after, before] = [idOf(query.after), idOf(query.before)];
  const limit = pageSize(query.limit);
  const range: Pick<EventQuery, "receivedFrom" | "after" | "limit"> = {
    limit,
    ...given("receivedFrom", after === undefined ? undefined : ulidTime(after)),
    ...given("after", before),
  };
  const [events, ticks] = await Promise.all([
    history.listEvents({ ...range, includeInternal: query.includeInternalEvents }),
    query.includeInternalEvents ? [] : history.listEvents({ ...range, includeInternal: true, names: [SCHEDULED_TIMER] }),
  ]);
  return [...events, ...ticks]
    .filter(({ id }) => after === undefined || id > after)
    .toSorted((a, b) => (a.id < b.id ? 1 : -1))
    .slice(0, limit)
    .map((event) => itemOf(request, event));
}

function itemOf(request: GqlRequest, event: EventRow): unknown {
  const { id, name, receivedAt } = event;
  const runs = () => request.context.engine.store.history.runsOfEvents([id]);
  const isTick = name === SCHEDULED_TIMER;
  return {
    id,
    trigger: isTick ? cronOf(event) : name,
    type: isTick ? "CRON" : "EVENT",
    createdAt: rfc3339(receivedAt),
    runs: async () => (await runs()).map((run) => oldRunObject(request, run)),
    inBatch: async () => (await runs()).some(isBatch),
  };
}

function cronOf({ body }: EventRow): string {
  const parsed = parseJson(body);
  const data = isRecord(parsed) ? parsed["data"] : undefined;
  return isRecord(data) ? textOf(data["cron"]) : "";
}

function idOf(text: string | null | undefined): string | undefined {
  if (text === undefined || text === null || text === "") return undefined;
  if (!isUlid(text)) throw badCursor();
  return text;
}
