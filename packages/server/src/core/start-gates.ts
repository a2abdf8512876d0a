/**
 * What holds back runs that have not started: limits on whole runs, throttles, pauses.
 *
 * I1  A run holds its slots from the moment it is chosen to start until it has ended; a restart counts the runs under way again.
 * I2  A start that a throttle lets through is stored (`save`) before the call is made, so that a crash never forgets one. A crash between
 *     the two counts a start that did not happen: never too many, one too few.
 * I3  A lane that waits is woken by what it waits for: a run's end, an instant, a resumption. Nothing polls.
 *
 * One node decides about the lanes of a function, so the state of a throttle is kept here and only written to the store.
 *
 * Spec: semantics 6.2, 6.3, 6.12.
 */
import { type Change, decideThrottle, type FunctionRow, type Slot, startGatesOf, type ThrottleGate } from "@pawl/engine";
import type { Store } from "@pawl/store";
import type { Clock, Timer } from "../ports/clock.ts";
import { Fifo } from "./fifo.ts";
import type { Lane, StartHold } from "./lane.ts";
import { Slots } from "./slots.ts";

/** State of a throttled key. `tat`: when its bucket is full again (GCRA), milliseconds since the epoch. */
type Throttle = { tat: number | undefined; version: number; timer?: Timer; readonly waiters: Fifo<Lane> };

/** Throttled keys in memory before those that are full again are forgotten. */
const THROTTLES_MAX = 10_000;

export type StartGatesOptions = {
  readonly store: Pick<Store, "apply" | "cells">;
  readonly clock: Clock;
  /** A lane's hold may be over. */
  readonly wake: (lanes: readonly Lane[]) => void;
  readonly onError: (error: unknown) => void;
};

export class StartGates {
  readonly #options: StartGatesOptions;
  readonly #slots = new Slots();
  /** Slots of the runs under way. */
  readonly #entered = new Map<string, readonly Slot[]>();
  readonly #throttles = new Map<string, Throttle>();
  readonly #reading = new Map<string, Fifo<Lane>>();
  readonly #paused = new Set<Lane>();
  readonly #unsaved = new Map<string, ThrottleGate & { readonly functionId: string }>();

  constructor(options: StartGatesOptions) {
    this.#options = options;
  }

  /** Whether a function's runs pass no gate. */
  static isOpen({ definition, paused }: FunctionRow): boolean {
    return paused === undefined && definition.throttle === undefined && definition.concurrency.run === undefined;
  }

  /** What holds a lane's next start; undefined: it may go. Takes note of the lane, and wakes it when that may have changed. */
  holdOf(lane: Lane, row: FunctionRow): StartHold | undefined {
    const hold = this.#findHold(lane, row);
    lane.startHold = hold;
    if (hold?.kind === "run-slot") this.#slots.wait(hold.slot, lane);
    else if (hold?.kind === "throttle") this.#waitForThrottle(hold, lane);
    else if (hold?.kind === "reading") this.#reading.get(hold.key)?.push(lane);
    else if (hold?.kind === "paused") this.#paused.add(lane);
    return hold;
  }

