/**
 * The store port on one SQLite file.
 *
 * I1  One process has the file open, so leases and what is known about pauses live in its memory.
 * I2  Reads run between transactions and see what is committed.
 */
import { runStateOf } from "@pawl/engine";
import { StoreError, type Claim, type Store } from "@pawl/store";
import { applyChangeSet } from "./apply-change-set.ts";
import type { Backups } from "./backup.ts";
import type { Connection } from "./connection.ts";
import { type GroupCommit, openGroupCommit } from "./group-commit.ts";
import { openHistory } from "./history/sqlite-history.ts";
import { prepareStatements, type Statements } from "./statements.ts";

/** A store on a connection with the newest schema; the store closes the connection. `backups`: absent for one without a file. */
export function storeOnConnection(connection: Connection, backups?: Backups): Store {
  const statements = prepareStatements(connection);
  const { leases } = statements;
  const commits = openGroupCommit({
    connection,
    make: (changeSet) => applyChangeSet(statements, changeSet),
    onCommit: () => leases.commit(),
    onRollback: () => leases.rollback(),
  });
  let isOpen = true;
  const assertOpen = (): void => {
    if (!isOpen) throw new StoreError("STORE_CLOSED", "The store is closed; open it again before using it.");
  };
  const open: Open = async (read) => {
    assertOpen();
    return read();
  };
  return {
    kind: "sqlite",
    apply: (changeSet) => (isOpen ? commits.apply(changeSet) : open(() => commits.apply(changeSet))),
    ...readsOf(statements, open),
    history: openHistory(connection, statements, assertOpen),
    ...(backups === undefined ? {} : { backup: () => open(() => backup(commits, backups)) }),
    close: async () => {
      if (!isOpen) return;
      isOpen = false;
      commits.drain();
      connection.close();
      backups?.close();
    },
  };
}

/** What was handed over before is part of it. */
function backup(commits: GroupCommit, backups: Backups): Promise<string> {
  commits.drain();
  return backups.make();
}

type Open = <T>(read: () => T | Promise<T>) => Promise<T>;

function readsOf(statements: Statements, open: Open): Omit<Store, "kind" | "apply" | "history" | "backup" | "close"> {
  const { events, runs, items, lanes, leases, pauses, pauseMatch, registry, flow, purge } = statements;
  return {
    loadRun: (runId) => open(() => loadRun(statements, runId)),
    claimItems: (itemIds) => open(() => claimItems(statements, itemIds)),
    releaseItems: (claims) => open(() => claims.forEach((claim) => leases.release(claim))),
    dueLanes: (dueBy) => open(() => lanes.dueLanes(dueBy)),
    scanItems: (scan) => open(() => lanes.scan(scan)),
    itemsOfRun: (runId) => open(() => items.ofRun(runId)),
    unprocessedEvents: ({ limit, after = "" }) => open(() => events.unprocessed(limit, after)),
    findPauses: (query) => open(() => pauseMatch.find(query)),
    pauseById: (pauseId) => open(() => pauses.byId(pauseId)),
    pauseBySignal: (signal) => open(() => pauses.bySignal(signal)),
    runByIdempotencyKey: (query) => open(() => runs.byIdempotencyKey(query)),
    cells: (keys) => open(() => flow.cells(keys)),
    cellsOfKind: ({ kind, after = "", limit }) => open(() => flow.cellsOfKind({ kind, after, limit })),
    batchEvents: (batchId) => open(() => events.byIds(flow.batchEventIds(batchId))),
    eventsOfName: (query) => open(() => events.ofName(query)),
    purge: (query) => open(() => purge.purge(query)),
    loadRegistry: () => open(() => registry.load()),
  };
}

function loadRun({ runs, steps, events, flow }: Statements, runId: string): ReturnType<typeof runStateOf> | undefined {
  const run = runs.byId(runId);
  if (run === undefined) return undefined;
  return runStateOf(run, steps.ofRun(runId), { events: events.bodies(run.eventIds), defers: flow.defersOfRun(runId) });
}

function claimItems({ items, leases }: Statements, itemIds: readonly string[]): readonly Claim[] {
  const claims: Claim[] = [];
  for (const itemId of itemIds) {
    const claim = items.exists(itemId) ? leases.claim(itemId) : undefined;
    if (claim !== undefined) claims.push(claim);
  }
  return claims;
}
