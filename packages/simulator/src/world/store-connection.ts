/**
 * A node's connection to the store: slow, and failing as stores fail.
 *
 * I1  Change sets that are handed over while a transaction is under way share the next one, in order (store port, I2).
 * I2  A dead node's connection takes nothing more and says nothing more. What its transaction has committed stays committed.
 * I3  A zombie's connection takes only what is about an item that it had leased, and claims nothing: the fences must refuse all of it.
 */
import type { ApplyResult, Change, ChangeSet } from "@pawl/engine";
import type { Claim, Store } from "@pawl/store";
import type { MemoryStore } from "@pawl/store-memory";
import type { Canary } from "../canary/canary.ts";
import type { StoreFaults } from "./scenario.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export type NodeState = "up" | "zombie" | "dead";

export type ConnectionOptions = {
  /** What survives crashes; replaced by its copy at each of them. */
  readonly disk: () => MemoryStore;
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  /** Longest time of a read, and of each half of a commit. */
  readonly latencyMs: number;
  /** The faults of the moment; none once the world has healed. */
  readonly faults: () => StoreFaults | undefined;
  readonly state: () => NodeState;
  readonly canary: Canary | undefined;
  readonly committed: (commit: Committed) => void;
  readonly claimed: (claim: Claim) => void;
};

/** `wanted` is what the node asked for; a canary may have taken guards away in `changeSet`. */
export type Committed = { readonly wanted: ChangeSet; readonly changeSet: ChangeSet };

type Waiting = {
  readonly wanted: ChangeSet;
  readonly changeSet: ChangeSet;
  readonly resolve: (result: ApplyResult) => void;
  readonly reject: (error: Error) => void;
};

type Group = "sound" | "fails" | "silent";

/** Opens a connection. */
export function connectStore(options: ConnectionOptions): Store {
  const applies = new Applies(options);
  const read = readerOf(options);
  const claimItems = async (itemIds: readonly string[]): Promise<readonly Claim[]> => {
    const claims = await read((disk) => (options.state() === "zombie" ? Promise.resolve([]) : disk.claimItems(itemIds)));
    claims.forEach(options.claimed);
    return claims;
  };
  return {
    kind: "memory",
    apply: (changeSet) => applies.apply(changeSet),
    claimItems,
    releaseItems: (claims) => read((disk) => disk.releaseItems(claims)),
    loadRun: (runId) => read((disk) => disk.loadRun(runId)),
    dueLanes: (dueBy) => read((disk) => disk.dueLanes(dueBy)),
    scanItems: (scan) => read((disk) => disk.scanItems(scan)),
    itemsOfRun: (runId) => read((disk) => disk.itemsOfRun(runId)),
    unprocessedEvents: (query) => read((disk) => disk.unprocessedEvents(query)),
    findPauses: (query) => read((disk) => disk.findPauses(query)),
    pauseById: (pauseId) => read((disk) => disk.pauseById(pauseId)),
    pauseBySignal: (signal) => read((disk) => disk.pauseBySignal(signal)),
    runByIdempotencyKey: (query) => read((disk) => disk.runByIdempotencyKey(query)),
    cells: (keys) => read((disk) => disk.cells(keys)),
    cellsOfKind: (query) => read((disk) => disk.cellsOfKind(query)),
    batchEvents: (batchId) => read((disk) => disk.batchEvents(batchId)),
    eventsOfName: (query) => read((disk) => disk.eventsOfName(query)),
    purge: (query) => read((disk) => disk.purge(query)),
    loadRegistry: () => read((disk) => disk.loadRegistry()),
    history: new Proxy({} as Store["history"], {
      get:
        (_, name) =>
        (...query: readonly unknown[]) =>
          read((disk) => callHistory(disk.history, name, query)),
    }),
    close: () => Promise.resolve(),
  };
}

/** A failure of the store that the test made. */
class SimulatedFault extends Error {
  override readonly name = "SimulatedFault";
}

const never = (): Promise<never> => new Promise(() => {});

