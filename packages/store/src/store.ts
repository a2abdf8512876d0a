/**
 * The storage port. Semantic, not CRUD: one atomic `apply` for every decision, and reads named by intent.
 *
 * I1  `apply` is atomic and durable when it resolves: it survives a killed process always, and a power cut where the driver says so.
 * I2  Guards are checked on the state that the changes are applied to; change sets that are applied at the same time behave as if one
 *     came after the other, in the order of the calls of one caller. A driver may commit many in one transaction (group commit).
 * I3  Leases are fenced: a claim gives a generation greater than every earlier one of the item, also after a crash, and a guard
 *     `item-leased` holds for the newest generation only.
 * I4  No clock and no randomness in a driver: instants come in as arguments.
 *
 * The conformance suite (`conformance/`) is the port's second half: what it demands is part of the contract.
 */
import type { ApplyResult, CellKind, CellRow, ChangeSet, AppRow, EventRow, FunctionRow, ItemRow, PauseRow, RunState } from "@pawl/engine";
import type { HistoryStore } from "./history.ts";

export type Claim = { readonly itemId: string; readonly generation: number };

/** Where a scan of items in order goes on; the item itself is not repeated. */
export type ItemCursor = { readonly dueAt: number; readonly score: number; readonly id: string };

export type ItemScan = {
  /** Only this lane, in the order (score, id), due at `dueBy` or earlier. Without it: every lane, in the order (dueAt, id), due after `dueAfter`. */
  readonly lane?: string;
  readonly dueBy?: number;
  readonly dueAfter?: number;
  readonly after?: ItemCursor;
  readonly limit: number;
};

export type PauseQuery = {
  readonly eventName: string;
  /**
   * Looks up the event's canonical value at a path (`undefined`: it has none). Pauses whose `matchPath` is set are candidates only when
   * their `matchValue` equals it.
   */
  readonly valueAt: (path: string) => string | undefined;
};

export type EventSearch = {
  readonly name: string;
  readonly receivedFrom: number;
  readonly receivedUntil: number;
  /** Id of the last event of the page before; it is still stored. */
  readonly after?: string;
  readonly limit: number;
};

/** Instants in milliseconds since the epoch; what is absent deletes nothing of its kind. */
export type Purge = {
  /** Runs that ended before, with all that belongs to them. */
  readonly runsBefore?: number;
  /**
   * Processed events received before, with their outcomes, but for those of runs that exist, of open batches and of `keepEventIds`.
   * They wait until no old run is left.
   */
  readonly eventsBefore?: number;
  readonly keepEventIds?: readonly string[];
  /** Cells that expired before. */
  readonly cellsBefore?: number;
  readonly limit: number;
};

/**
 * How many rows were deleted. `hasMore`: there may be more, call again; a call's work is bounded, so it may delete less than its limit, or
 * nothing, before the end.
 */
export type Purged = { readonly runs: number; readonly events: number; readonly cells: number; readonly hasMore: boolean };

export interface Store {
  /** `memory`, `sqlite` or `postgres`. */
  readonly kind: "memory" | "sqlite" | "postgres";

  /** Checks the guards and makes the changes, all or none. Rejects only for failures of the store itself. */
  apply(changeSet: ChangeSet): Promise<ApplyResult>;

  /** A run with its steps and events; `undefined` where no run has the id. */
  loadRun(runId: string): Promise<RunState | undefined>;

  /** Leases items for this node. An item that does not exist or is leased by a living node is left out. Order as given. */
  claimItems(itemIds: readonly string[]): Promise<readonly Claim[]>;
  /** Gives leases up without a decision: the items can be claimed again. Stale ones are ignored. */
  releaseItems(claims: readonly Claim[]): Promise<void>;
  /** Lanes that have an item due at `dueBy` or earlier, with how many. */
  dueLanes(dueBy: number): Promise<readonly { readonly lane: string; readonly count: number }[]>;
  /** Items in order; leased ones included. */
  scanItems(scan: ItemScan): Promise<readonly ItemRow[]>;
  itemsOfRun(runId: string): Promise<readonly ItemRow[]>;

  /** Events that are stored and not processed, oldest first: what a crash left behind. `after`: the id of the last event of the page before. */
  unprocessedEvents(query: { readonly limit: number; readonly after?: string }): Promise<readonly EventRow[]>;
  /** Pauses of kinds `event` and `cancel` that an event may match; the caller evaluates their expressions. Whole pages, oldest first. */
  findPauses(query: PauseQuery): Promise<readonly PauseRow[]>;
  pauseById(pauseId: string): Promise<PauseRow | undefined>;
  pauseBySignal(signal: string): Promise<PauseRow | undefined>;
  /** The newest run of the function with this idempotency key that was scheduled at or after `since`. */
  runByIdempotencyKey(query: { readonly functionId: string; readonly key: string; readonly since: number }): Promise<string | undefined>;

  /** Cells that exist, in any order. */
  cells(keys: readonly string[]): Promise<readonly CellRow[]>;
  /** Cells of a kind in the order of their keys, after a key. */
  cellsOfKind(query: { readonly kind: CellKind; readonly after?: string; readonly limit: number }): Promise<readonly CellRow[]>;
  /** Events of an open batch, in the order of their positions. */
  batchEvents(batchId: string): Promise<readonly EventRow[]>;
  /** Events of a name that were received from an instant to another (both inclusive), oldest first: by (receivedAt, id). */
  eventsOfName(query: EventSearch): Promise<readonly EventRow[]>;

  /** Deletes what has become old, at most `limit` rows of each kind, in one short transaction. What lives or is referred to stays. */
  purge(query: Purge): Promise<Purged>;

  /** Every app and function, archived ones too. Read at start; afterwards the server knows them. */
  loadRegistry(): Promise<{ readonly apps: readonly AppRow[]; readonly functions: readonly FunctionRow[] }>;

  /** What people look at. */
  readonly history: HistoryStore;

  /**
   * Copies everything that is committed into a file beside the data, resolves with its path, and leaves it to the caller; commits go on
   * meanwhile. One at a time: else rejects with `STORE_LOCKED`. Absent where data is not in a file.
   */
  readonly backup?: () => Promise<string>;

  /** Waits for pending applies, then closes. Later calls reject. */
  close(): Promise<void>;
}
