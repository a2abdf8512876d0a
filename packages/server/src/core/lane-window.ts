/**
 * The items of one stored lane that are due, in order: the first ones in memory, the rest in the store.
 *
 * I1  While `hasMore`, every due item of the lane that sorts before or at `cursor` is in memory (or was taken); those behind it are read
 *     when there is room.
 * I2  Items that come while the store is being read are put aside until the reading has ended.
 */
import type { ItemRow } from "@pawl/engine";
import type { ItemCursor } from "@pawl/store";
import { Heap } from "./heap.ts";

/** Items of a lane kept in memory. An item takes about 300 bytes; a lane with more is read in pages of half of it. */
export const LANE_WINDOW_MAX = 1_000;

/** Below this, more is read ahead of need. */
const LOW_WATER = 100;

export class LaneWindow {
  readonly key: string;
  /** Whether the store may have due items that are not in memory. */
  hasMore = false;
  isReading = false;
  /** The last item that is in memory or was read; only while `hasMore`. */
  cursor: ItemCursor | undefined;
  readonly #heap = new Heap<ItemRow>(isBefore);
  #deferred: ItemRow[] = [];

  constructor(key: string) {
    this.key = key;
  }

  get size(): number {
    return this.#heap.size;
  }

  get needsMore(): boolean {
    return this.hasMore && (this.#heap.size < LOW_WATER || this.#isUnread);
  }

  /** The first item; undefined too while it is not known which is the first. */
  peek(): ItemRow | undefined {
    return this.#isUnread ? undefined : this.#heap.peek();
  }

  take(): ItemRow | undefined {
    return this.#isUnread ? undefined : this.#heap.pop();
  }

  /** After a start: what is stored may sort before what has come since. */
  get #isUnread(): boolean {
    return this.hasMore && this.cursor === undefined;
  }

  /** Adds a due item. Returns what leaves memory for it: the item itself, or those that now sort last. */
  add(item: ItemRow): readonly ItemRow[] {
    if (this.isReading) {
      this.#deferred.push(item);
      return [];
    }
    if (this.hasMore && (this.cursor === undefined || !isAtOrBefore(item, this.cursor))) return [item];
    this.#heap.push(item);
    if (this.#heap.size <= LANE_WINDOW_MAX) return [];
    const evicted = this.#heap.trim(LANE_WINDOW_MAX / 2);
    const first = evicted.reduce((least, candidate) => (isBefore(candidate, least) ? candidate : least));
    this.hasMore = true;
    this.cursor = { dueAt: first.dueAt, score: first.score, id: previousId(first.id) };
    return evicted;
  }

  /** Adds an item that was read from the store. */
  addRead(item: ItemRow): void {
    this.#heap.push(item);
  }

  /** Notes what a reading gave; `undefined`: it failed. Returns what came meanwhile. */
  endReading(items: readonly ItemRow[] | undefined, limit: number): readonly ItemRow[] {
    this.isReading = false;
    if (items !== undefined) {
      const last = items.at(-1);
      this.hasMore = items.length >= limit;
      if (last !== undefined) this.cursor = { dueAt: last.dueAt, score: last.score, id: last.id };
    }
    return this.#deferred.splice(0);
  }
}

/** Order of due items. */
export function isBefore(a: ItemRow, b: ItemRow): boolean {
  return a.score < b.score || (a.score === b.score && a.id < b.id);
}

function isAtOrBefore(item: ItemRow, cursor: ItemCursor): boolean {
  return item.score < cursor.score || (item.score === cursor.score && item.id <= cursor.id);
}

/** A text that sorts before `id` and after everything that does: scans from it give `id` first. */
function previousId(id: string): string {
  const last = id.charCodeAt(id.length - 1);
  return `${id.slice(0, -1)}${String.fromCharCode(last - 1)}\u{10ffff}`;
}
