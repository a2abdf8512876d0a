/**
 * What the queue does after a fault of ours: gives leases back, and reads again what the store holds.
 *
 * I1  A decision whose commit failed may have taken effect all the same, without our being told. So nothing is tried as it was: what is
 *     stored is read first.
 * I2  A lease is given up before its item is offered again, or the item could not be claimed.
 * I3  Nothing here ends but by success or by the queue's stop; what fails is tried again, later and later.
 * I4  An item comes back when its own delay is over, and not before because its run is read for other reasons: each fault would bring
 *     about several tries at once, and those several faults.
 * I5  What was read before a newer commit counts for nothing: it is read again.
 */
import type { ItemRow } from "@pawl/engine";
import type { Claim, Store } from "@pawl/store";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { faultDelayMs } from "./fault-delay.ts";

export type ItemRecoveryOptions = {
  readonly store: Pick<Store, "releaseItems" | "itemsOfRun">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly isRunning: () => boolean;
};

export class ItemRecovery {
  readonly #options: ItemRecoveryOptions;
  /** Items that are to be given back (I4). */
  readonly #returning = new Set<string>();
  /** Runs that are to be read, each once. */
  readonly #reading = new Set<string>();
  /** Reads that the store has not answered yet (I5). */
  readonly #reads = new Set<{ readonly runId: string; isStale: boolean }>();

  constructor(options: ItemRecoveryOptions) {
    this.#options = options;
  }

  /** Gives a lease up at once and, after a while, the item as it is stored then; not where it is gone. */
  returnItem(
    lost: { readonly item: ItemRow; readonly claim: Claim | undefined; readonly faults: number },
    offer: (item: ItemRow) => void,
  ): void {
    const { item, claim, faults } = lost;
    this.#returning.add(item.id);
    const released = this.#release(claim);
    this.#later(faults, async () => {
      if (!(await released)) return this.returnItem({ ...lost, faults: faults + 1 }, offer);
      const items = await this.#itemsOfRun(item.runId);
      if (items === undefined) return this.returnItem({ item, claim: undefined, faults: faults + 1 }, offer);
      this.#returning.delete(item.id);
      const found = items.find(({ id }) => id === item.id);
      if (found !== undefined) offer(found);
    });
  }

  /** Whether an item is to be given back. */
  isReturning(itemId: string): boolean {
    return this.#returning.has(itemId);
  }

  /** The items of a run were changed by a commit. */
  changed(runId: string): void {
    for (const read of this.#reads) if (read.runId === runId) read.isStale = true;
  }

  /** Gives the items of a run as they are stored, after a while; once, however often it is asked for until then. */
  readRun(runId: string, offer: (items: readonly ItemRow[]) => void): void {
    if (this.#reading.has(runId)) return;
    this.#reading.add(runId);
    this.#readLater(runId, offer, 0);
  }

  #readLater(runId: string, offer: (items: readonly ItemRow[]) => void, faults: number): void {
    this.#later(faults, async () => {
      // Whatever fails from here on is read for again.
      this.#reading.delete(runId);
      const items = await this.#itemsOfRun(runId);
      if (items !== undefined) return offer(items);
      if (this.#reading.has(runId)) return;
      this.#reading.add(runId);
      this.#readLater(runId, offer, faults + 1);
    });
  }

  #later(faults: number, work: () => Promise<void>): void {
    this.#options.clock.setTimer(faultDelayMs(faults), () => {
      if (this.#options.isRunning()) void work();
    });
  }

  async #release(claim: Claim | undefined): Promise<boolean> {
    if (claim === undefined) return true;
    try {
      await this.#options.store.releaseItems([claim]);
      return true;
    } catch (error) {
      this.#options.logger.error({ itemId: claim.itemId, error: String(error) }, "giving an item back failed");
      return false;
    }
  }

  async #itemsOfRun(runId: string): Promise<readonly ItemRow[] | undefined> {
    const read = { runId, isStale: false };
    this.#reads.add(read);
    try {
      const items = await this.#options.store.itemsOfRun(runId);
      if (!read.isStale) return items;
    } catch (error) {
      this.#options.logger.error({ runId, error: String(error) }, "reading the items of a run failed");
      return undefined;
    } finally {
      this.#reads.delete(read);
    }
    return this.#itemsOfRun(runId);
  }
}
