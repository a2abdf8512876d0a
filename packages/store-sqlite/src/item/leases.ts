/**
 * Leases of queue items, in memory: only this process has the file open, so its leases end with it.
 *
 * I1  A claim's generation is greater than every earlier one of any item, also after a crash: generations are given out from blocks
 *     whose numbers are stored before they are used.
 * I2  An item with a lease exists: whoever deletes an item ends its lease, and a claim asks whether the item exists.
 * I3  Leases that ended within a transaction come back when it is rolled back.
 */
import type { Claim } from "@pawl/store";
import type { Connection } from "../connection.ts";

export interface Leases {
  /** Leases an item, which exists. `undefined` where it is leased already. */
  claim(itemId: string): Claim | undefined;
  /** Whether this is the newest lease of the item, and alive. */
  holds(claim: Claim): boolean;
  /** Gives a lease up, unless it is stale. */
  release(claim: Claim): void;
  /** The decision about the item is taken; part of the open transaction. */
  end(itemId: string): void;
  commit(): void;
  rollback(): void;
}

/** Generations per stored block: one write to the file per million claims. */
const BLOCK_SIZE = 2 ** 20;

/** Begins with no lease and a new block of generations. */
export function openLeases(connection: Connection): Leases {
  const generations = new Map<string, number>();
  const ended: Claim[] = [];
  const nextGeneration = generationsOf(connection);
  return {
    claim: (itemId) => {
      if (generations.has(itemId)) return undefined;
      const generation = nextGeneration();
      generations.set(itemId, generation);
      return { itemId, generation };
    },
    holds: ({ itemId, generation }) => generations.get(itemId) === generation,
    release: ({ itemId, generation }) => {
      if (generations.get(itemId) === generation) generations.delete(itemId);
    },
    end: (itemId) => {
      const generation = generations.get(itemId);
      if (generation === undefined) return;
      generations.delete(itemId);
      ended.push({ itemId, generation });
    },
    commit: () => {
      ended.length = 0;
    },
    rollback: () => {
      for (const { itemId, generation } of ended.splice(0)) generations.set(itemId, generation);
    },
  };
}

function generationsOf(connection: Connection): () => number {
  const takeBlock = connection.prepare<{ value: number }>("update counters set value = value + 1 where name = 'epoch' returning value");
  const firstOfBlock = (): number => (takeBlock.get()?.value ?? 0) * BLOCK_SIZE;
  let next = firstOfBlock();
  let end = next + BLOCK_SIZE;
  return () => {
    if (next === end) {
      next = firstOfBlock();
      end = next + BLOCK_SIZE;
    }
    return next++;
  };
}
