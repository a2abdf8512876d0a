/**
 * Items that are due later: the nearest ones in memory, the rest in the store.
 *
 * I1  Every stored item that is due before `#coveredUntil` and was offered or loaded is in the heap, until it is due.
 * I2  The heap holds at most `WINDOW_MAX` items, so sleeping runs cost disk and not memory.
 * I3  What is offered while the store is being read is offered again afterwards: the reading may or may not have seen it.
 *
 * There is one timer, for the first item or the end of the window, whichever comes first; nothing polls.
 */
import type { ItemRow } from "@pawl/engine";
import type { Store } from "@pawl/store";
import type { Clock, Timer } from "../ports/clock.ts";
import { Heap } from "./heap.ts";

/** Nearest items kept in memory. An item takes about 300 bytes. */
const WINDOW_MAX = 10_000;

/** Items read at once. */
const PAGE = 2_000;

export type TimerWindowOptions = {
  readonly store: Pick<Store, "scanItems">;
  readonly clock: Clock;
  /** Takes note of an item that was read; false where it is known already. */
  readonly admit: (item: ItemRow) => boolean;
  /** Whether an item is still as it was when it was put in. */
  readonly isCurrent: (item: ItemRow) => boolean;
  readonly onDue: (item: ItemRow) => void;
  /** Called for an item that leaves memory before it is due. */
  readonly onEvicted: (item: ItemRow) => void;
  readonly onError: (error: unknown) => void;
};

export class TimerWindow {
  readonly #options: TimerWindowOptions;
  readonly #heap = new Heap<ItemRow>((a, b) => a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.id < b.id));
  #coveredUntil = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #deferred: ItemRow[] | undefined;
  #isStopped = false;

  constructor(options: TimerWindowOptions) {
    this.#options = options;
  }

  /** Reads the nearest items that are due after an instant. */
  async load(dueAfter: number): Promise<void> {
    if (this.#deferred !== undefined || this.#isStopped) return;
    this.#deferred = [];
    try {
      const { items, coveredUntil } = await this.#read(dueAfter);
      this.#coveredUntil = coveredUntil;
      for (const item of items) if (this.#options.admit(item)) this.#heap.push(item);
    } finally {
      const deferred = this.#deferred;
      this.#deferred = undefined;
      for (const item of deferred) if (this.#options.isCurrent(item) && !this.offer(item)) this.#options.onEvicted(item);
    }
    this.#arm();
  }

  /** Whole instants: the last instant of a full page is left for the next, unless the page has no other. */
  async #read(dueAfter: number): Promise<{ readonly items: readonly ItemRow[]; readonly coveredUntil: number }> {
    const items: ItemRow[] = [];
    for (;;) {
      const after = items.at(-1);
      const page = await this.#options.store.scanItems({ dueAfter, limit: PAGE, ...(after === undefined ? {} : { after }) });
      items.push(...page);
      if (page.length < PAGE) return { items, coveredUntil: Number.POSITIVE_INFINITY };
      const border = items.at(-1)?.dueAt ?? dueAfter;
      const whole = items.filter(({ dueAt }) => dueAt < border);
      if (whole.length > 0) return { items: whole, coveredUntil: border };
    }
  }

  /** Takes an item that is due later; false where it stays in the store only. */
  offer(item: ItemRow): boolean {
    if (this.#deferred !== undefined) {
      this.#deferred.push(item);
      return true;
    }
    if (item.dueAt >= this.#coveredUntil) return false;
    this.#heap.push(item);
    if (this.#heap.size > WINDOW_MAX) this.#shrink();
    this.#arm();
    return true;
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Only whole instants leave, so that I1 holds at the border. */
  #shrink(): void {
    const evicted = this.#heap.trim(WINDOW_MAX / 2);
    const border = evicted.reduce((least, item) => Math.min(least, item.dueAt), Number.POSITIVE_INFINITY);
    this.#coveredUntil = border;
    for (const item of evicted) this.#options.onEvicted(item);
  }

  #arm(): void {
    const at = Math.min(this.#heap.peek()?.dueAt ?? Number.POSITIVE_INFINITY, this.#coveredUntil);
    if (at === this.#timerAt || this.#isStopped) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAt = at;
    if (at === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#options.clock.setTimer(at - this.#options.clock.now(), () => this.#fire());
  }

  #fire(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#timer = undefined;
    const now = this.#options.clock.now();
    for (let item = this.#heap.peek(); item !== undefined && item.dueAt <= now; item = this.#heap.peek()) {
      this.#heap.pop();
      if (this.#options.isCurrent(item)) this.#options.onDue(item);
    }
    if (now < this.#coveredUntil) return this.#arm();
    // The window is used up. Everything due up to its border has been handed on; what follows is read, the border's instant included.
    const border = this.#coveredUntil;
    this.load(border - 1).catch(this.#options.onError);
  }
}
