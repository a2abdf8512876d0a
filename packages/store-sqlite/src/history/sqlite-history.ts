/** Reads for people, out of the same rows that decisions write. */
import type { HistoryStore, RunDetail } from "@pawl/store";
import type { Connection, Statement } from "../connection.ts";
import { eventOf, type EventRecord } from "../event/event-statements.ts";
import { jsonList } from "../sql-values.ts";
import type { Statements } from "../statements.ts";
import { RUN_COLUMNS, runOf, type RunRecord } from "../run/run-record.ts";
import { eventCountSql, eventListSql } from "./event-list-sql.ts";
import { runCountSql, runListSql, type SqlQuery } from "./run-list-sql.ts";

/** Prepared statements of lists kept; more shapes than people ask for in practice. */
const CACHED_STATEMENTS_MAX = 100;

/** Opens the reads on a connection. `assertOpen` throws once the store is closed. */
export function openHistory(connection: Connection, statements: Statements, assertOpen: () => void): HistoryStore {
  const all = cachedReads(connection);
  const runsByIds = connection.prepare<RunRecord>(
    `select ${RUN_COLUMNS} from runs where id in (select value from json_each(?)) order by queued_at, id`,
  );
  const runsOfEvents = connection.prepare<RunRecord>(
    `select ${RUN_COLUMNS} from runs where id in (
       select id from runs where event_id in (select value from json_each(?1))
       union select run_id from run_events where event_id in (select value from json_each(?1)))
     order by queued_at, id`,
  );
  const open = async <T>(read: () => T): Promise<T> => {
    assertOpen();
    return read();
  };
  return {
    listRuns: (query) => open(() => all<RunRecord>(runListSql(query)).map(runOf)),
    countRuns: (query) => open(() => all<{ n: number }>(runCountSql(query))[0]?.n ?? 0),
    runDetail: (runId) => open(() => runDetail(statements, runId)),
    runsByIds: (runIds) => open(() => runsByIds.all(jsonList(runIds)).map(runOf)),
    listEvents: (query) => open(() => all<EventRecord>(eventListSql(query)).map(eventOf)),
    countEvents: (query) => open(() => all<{ n: number }>(eventCountSql(query))[0]?.n ?? 0),
    eventById: (eventId) => open(() => statements.events.byIds([eventId])[0]),
    eventsByIds: (eventIds) => open(() => statements.events.byIds(eventIds)),
    defersOfRun: (runId) => open(() => statements.flow.defersOfRun(runId)),
    metadataOfRun: (runId) => open(() => statements.flow.metadataOfRun(runId)),
    spansOfRun: (runId) => open(() => statements.flow.spansOfRun(runId)),
    syncsOfApp: (appId) => open(() => statements.syncs.syncsOfApp(appId)),
    runsOfEvents: (eventIds) => open(() => runsOfEvents.all(jsonList(eventIds)).map(runOf)),
    outcomesOfEvents: (eventIds) => open(() => statements.events.outcomes(eventIds)),
  };
}

function runDetail({ runs, steps, events, flow }: Statements, runId: string): RunDetail | undefined {
  const run = runs.byId(runId);
  if (run === undefined) return undefined;
  return {
    run,
    steps: steps.listOfRun(runId),
    attempts: steps.attemptsOfRun(runId),
    events: events.byIds(run.eventIds),
    defers: flow.defersOfRun(runId),
    metadata: flow.metadataOfRun(runId),
  };
}

function cachedReads(connection: Connection): <Row>(query: SqlQuery) => Row[] {
  const cache = new Map<string, Statement<unknown>>();
  return <Row>({ sql, values }: SqlQuery): Row[] => {
    let statement = cache.get(sql);
    if (statement === undefined) {
      if (cache.size >= CACHED_STATEMENTS_MAX) cache.clear();
      statement = connection.prepare<unknown>(sql);
      cache.set(sql, statement);
    }
    return statement.all(...values) as Row[];
  };
}
