/**
 * The rows of a memory store: maps by primary key, and sets of keys where a search through all rows would make long tests quadratic.
 *
 * I1  Rows are never changed in place, so a copy of the maps is a copy of the store.
 */
import type {
  AppRow,
  AttemptRow,
  BatchEvent,
  CellRow,
  DeferRow,
  EventOutcome,
  EventRow,
  FunctionRow,
  ItemRow,
  MetadataRow,
  PauseRow,
  RunRow,
  SpanBatchRow,
  StepRow,
  SyncRow,
} from "@pawl/engine";

export type Tables = {
  readonly apps: Map<string, AppRow>;
  readonly functions: Map<string, FunctionRow>;
  readonly events: Map<string, EventRow>;
  readonly outcomes: Map<string, EventOutcome>;
  readonly runs: Map<string, RunRow>;
  /** By run and step, see `keyOf`. */
  readonly steps: Map<string, StepRow>;
  readonly attempts: Map<string, AttemptRow>;
  readonly items: Map<string, ItemRow>;
  readonly pauses: Map<string, PauseRow>;
  readonly cells: Map<string, CellRow>;
  readonly batchEvents: Map<string, BatchEvent>;
  readonly defers: Map<string, DeferRow>;
  readonly metadata: Map<string, MetadataRow>;
  readonly spans: Map<string, SpanBatchRow>;
  readonly syncs: Map<string, SyncRow>;
  readonly unprocessed: Map<string, true>;
  readonly eventsOfBatch: Map<string, Set<string>>;
  readonly defersOfRun: Map<string, Set<string>>;
  readonly metadataOfRun: Map<string, Set<string>>;
  readonly spansOfRun: Map<string, Set<string>>;
  readonly syncsOfApp: Map<string, Set<string>>;
  readonly stepsOfRun: Map<string, Set<string>>;
  readonly attemptsOfRun: Map<string, Set<string>>;
  readonly itemsOfRun: Map<string, Set<string>>;
  readonly pausesOfRun: Map<string, Set<string>>;
  readonly pausesOfEventName: Map<string, Set<string>>;
  readonly runsOfEvent: Map<string, Set<string>>;
  readonly runsOfKey: Map<string, Set<string>>;
  readonly outcomesOfEvent: Map<string, Set<string>>;
};

/** A store without rows. */
export function emptyTables(): Tables {
  return {
    apps: new Map(),
    functions: new Map(),
    events: new Map(),
    outcomes: new Map(),
    runs: new Map(),
    steps: new Map(),
    attempts: new Map(),
    items: new Map(),
    pauses: new Map(),
    cells: new Map(),
    batchEvents: new Map(),
    defers: new Map(),
    metadata: new Map(),
    spans: new Map(),
    syncs: new Map(),
    unprocessed: new Map(),
    eventsOfBatch: new Map(),
    defersOfRun: new Map(),
    metadataOfRun: new Map(),
    spansOfRun: new Map(),
    syncsOfApp: new Map(),
    stepsOfRun: new Map(),
    attemptsOfRun: new Map(),
    itemsOfRun: new Map(),
    pausesOfRun: new Map(),
    pausesOfEventName: new Map(),
    runsOfEvent: new Map(),
    runsOfKey: new Map(),
    outcomesOfEvent: new Map(),
  };
}

/** An independent copy. */
export function copyTables(tables: Tables): Tables {
  const copies = Object.entries(tables).map(([name, table]) => [name, copyMap(table)] as const);
  return Object.fromEntries(copies) as unknown as Tables;
}

function copyMap(map: Map<string, unknown>): Map<string, unknown> {
  const copy = new Map(map);
  for (const [key, value] of copy) if (value instanceof Set) copy.set(key, new Set(value));
  return copy;
}

/** A key of several parts; no part contains the separator. */
export function keyOf(...parts: readonly (string | number)[]): string {
  return parts.join("\0");
}

/** The rows of an index's entry, in the order in which they were linked. */
export function rowsOf<T>(table: ReadonlyMap<string, T>, keys: Iterable<string> | undefined): T[] {
  const rows: T[] = [];
  for (const key of keys ?? []) {
    const row = table.get(key);
    if (row !== undefined) rows.push(row);
  }
  return rows;
}
