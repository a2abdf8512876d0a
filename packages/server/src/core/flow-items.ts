/**
 * Items that belong to no run: ends of debounces and batches, ticks of schedules, pages of bulk operations.
 *
 * I1  A decision that loses against another about the same cell is taken again on what is stored then.
 * I2  An item whose lease is lost is left to its new holder.
 *
 * Spec: semantics 2.5, 6.5, 6.6.
 */
import {
  batchCellKeyOf,
  type BatchState,
  type DebounceState,
  decideTick,
  type ExpressionEvent,
  flowKeysOf,
  type FunctionRow,
  type Guard,
  type ItemRow,
  planBatchEnd,
  planDebounceEnd,
  type RandomSource,
} from "@pawl/engine";
import type { Store } from "@pawl/store";
import type { Clock } from "../ports/clock.ts";
import type { Bulks } from "./bulk.ts";
import type { Cells } from "./cells.ts";
import type { Commits } from "./commits.ts";
import type { FlowCommits } from "./flow-commits.ts";
import type { ItemOutcome } from "./queue.ts";
import type { Registry } from "./registry.ts";

/** An end is tried so often while events keep coming; then its item comes again later. */
const TRIES_MAX = 20;

export type FlowItemsOptions = {
  readonly store: Pick<Store, "batchEvents" | "history">;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly registry: Registry;
  readonly cells: Cells;
  readonly commits: Commits;
  readonly flowCommits: FlowCommits;
  readonly bulks: Bulks;
};

export class FlowItems {
  readonly #options: FlowItemsOptions;

  constructor(options: FlowItemsOptions) {
    this.#options = options;
  }

  /** Processes a claimed item. Resolves when its decision has committed. */
  async process(item: ItemRow, generation: number): Promise<ItemOutcome> {
    switch (item.kind) {
      case "cron":
        return this.#tick(item, generation);
      case "debounce":
        return this.#endDebounce(item, generation);
      case "batch":
        return this.#endBatch(item, generation);
      case "bulk":
        return this.#options.bulks.process(item, generation);
      default:
        throw new Error(`The item ${item.id} has the kind ${item.kind}, which nobody processes.`);
    }
  }

  async #tick(item: ItemRow, generation: number): Promise<ItemOutcome> {
    const { clock, random, commits } = this.#options;
    await commits.commit(decideTick({ item, generation, function: this.#functionOf(item) }, { now: clock.now(), random }));
    return "decided";
  }

  async #endDebounce(item: ItemRow, generation: number): Promise<ItemOutcome> {
    // An event that takes another's place is known before it is stored. A commit, even of nothing, waits for what is handed over before it.
    const isDone = await this.#tryEndDebounce(item, { generation, mayWait: true });
    if (!isDone) await this.#tryEndDebounce(item, { generation, mayWait: false });
    return "decided";
  }

  /** False where the event that the debounce holds is not in the log, and that may change. */
  async #tryEndDebounce(
    item: ItemRow,
    { generation, mayWait }: { readonly generation: number; readonly mayWait: boolean },
  ): Promise<boolean> {
    const { cells, store, clock } = this.#options;
    const key = item.runId;
    const row = this.#functionOf(item);
    let isMissing = false;
    await this.#options.flowCommits.decide([leaseOf(item, generation)], async () => {
      await cells.load([key]);
      const state = cells.view([key])?.get(key)?.state;
      const held = state === undefined ? undefined : (JSON.parse(state) as DebounceState);
      const event = held === undefined ? undefined : await store.history.eventById(held.eventId);
      const parsed = event === undefined ? undefined : (JSON.parse(event.body) as ExpressionEvent);
      const { singleton } = row === undefined || parsed === undefined ? {} : flowKeysOf(row, { event: parsed, now: clock.now() });
      return {
        cellKeys: singleton === undefined ? [key] : [key, singleton],
        plan: (plan) => {
          const now = plan.cells.get(key)?.state;
          // Another event has taken the place of the one that was read: what is read is not what is held.
          if (now !== state) return false;
          isMissing = mayWait && held !== undefined && event === undefined;
          if (!isMissing)
            planDebounceEnd(plan, { key, function: row, ...(event === undefined || parsed === undefined ? {} : { event, parsed }) });
          return true;
        },
      };
    });
    return !isMissing;
  }

  async #endBatch(item: ItemRow, generation: number): Promise<ItemOutcome> {
    for (let tries = 0; tries < TRIES_MAX; tries++) if (await this.#tryEndBatch(item, generation)) return "decided";
    return "fault";
  }

  /**
   * False where the batch has got an event that is not stored yet: then a commit of nothing has waited for it. One that has been filled
   * meanwhile has a new time, and the lease has ended.
   */
  async #tryEndBatch(item: ItemRow, generation: number): Promise<boolean> {
    const batchId = item.runId;
    const key = batchCellKeyOf(batchId);
    let isComplete = true;
    await this.#options.flowCommits.decide([leaseOf(item, generation)], async () => {
      const events = await this.#options.store.batchEvents(batchId);
      return {
        cellKeys: [key],
        plan: (plan) => {
          const state = plan.cells.get(key)?.state;
          const open = state === undefined ? undefined : (JSON.parse(state) as BatchState);
          isComplete = open?.batchId !== batchId || open.count === events.length;
          if (isComplete) planBatchEnd(plan, { batchId, function: this.#functionOf(item), events });
          return true;
        },
      };
    });
    return isComplete;
  }

  #functionOf({ functionId }: ItemRow): FunctionRow | undefined {
    return this.#options.registry.functionById(functionId);
  }
}

function leaseOf({ id }: ItemRow, generation: number): Guard {
  return { kind: "item-leased", itemId: id, generation };
}
