/**
 * Slots in use, who holds them, and the lanes that wait for one. Counts calls in progress (step concurrency) or runs under way.
 *
 * I1  A key is held by as many as have acquired and not released it.
 * I2  A slot with room has no waiter that was not woken: each release wakes the lane that has waited longest, and a woken lane that
 *     can't use the slot passes it on (`passOn`).
 */
import type { Slot } from "@pawl/engine";
import { Fifo } from "./fifo.ts";
import type { Lane } from "./lane.ts";

type Use = { held: number; readonly holders: Map<string, number>; readonly waiters: Fifo<Lane> };

export class Slots {
  readonly #uses = new Map<string, Use>();

  /** The first slot without room; undefined where all have. */
  firstFull(slots: readonly Slot[]): Slot | undefined {
    return slots.find(({ key, limit }) => (this.#uses.get(key)?.held ?? 0) >= limit);
  }

  /** `holder`: the run that uses the slots. */
  acquire(slots: readonly Slot[], holder: string): void {
    for (const { key } of slots) {
      const use = this.#useOf(key);
      use.held += 1;
      use.holders.set(holder, (use.holders.get(holder) ?? 0) + 1);
    }
  }

  /** Gives slots back. Returns the lanes that may try again. */
  release(slots: readonly Slot[], holder: string): readonly Lane[] {
    const woken: Lane[] = [];
    for (const { key } of slots) {
      const use = this.#useOf(key);
      use.held -= 1;
      const count = (use.holders.get(holder) ?? 0) - 1;
      if (count > 0) use.holders.set(holder, count);
      else use.holders.delete(holder);
      const lane = use.waiters.shift();
      if (lane !== undefined) woken.push(lane);
      this.#dropIfIdle(key, use);
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
    const lanes = [...this.#uses.values()].flatMap(({ waiters }) => waiters.takeAll());
    for (const [key, use] of this.#uses) this.#dropIfIdle(key, use);
    return lanes;
  }

  held(key: string): number {
    return this.#uses.get(key)?.held ?? 0;
  }

  /** Runs that hold a slot, at most `max`. */
  holdersOf(key: string, max: number): readonly string[] {
    const holders: string[] = [];
    for (const holder of this.#uses.get(key)?.holders.keys() ?? []) {
      if (holders.length === max) break;
      holders.push(holder);
    }
    return holders;
  }

  #dropIfIdle(key: string, { held, waiters }: Use): void {
    if (held === 0 && waiters.size === 0) this.#uses.delete(key);
  }

  #useOf(key: string): Use {
    const known = this.#uses.get(key);
    if (known !== undefined) return known;
    const use: Use = { held: 0, holders: new Map(), waiters: new Fifo() };
    this.#uses.set(key, use);
    return use;
  }
}
