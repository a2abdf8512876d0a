/**
 * Leases of queue items. They belong to the process and not to what is stored: a crash copy has none.
 *
 * I1  Generations grow; a copy goes on where its original was.
 * I2  An item with a lease exists.
 */
import type { Claim } from "@pawl/store";
import type { Journal } from "./journal.ts";

export class Leases {
  readonly #generations = new Map<string, number>();
  #last: number;

  constructor(lastGeneration: number) {
    this.#last = lastGeneration;
  }

  get lastGeneration(): number {
    return this.#last;
  }

  /** Leases an item, which exists. `undefined` where it is leased already. */
  claim(itemId: string): Claim | undefined {
    if (this.#generations.has(itemId)) return undefined;
    this.#last += 1;
    this.#generations.set(itemId, this.#last);
    return { itemId, generation: this.#last };
  }

  holds({ itemId, generation }: Claim): boolean {
    return this.#generations.get(itemId) === generation;
  }

  release(claim: Claim): void {
    if (this.holds(claim)) this.#generations.delete(claim.itemId);
  }

  /** The decision about the item is taken. */
  end(journal: Journal, itemId: string): void {
    journal.delete(this.#generations, itemId);
  }
}
