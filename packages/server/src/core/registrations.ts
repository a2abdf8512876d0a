/**
 * Registrations and pauses: what changes with a function's configuration, beside the configuration.
 *
 * I1  Schedules that are new begin with the commit that stores their function; those that exist keep their position, and those that are
 *     gone end at their next tick.
 * I2  A limit on whole runs counts the runs that were under way when it came.
 * I3  Rows are written whole, so changes are made one after another, each from what the one before has left: a pause survives a
 *     registration, and a registration a pause.
 * I4  A change whose commit failed may be stored all the same. Nothing is built on what is known until the store has been read again, which
 *     is tried at once, and later and later.
 */
import {
  type AppRow,
  type Change,
  type FunctionPause,
  type FunctionRow,
  isStartLane,
  type RunRow,
  scheduleItem,
  scheduleKeyOf,
  type SyncRow,
} from "@pawl/engine";
import type { Store } from "@pawl/store";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Commits } from "./commits.ts";
import { faultDelayMs } from "./fault-delay.ts";
import type { Live } from "./live.ts";
import type { Queue } from "./queue.ts";
import type { Registry } from "./registry.ts";
import type { Runs } from "./runs.ts";

export type StoredRegistration = {
  readonly app: AppRow;
  readonly functions: readonly FunctionRow[];
  /** Apps that were known by this one's URL only. */
  readonly removedAppIds?: readonly string[];
  /** What is remembered of it. */
  readonly sync?: SyncRow;
};

export type RegistrationsOptions = {
  readonly store: Pick<Store, "history" | "itemsOfRun" | "loadRegistry">;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly live: Live;
  readonly runs: Runs;
  readonly commits: Commits;
  readonly queue: Queue;
};

export class Registrations {
  readonly #options: RegistrationsOptions;
  /** The change that is under way, and those that wait for it (I3). */
  #turn: Promise<unknown> = Promise.resolve();
  /** Functions whose runs under way are not counted yet. */
  readonly #uncounted = new Set<string>();
  #reading: Timer | undefined;
  #isStopped = false;

  constructor(options: RegistrationsOptions) {
    this.#options = options;
  }

  /**
   * At the start of a node: counts what is under way, and begins schedules that are not. A schedule ends at a tick that finds its function
   * without it, and a registration that took effect without our knowing was not known then.
   */
  async takeUp(functions: readonly FunctionRow[]): Promise<void> {
    await this.#adoptUnderway(functions);
    const changes = await this.#newSchedules(functions);
    if (changes.length > 0) await this.#options.commits.commit({ guards: [], changes, trace: [] });
  }