  /** The run starts: it takes its slots and counts for the throttle. Only after `holdOf` has found nothing. */
  enter(runId: string, lane: Lane, row: FunctionRow): void {
    const { runSlots, throttle } = startGatesOf(lane.key, row.definition);
    this.#take(runId, runSlots);
    const state = throttle === undefined ? undefined : this.#throttles.get(throttle.key);
    if (throttle === undefined || state === undefined) return;
    const decided = decideThrottle(state.tat, throttle.throttle, this.#options.clock.now());
    if (decided.kind !== "allowed") return;
    state.tat = decided.tat;
    this.#unsaved.set(throttle.key, { ...throttle, functionId: row.id });
  }

  /** Stores what the starts since the last call have used up (I2). */
  async save(): Promise<void> {
    if (this.#unsaved.size === 0) return;
    const changes: Change[] = [];
    for (const [key, { functionId }] of this.#unsaved) {
      const state = this.#throttles.get(key);
      if (state?.tat === undefined) continue;
      state.version += 1;
      const cell = { key, kind: "throttle", functionId, version: state.version, expiresAt: state.tat } as const;
      changes.push({ kind: "put-cell", cell: { ...cell, state: JSON.stringify({ tat: state.tat }) } });
    }
    const saved = [...this.#unsaved];
    this.#unsaved.clear();
    try {
      await this.#options.store.apply({ guards: [], changes });
    } catch (error) {
      // The starts that it counts may still be made: whoever makes them stores it first.
      for (const [key, gate] of saved) if (!this.#unsaved.has(key)) this.#unsaved.set(key, gate);
      throw error;
    }
  }

  /** Counts a run that has started before this node did. */
  adopt(runId: string, laneKey: string, row: FunctionRow): void {
    this.#take(runId, startGatesOf(laneKey, row.definition).runSlots);
  }

  hasEntered(runId: string): boolean {
    return this.#entered.has(runId);
  }

  /** The run has ended. */
  leave(runId: string): void {
    const slots = this.#entered.get(runId);
    if (slots === undefined) return;
    this.#entered.delete(runId);
    this.#options.wake(this.#slots.release(slots, runId));
  }

  /** Lanes to wake in the place of one that was woken and has not started a run. */
  passOn(lane: Lane, { definition }: FunctionRow): readonly Lane[] {
    return definition.concurrency.run === undefined ? [] : this.#slots.passOn(startGatesOf(lane.key, definition).runSlots);
  }

  /** Limits or pauses may have changed: every lane that waits here. */
  takeAllWaiters(): readonly Lane[] {
    const lanes = [...this.#slots.takeAllWaiters(), ...this.#paused];
    this.#paused.clear();
    for (const { waiters } of this.#throttles.values()) lanes.push(...waiters.takeAll());
    return lanes;
  }

  /** Runs that hold a slot, at most `max`. */
  holdersOf(key: string, max: number): readonly string[] {
    return this.#slots.holdersOf(key, max);
  }

  stop(): void {
    for (const { timer } of this.#throttles.values()) timer?.cancel();
  }

  #take(runId: string, slots: readonly Slot[]): void {
    if (slots.length === 0 || this.#entered.has(runId)) return;
    this.#entered.set(runId, slots);
    this.#slots.acquire(slots, runId);
  }

  #findHold(lane: Lane, { definition, paused }: FunctionRow): StartHold | undefined {
    if (paused !== undefined && paused.mode !== "drain") return { kind: "paused", since: paused.since };
    const { runSlots, throttle } = startGatesOf(lane.key, definition);
    const slot = this.#slots.firstFull(runSlots);
    if (slot !== undefined) return { kind: "run-slot", slot };
    if (throttle === undefined) return undefined;
    const state = this.#throttles.get(throttle.key);
    if (state === undefined) {
      this.#read(throttle.key);
      return { kind: "reading", key: throttle.key };
    }
    const decided = decideThrottle(state.tat, throttle.throttle, this.#options.clock.now());
    return decided.kind === "held" ? { kind: "throttle", key: throttle.key, until: decided.until } : undefined;
  }

  #waitForThrottle({ key, until }: Extract<StartHold, { kind: "throttle" }>, lane: Lane): void {
    const state = this.#throttles.get(key);
    if (state === undefined) return;
    state.waiters.push(lane);
    state.timer ??= this.#options.clock.setTimer(Math.max(0, until - this.#options.clock.now()), () => {
      delete state.timer;
      this.#options.wake(state.waiters.takeAll());
    });
  }

  #read(key: string): void {
    if (this.#reading.has(key)) return;
    const waiters = new Fifo<Lane>();
    this.#reading.set(key, waiters);
    this.#options.store.cells([key]).then(
      ([cell]) => {
        const tat = cell === undefined ? undefined : (JSON.parse(cell.state) as { readonly tat: number }).tat;
        this.#forgetFull();
        this.#throttles.set(key, { tat, version: cell?.version ?? 0, waiters: new Fifo() });
        this.#reading.delete(key);
        this.#options.wake(waiters.takeAll());
      },
      (error: unknown) => {
        this.#options.onError(error);
        this.#options.clock.setTimer(1_000, () => {
          this.#reading.delete(key);
          this.#options.wake(waiters.takeAll());
        });
      },
    );
  }

  /** A bucket that is full again is as good as none. */
  #forgetFull(): void {
    if (this.#throttles.size < THROTTLES_MAX) return;
    const now = this.#options.clock.now();
    for (const [key, { tat, waiters }] of this.#throttles)
      if ((tat ?? 0) <= now && waiters.size === 0 && !this.#unsaved.has(key)) this.#throttles.delete(key);
  }
}
