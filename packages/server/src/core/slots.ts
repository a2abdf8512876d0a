/**
 * Concurrency slots in use, and the lanes that wait for one.
 *
 * I1  A key is held by as many as have acquired and not released it.
 * I2  A slot with room has no waiter that was not woken: each release wakes the lane that has waited longest, and a woken lane that
 *     can't use the slot passes it on (`passOn`).
 */
import type { Slot } from "@pawl/engine";
import type { Lane } from "./lane.ts";

type Use = { held: number; readonly waiters: Lane[] };

export class Slots {
  readonly #uses = new Map<string, Use>();

  /** The first slot without room; undefined where all have. */
  firstFull(slots: readonly Slot[]): Slot | undefined {
    return slots.find(({ key, limit }) => (this.#uses.get(key)?.held ?? 0) >= limit);
  }

  acquire(slots: readonly Slot[]): void {
    for (const { key } of slots) this.#useOf(key).held += 1;
  }

  /** Gives slots back. Returns the lanes that may try again. */
  release(slots: readonly Slot[]): readonly Lane[] {
    const woken: Lane[] = [];
    for (const { key } of slots) {
      const use = this.#useOf(key);
      use.held -= 1;
      const lane = use.waiters.shift();
      if (lane !== undefined) woken.push(lane);
      if (use.held === 0 && use.waiters.length === 0) this.#uses.delete(key);
    }
    return woken;
  }

  /** The lanes to wake in the place of one that did not use these slots. */
  passOn(slots: readonly Slot[]): readonly Lane[] {
    const woken: Lane[] = [];
    for (const { key, limit } of slots) {
      const use = this.#uses.get(key);
      const lane = use !== undefined && use.held < limit ? use.waiters.shift() : undefined;
      if (lane !== undefined) woken.push(lane);
    }
    return woken;
  }

  /** The lane waits for the slot. */
  wait({ key }: Slot, lane: Lane): void {
    this.#useOf(key).waiters.push(lane);
  }

  /** Every waiting lane; none waits afterwards. */
  takeAllWaiters(): readonly Lane[] {
    return [...this.#uses.values()].flatMap(({ waiters }) => waiters.splice(0));
  }

  held(key: string): number {
    return this.#uses.get(key)?.held ?? 0;
  }

  #useOf(key: string): Use {
    const known = this.#uses.get(key);
    if (known !== undefined) return known;
    const use: Use = { held: 0, waiters: [] };
    this.#uses.set(key, use);
    return use;
  }
}