  /** Stores a registration, and then knows it. `build` makes it from the registry, when its turn comes; `undefined`: nothing to store. */
  register(build: () => StoredRegistration | undefined): Promise<void> {
    return this.#inTurn(async () => {
      const { registry } = this.#options;
      const registration = build();
      if (registration === undefined) return;
      const { app, functions, removedAppIds = [], sync } = registration;
      const changes: readonly Change[] = [
        ...removedAppIds.map((appId) => ({ kind: "delete-app", appId }) as const),
        { kind: "put-app", app },
        ...(sync === undefined ? [] : [{ kind: "insert-sync", sync } as const]),
        ...functions.map((row) => ({ kind: "put-function", function: row }) as const),
        ...(await this.#newSchedules(functions)),
      ];
      await this.#commit(changes);
      this.#noteNewLimits(functions);
      for (const appId of removedAppIds) registry.deleteApp(appId);
      registry.putApp(app);
      registry.putFunctions(functions);
      await this.#countUncounted();
      this.#tell();
    });
  }

  /** Holds back or refuses what a function would start, or ends that (`undefined`). Resolves with false where there is no such function. */
  pause(functionId: string, mode: FunctionPause["mode"] | undefined): Promise<boolean> {
    return this.#inTurn(async () => {
      const { registry, clock } = this.#options;
      const row = registry.functionById(functionId);
      if (row === undefined) return false;
      const { paused: _, ...rest } = row;
      const next: FunctionRow = mode === undefined ? rest : { ...rest, paused: { mode, since: clock.now() } };
      await this.#commit([{ kind: "put-function", function: next }]);
      registry.putFunctions([next]);
      this.#tell();
      return true;
    });
  }

  #tell(): void {
    this.#options.queue.limitsChanged();
    this.#options.live.publish({ kind: "apps" });
  }

  async #commit(changes: readonly Change[]): Promise<void> {
    try {
      await this.#options.commits.commit({ guards: [], changes, trace: [] });
    } catch (error) {
      this.#isInDoubt();
      throw error;
    }
  }

  #isInDoubt(): void {
    this.#options.registry.isCertain = false;
    this.#readAgainLater(0);
  }

  /** Functions that get a limit on whole runs: what is under way is to be counted (I2). */
  #noteNewLimits(functions: readonly FunctionRow[]): void {
    for (const { id } of functions)
      if (this.#options.registry.functionById(id)?.definition.concurrency.run === undefined) this.#uncounted.add(id);
  }

  /** Keeps I2. What could not be counted is, when the store can be read again. */
  async #countUncounted(): Promise<void> {
    const { registry } = this.#options;
    try {
      await this.#adoptUnderway([...this.#uncounted].map((id) => registry.functionById(id)).filter((row) => row !== undefined));
      this.#uncounted.clear();
    } catch (error) {
      this.#isInDoubt();
      throw error;
    }
  }

  /** The store is not read again any more. */
  stop(): void {
    this.#isStopped = true;
    this.#reading?.cancel();
  }

  /** Keeps I4. */
  #readAgainLater(faults: number): void {
    const { clock, registry } = this.#options;
    if (this.#isStopped) return;
    const readAgain = (): Promise<void> => (registry.isCertain ? Promise.resolve() : this.#inTurn(async () => {}));
    this.#reading?.cancel();
    this.#reading = clock.setTimer(faultDelayMs(faults), () => void readAgain().catch(() => this.#readAgainLater(faults + 1)));
  }

  /** Keeps I4. */
  async #readAgain(): Promise<void> {
    const { store, registry } = this.#options;
    const { apps, functions } = await store.loadRegistry();
    this.#noteNewLimits(functions);
    registry.replace(apps, functions);
    await this.#countUncounted();
    registry.isCertain = true;
    this.#tell();
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      if (!this.#options.registry.isCertain) await this.#readAgain();
      return change();
    });
    // A change that fails is its caller's matter.
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Counts the runs that were started before, for limits on whole runs. One whose first call has to be repeated waits in the store among
   * those that have not started, maybe behind many: it is fetched from there.
   */
  async #adoptUnderway(functions: readonly FunctionRow[]): Promise<void> {
    const { store, queue, runs } = this.#options;
    for (const row of functions) {
      if (row.definition.concurrency.run === undefined) continue;
      for await (const run of runningOf(store, row.id)) {
        const items = await store.itemsOfRun(run.id);
        queue.adoptRun(run, row);
        for (const item of items) if (isStartLane(item.lane)) queue.offer(item);
        const state = await runs.get(run.id);
        if (state === undefined || state.run.endedAt !== undefined) queue.forgetRun(run.id);
      }
    }
  }

  /** Items of schedules that are new. Those that exist keep their position; those that are gone end at their next tick. */
  async #newSchedules(functions: readonly FunctionRow[]): Promise<readonly Change[]> {
    const { store, clock } = this.#options;
    const now = clock.now();
    const changes: Change[] = [];
    for (const row of functions) {
      if (row.archivedAt !== undefined) continue;
      for (const trigger of row.definition.triggers) {
        if (trigger.kind !== "cron") continue;
        const known = await store.itemsOfRun(scheduleKeyOf(row.id, trigger.cron));
        const item = known.length > 0 ? undefined : scheduleItem(row, trigger, now);
        if (item !== undefined) changes.push({ kind: "insert-item", item });
      }
    }
    return changes;
  }
}

/** Runs of a function that have begun and not ended. */
async function* runningOf({ history }: Pick<Store, "history">, functionId: string): AsyncGenerator<RunRow> {
  const filter = { statuses: ["RUNNING"], functionIds: [functionId] } as const;
  let after: { readonly at: number; readonly id: string } | undefined;
  do {
    const limit = 200;
    const page = await history.listRuns({ filter, timeField: "queuedAt", order: "asc", limit, ...(after === undefined ? {} : { after }) });
    yield* page;
    const last = page.at(-1);
    after = page.length < limit || last === undefined ? undefined : { at: last.queuedAt, id: last.id };
  } while (after !== undefined);
}
