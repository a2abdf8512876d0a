/**
 * Time that jumps to the next timer.
 *
 * I1  Timers go off by (instant, order of setting); nothing else moves time.
 * I2  All asynchrony of a simulated world comes from timers: between two of them only microtasks run. So the world is at rest once the
 *     microtask queue is empty, which `turn` waits for.
 */
import type { Clock, Timer } from "@pawl/server";

/** 2026-09-21T14:13:20Z: any fixed instant whose ULIDs look real. */
export const WORLD_BEGIN = 1_790_000_000_000;

type Entry = { readonly at: number; readonly order: number; callback: (() => void) | undefined };

export class VirtualClock implements Clock {
  #now = WORLD_BEGIN;
  #order = 0;
  readonly #heap: Entry[] = [];

  now(): number {
    return this.#now;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const entry: Entry = { at: this.#now + Math.max(0, Math.ceil(delayMs)), order: this.#order++, callback };
    push(this.#heap, entry);
    return { cancel: () => (entry.callback = undefined) };
  }

  /** Resolves after a time. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.setTimer(ms, resolve));
  }

  /** Instant of the next timer; undefined when there is none. */
  nextAt(): number | undefined {
    for (let entry = this.#heap[0]; entry !== undefined; entry = this.#heap[0]) {
      if (entry.callback !== undefined) return entry.at;
      pop(this.#heap);
    }
    return undefined;
  }

  /** Lets the next timer go off; false when there is none. */
  fireNext(): boolean {
    if (this.nextAt() === undefined) return false;
    const entry = pop(this.#heap);
    if (entry === undefined) return false;
    this.#now = entry.at;
    entry.callback?.();
    return true;
  }
}

/** Waits until no microtask is left (I2). */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Entry[], entry: Entry): void {
  let index = heap.length;
  heap.push(entry);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent] as Entry;
    if (!isBefore(entry, above)) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = entry;
}

function pop(heap: Entry[]): Entry | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return first;
  let index = 0;
  for (let child = 1; child < heap.length; child = 2 * index + 1) {
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child += 1;
    if (!isBefore(heap[child] as Entry, last)) break;
    heap[index] = heap[child] as Entry;
    index = child;
  }
  heap[index] = last;
  return first;
}
