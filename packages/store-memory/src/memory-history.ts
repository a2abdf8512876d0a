/** Lists, pages and details: filters and sorts over all rows. */
import { DEFERRED_SCHEDULE, type DeferRow, type EventRow, type MetadataRow, type RunRow } from "@pawl/engine";
import type { EventCount, EventQuery, HistoryStore, RunDetail, RunFilter, RunQuery, RunTimeField } from "@pawl/store";
import { compareText } from "./queue-reads.ts";
import { rowsOf, type Tables } from "./tables.ts";

/** Opens the reads. `assertOpen` throws once the store is closed. */
export function openHistory(tables: Tables, assertOpen: () => void): HistoryStore {
  const open = async <T>(read: () => T): Promise<T> => {
    assertOpen();
    return read();
  };
  return {
    listRuns: (query) => open(() => listRuns(tables, query)),
    countRuns: ({ filter, timeField, max }) => open(() => Math.min(max, matchingRuns(tables, filter, timeField).length)),
    runDetail: (runId) => open(() => runDetail(tables, runId)),
    runsByIds: (runIds) => open(() => rowsOf(tables.runs, new Set(runIds)).sort(byQueuedAt)),
    listEvents: (query) => open(() => listEvents(tables, query)),
    countEvents: (query) => open(() => Math.min(query.max, matchingEvents(tables, query).length)),
    eventById: (eventId) => open(() => eventOf(tables, eventId)),
    eventsByIds: (eventIds) => open(() => eventsOf(tables, eventIds)),
    defersOfRun: (runId) => open(() => defersOfRun(tables, runId)),
    metadataOfRun: (runId) => open(() => metadataOfRun(tables, runId)),
    spansOfRun: (runId) =>
      open(() => rowsOf(tables.spans, tables.spansOfRun.get(runId)).sort((a, b) => a.receivedAt - b.receivedAt || compareText(a.id, b.id))),
    syncsOfApp: (appId) => open(() => rowsOf(tables.syncs, tables.syncsOfApp.get(appId)).reverse()),
    runsOfEvents: (eventIds) => open(() => runsOfEvents(tables, eventIds)),
    outcomesOfEvents: (eventIds) =>
      open(() => {
        const keys = eventIds.flatMap((eventId) => Array.from(tables.outcomesOfEvent.get(eventId) ?? []));
        return rowsOf(tables.outcomes, new Set(keys.sort(compareText)));
      }),
  };
}

/** An event with whether it is processed by now. */
export function eventOf(tables: Tables, eventId: string): EventRow | undefined {
  const event = tables.events.get(eventId);
  return event === undefined ? undefined : { ...event, isProcessed: !tables.unprocessed.has(eventId) };
}

function eventsOf(tables: Tables, eventIds: readonly string[]): readonly EventRow[] {
  return eventIds.map((eventId) => eventOf(tables, eventId)).filter((event) => event !== undefined);
}

/** What is to be started when a run has ended, in the order of creation. */
export function defersOfRun(tables: Tables, runId: string): readonly DeferRow[] {
  return rowsOf(tables.defers, tables.defersOfRun.get(runId)).sort((a, b) => a.createdAt - b.createdAt || compareText(a.id, b.id));
}

function metadataOfRun(tables: Tables, runId: string): readonly MetadataRow[] {
  return rowsOf(tables.metadata, tables.metadataOfRun.get(runId)).sort(
    (a, b) => compareText(a.stepId, b.stepId) || compareText(a.kind, b.kind) || compareText(a.name, b.name),
  );
}

function byQueuedAt(a: RunRow, b: RunRow): number {
  return a.queuedAt - b.queuedAt || compareText(a.id, b.id);
}

function matchingRuns(tables: Tables, filter: RunFilter, timeField: RunTimeField): RunRow[] {
  const { statuses, functionIds, appIds, eventName, from = -Infinity, until = Infinity, hasStarted, live, isDeferred, bulkId } = filter;
  const prefix = (filter.idPrefix ?? "").toUpperCase();
  return Array.from(tables.runs.values()).filter((run) => {
    const at = run[timeField];
    if (at === undefined || at < from || at >= until) return false;
    if (statuses !== undefined && !statuses.includes(run.status)) return false;
    if (functionIds !== undefined && !functionIds.includes(run.functionId)) return false;
    if (hasStarted !== undefined && hasStarted !== (run.startedAt !== undefined)) return false;
    if (live !== undefined && live !== (run.status === "QUEUED" || run.status === "RUNNING")) return false;
    if (isDeferred !== undefined && isDeferred !== (run.eventName === DEFERRED_SCHEDULE)) return false;
    if (bulkId !== undefined && run.bulkId !== bulkId) return false;
    if (appIds !== undefined && !appIds.includes(run.appId)) return false;
    return (eventName === undefined || run.eventName === eventName) && run.id.startsWith(prefix);
  });
}

function listRuns(tables: Tables, { filter, timeField, order, after, limit }: RunQuery): readonly RunRow[] {
  const sign = order === "asc" ? 1 : -1;
  const compare = (run: RunRow, other: { readonly at: number; readonly id: string }): number =>
    sign * ((run[timeField] ?? 0) - other.at || compareText(run.id, other.id));
  return matchingRuns(tables, filter, timeField)
    .filter((run) => after === undefined || compare(run, after) > 0)
    .sort((a, b) => compare(a, { at: b[timeField] ?? 0, id: b.id }))
    .slice(0, limit);
}

function runDetail(tables: Tables, runId: string): RunDetail | undefined {
  const run = tables.runs.get(runId);
  if (run === undefined) return undefined;
  return {
    run,
    steps: rowsOf(tables.steps, tables.stepsOfRun.get(runId)).sort((a, b) => a.queuedAt - b.queuedAt),
    attempts: rowsOf(tables.attempts, tables.attemptsOfRun.get(runId)).sort(
      (a, b) => a.startedAt - b.startedAt || compareText(a.stepId, b.stepId) || a.attempt - b.attempt,
    ),
    events: eventsOf(tables, run.eventIds),
    defers: defersOfRun(tables, runId),
    metadata: metadataOfRun(tables, runId),
  };
}

function matchingEvents(tables: Tables, query: Omit<EventCount, "max">): EventRow[] {
  const { names, includeInternal, receivedFrom = -Infinity, receivedUntil = Infinity } = query;
  return Array.from(tables.events.values())
    .filter(({ name, isInternal }) => (names === undefined || names.includes(name)) && (includeInternal || !isInternal))
    .filter(({ receivedAt }) => receivedAt >= receivedFrom && receivedAt < receivedUntil);
}

function listEvents(tables: Tables, query: EventQuery): readonly EventRow[] {
  const { after, limit } = query;
  return matchingEvents(tables, query)
    .filter(({ id }) => after === undefined || id < after)
    .sort((a, b) => compareText(b.id, a.id))
    .slice(0, limit)
    .map((event) => ({ ...event, isProcessed: !tables.unprocessed.has(event.id) }));
}

function runsOfEvents(tables: Tables, eventIds: readonly string[]): readonly RunRow[] {
  const runIds = new Set(eventIds.flatMap((eventId) => Array.from(tables.runsOfEvent.get(eventId) ?? [])));
  return rowsOf(tables.runs, runIds).sort(byQueuedAt);
}