function readerOf(options: ConnectionOptions): <T>(read: (disk: MemoryStore) => Promise<T>) => Promise<T> {
  const { clock, random, latencyMs, faults, disk, state } = options;
  return async (read) => {
    if (latencyMs > 0) await clock.sleep(random.integer(latencyMs));
    if (state() === "dead") return never();
    if (random.chance(faults()?.failRead ?? 0)) throw new SimulatedFault("a read failed");
    return read(disk());
  };
}

/** Reads of the history are as slow and as likely to fail as others. */
function callHistory(history: MemoryStore["history"], name: string | symbol, query: readonly unknown[]): Promise<unknown> {
  const method: unknown = Reflect.get(history, name);
  if (typeof method !== "function") throw new TypeError(`The history has no method ${String(name)}.`);
  return Reflect.apply(method, history, query) as Promise<unknown>;
}

/** The item that a change set decides about. */
export function leasedItemOf({ guards }: ChangeSet): string | undefined {
  const guard = guards.find(({ kind }) => kind === "item-leased");
  return guard?.kind === "item-leased" ? guard.itemId : undefined;
}

class Applies {
  readonly #options: ConnectionOptions;
  #queue: Waiting[] = [];
  #isBusy = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  apply(wanted: ChangeSet): Promise<ApplyResult> {
    if (this.#options.state() === "dead") return never();
    return new Promise((resolve, reject) => {
      this.#queue.push({ wanted, changeSet: this.#altered(wanted), resolve, reject });
      if (!this.#isBusy) this.#begin();
    });
  }

  /** A canary changes the changes for the node too, as a mistake in the decision would; but not what it has concluded from them already. */
  #altered(wanted: ChangeSet): ChangeSet {
    const { canary, random } = this.#options;
    const changeSet = canary?.alter?.(wanted, random);
    if (changeSet === undefined) return wanted;
    const changes = wanted.changes as Change[];
    if (changeSet.changes !== changes) changes.splice(0, changes.length, ...changeSet.changes);
    return { guards: changeSet.guards, changes };
  }

  #begin(): void {
    this.#isBusy = true;
    const { clock, random, latencyMs } = this.#options;
    clock.setTimer(random.integer(latencyMs), () => this.#commit());
  }

  #commit(): void {
    const { clock, random, latencyMs, state } = this.#options;
    const group = this.#queue.splice(0);
    if (state() === "dead") return;
    const fault = this.#fault();
    Promise.all(group.map((waiting) => this.#commitOne(waiting, fault))).then(
      (answers) => clock.setTimer(random.integer(latencyMs), () => this.#deliver(answers)),
      () => {},
    );
  }

  #deliver(answers: readonly (() => void)[]): void {
    if (this.#options.state() === "dead") return;
    for (const answer of answers) answer();
    this.#isBusy = false;
    if (this.#queue.length > 0) this.#begin();
  }

  #fault(): Group {
    const { random, faults } = this.#options;
    if (random.chance((faults()?.failBefore ?? 0) / 2)) return "fails";
    return random.chance(faults()?.failAfter ?? 0) ? "silent" : "sound";
  }

  /** Commits one set; returns what its caller is told. */
  async #commitOne({ wanted, changeSet, resolve, reject }: Waiting, group: Group): Promise<() => void> {
    const { random, faults, state, disk, committed } = this.#options;
    const fail = (what: string) => () => reject(new SimulatedFault(what));
    if (group === "fails" || random.chance((faults()?.failBefore ?? 0) / 2)) return fail("a commit failed");
    if (state() === "zombie" && leasedItemOf(wanted) === undefined) return fail("a zombie is cut off");
    const guard = changeSet.guards.find(({ kind }) => kind === "run-version");
    if (guard !== undefined && random.chance(faults()?.conflict ?? 0)) return () => resolve({ kind: "conflict", guard });
    let result: ApplyResult;
    try {
      result = await disk().apply(changeSet);
    } catch (error) {
      return () => reject(error instanceof Error ? error : new Error(String(error)));
    }
    if (result.kind === "applied") committed({ wanted, changeSet });
    return group === "silent" ? fail("the acknowledgement of a commit was lost") : () => resolve(result);
  }
}
