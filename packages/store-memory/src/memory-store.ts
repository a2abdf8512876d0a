/**
 * The store port in memory: the reference for the other drivers, obvious before fast.
 *
 * I1  `apply` takes effect at once, between two turns of the event loop, so nobody sees half of it.
 * I2  A crash copy holds what was committed and nothing of the process: leases are gone, generations go on.
 */
import { runStateOf, type ApplyResult, type ChangeSet, type RunState } from "@pawl/engine";
import { StoreError, type Claim, type Store } from "@pawl/store";
import { guardHolds, makeChange, pauseOfSignal, runOfKey, type World } from "./apply-change-set.ts";
import { Journal } from "./journal.ts";
import { Leases } from "./leases.ts";
import { defersOfRun, eventOf, openHistory } from "./memory-history.ts";
import { batchEvents, cellsOfKind, eventsOfName } from "./flow-reads.ts";
import { purge } from "./purge.ts";
import { compareText, dueLanes, findPauses, scanItems } from "./queue-reads.ts";
import { copyTables, emptyTables, rowsOf, type Tables } from "./tables.ts";

/** Committed state at one instant. */
export type MemorySnapshot = { readonly tables: Tables; readonly lastGeneration: number };

/** Called around each commit. What one throws is what `apply` rejects with. */
export type MemoryFaults = {
  /** Throwing makes `apply` reject, and nothing took effect. */
  readonly beforeCommit?: (changeSet: ChangeSet) => void;
  /** Throwing makes `apply` reject, although it took effect: the acknowledgement is lost. Not called for a conflict. */
  readonly afterCommit?: (changeSet: ChangeSet) => void;
};

export type MemoryStoreOptions = {
  /** State to begin with; it is copied. Default: no rows. */
  readonly snapshot?: MemorySnapshot;
  /** Default: none. */
  readonly faults?: MemoryFaults;
};

export interface MemoryStore extends Store {
  readonly kind: "memory";
  /** What a process would find that opens the store after a crash at this instant. */
  snapshot(): MemorySnapshot;
}

/** Opens a store, empty or out of a snapshot. */
export function openMemoryStore({ snapshot, faults = {} }: MemoryStoreOptions = {}): MemoryStore {
  const tables = snapshot === undefined ? emptyTables() : copyTables(snapshot.tables);
  const world: World = { tables, leases: new Leases(snapshot?.lastGeneration ?? 0), journal: new Journal() };
  let isOpen = true;
  const assertOpen = (): void => {
    if (!isOpen) throw new StoreError("STORE_CLOSED", "The store is closed; open it again before using it.");
  };
  const open: Open = async (read) => {
    assertOpen();
    return read();
  };
  return {
    kind: "memory",
    apply: (changeSet) => open(() => applyWithFaults(world, changeSet, faults)),
    ...readsOf(world, open),
    history: openHistory(tables, assertOpen),
    snapshot: () => ({ tables: copyTables(tables), lastGeneration: world.leases.lastGeneration }),
    close: async () => {
      isOpen = false;
    },
  };
}

type Open = <T>(read: () => T) => Promise<T>;

function applyWithFaults(world: World, changeSet: ChangeSet, faults: MemoryFaults): ApplyResult {
  faults.beforeCommit?.(changeSet);
  const result = applyChangeSet(world, changeSet);
  if (result.kind === "applied") faults.afterCommit?.(changeSet);
  return result;
}

function applyChangeSet(world: World, { guards, changes }: ChangeSet): ApplyResult {
  const failed = guards.find((guard) => !guardHolds(world, guard));
  if (failed !== undefined) return { kind: "conflict", guard: failed };
  try {
    for (const change of changes) makeChange(world, change);
    world.journal.commit();
  } catch (error) {
    world.journal.rollback();
    throw error;
  }
  return { kind: "applied" };
}

function readsOf({ tables, leases }: World, open: Open): Omit<Store, "kind" | "apply" | "history" | "close"> {
  return {
    loadRun: (runId) => open(() => loadRun(tables, runId)),
    claimItems: (itemIds) => open(() => itemIds.map((itemId) => claim(tables, leases, itemId)).filter((found) => found !== undefined)),
    releaseItems: (claims) => open(() => claims.forEach((given) => leases.release(given))),
    dueLanes: (dueBy) => open(() => dueLanes(tables, dueBy)),
    scanItems: (scan) => open(() => scanItems(tables, scan)),
    itemsOfRun: (runId) =>
      open(() => rowsOf(tables.items, tables.itemsOfRun.get(runId)).sort((a, b) => a.dueAt - b.dueAt || compareText(a.id, b.id))),
    unprocessedEvents: ({ limit, after = "" }) =>
      open(() => {
        const eventIds = Array.from(tables.unprocessed.keys())
          .filter((eventId) => eventId > after)
          .sort(compareText)
          .slice(0, limit);
        return eventIds.map((eventId) => eventOf(tables, eventId)).filter((event) => event !== undefined);
      }),
    findPauses: (query) => open(() => findPauses(tables, query)),
    pauseById: (pauseId) => open(() => tables.pauses.get(pauseId)),
    pauseBySignal: (signal) => open(() => pauseOfSignal(tables, signal)),
    runByIdempotencyKey: (query) => open(() => runOfKey(tables, query)?.id),
    cells: (keys) => open(() => rowsOf(tables.cells, keys)),
    cellsOfKind: ({ kind, after = "", limit }) => open(() => cellsOfKind(tables, { kind, after, limit })),
    batchEvents: (batchId) => open(() => batchEvents(tables, batchId)),
    eventsOfName: (query) => open(() => eventsOfName(tables, query)),
    purge: (query) => open(() => purge(tables, query)),
    loadRegistry: () => open(() => ({ apps: sorted(tables.apps), functions: sorted(tables.functions) })),
  };
}

function claim(tables: Tables, leases: Leases, itemId: string): Claim | undefined {
  return tables.items.has(itemId) ? leases.claim(itemId) : undefined;
}

function loadRun(tables: Tables, runId: string): RunState | undefined {
  const run = tables.runs.get(runId);
  if (run === undefined) return undefined;
  const events = rowsOf(tables.events, run.eventIds).map(({ body }) => body);
  const steps = rowsOf(tables.steps, tables.stepsOfRun.get(runId));
  return runStateOf(run, steps, { events, defers: defersOfRun(tables, runId) });
}

function sorted<T extends { readonly id: string }>(table: ReadonlyMap<string, T>): readonly T[] {
  return Array.from(table.values()).sort((a, b) => compareText(a.id, b.id));
}
