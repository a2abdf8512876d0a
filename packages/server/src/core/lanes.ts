/**
 * Lanes, whose turn it is, and what holds them.
 *
 * I1  At any instant, at most `limit` items that need a slot are in progress, for every slot.
 * I2  Lanes take turns: one with many items delays another by one item, and a lane whose slots are taken delays no other.
 * I3  A lane keeps its first `LANE_WINDOW_MAX` items of each kind in memory; the rest stays in the store until there is room.
 * I4  A lane that may go has a turn, is being read, or waits where it will be woken.
 *
 * Spec: semantics 6.1 to 6.3, 6.11, 9.
 */
import { baseLaneOf, callsApp, functionOfLane, type FunctionRow, type ItemRow, isStartLane, type Slot, slotsOf } from "@pawl/engine";
import type { Store } from "@pawl/store";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { Fifo } from "./fifo.ts";
import { Lane, type StartHold } from "./lane.ts";
import { LANE_WINDOW_MAX, type LaneWindow } from "./lane-window.ts";
import { Slots } from "./slots.ts";
import { StartGates } from "./start-gates.ts";

/** Items read at once. */
const PAGE = LANE_WINDOW_MAX / 2;

/** After a failed reading. */
const READ_AGAIN_MS = 1_000;

const NO_SLOTS: readonly Slot[] = [];

/** What holds a waiting item back. */
export type Hold = { readonly kind: "slot"; readonly slot: Slot } | StartHold;

/** The items of a stored lane that are held. */
export type HeldItems = {
  readonly lane: string;
  readonly hold: Hold;
  /** Of them, in memory. */
  readonly count: number;
  /** Whether the store may have more. */
  readonly hasMore: boolean;
};

export type LanesOptions = {
  readonly store: Pick<Store, "apply" | "cells" | "scanItems">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly functionById: (functionId: string) => FunctionRow | undefined;
  /** Takes note of an item that was read; false where it is known already. */
  readonly admit: (item: ItemRow) => boolean;
  /** Whether an item waits and is still as it was when it entered. */
  readonly isWaiting: (item: ItemRow) => boolean;
  /** An item leaves memory; it is read again when there is room. */
  readonly evicted: (item: ItemRow) => void;
  /** An item was read that needs no turn: a timer. */
  readonly decisionRead: (item: ItemRow) => void;
  /** Whether so many timers wait to be decided that no more should be read. */
  readonly isFlooded: () => boolean;
  /** Something may go that could not before. */
  readonly changed: () => void;
  /** Further slots that a function's calls need: places of its app's connected workers. `limitsChanged` must follow when they change. */
  readonly workerSlotsOf?: (row: FunctionRow) => readonly Slot[];
};

export type Turn = { readonly item: ItemRow; readonly slots: readonly Slot[] };

export class Lanes {
  readonly gates: StartGates;
  readonly #options: LanesOptions;
  readonly #lanes = new Map<string, Lane>();
  readonly #slots = new Slots();
  readonly #turns = new Fifo<Lane>();
  /** Lanes that wait for timers to be decided before more of them are read. */
  #flooded: Lane[] = [];

  constructor(options: LanesOptions) {
    this.#options = options;
    this.gates = new StartGates({
      store: options.store,
      clock: options.clock,
      wake: (lanes) => {
        for (const lane of lanes) this.#openStarts(lane);
        options.changed();
      },
      onError: (error) => options.logger.error({ error: String(error) }, "reading the state of a throttle failed"),
    });
  }

  get size(): number {
    return this.#lanes.size;
  }

  get hasTurns(): boolean {
    return this.#turns.size > 0;
  }

  /** A stored lane has items that are not in memory. */
  expect(storedLane: string): void {
    const lane = this.#laneOf(baseLaneOf(storedLane));
    windowOf(lane, storedLane).hasMore = true;
    this.#giveTurn(lane);
  }

  /** A due item enters its lane. */
  enter(item: ItemRow): void {
    const lane = this.#laneOf(baseLaneOf(item.lane));
    this.#add(lane, item);
    this.#giveTurn(lane);
  }

  /** The next item that may go; it holds its slots from now on. */
  next(): Turn | undefined {
    for (let lane = this.#turns.shift(); lane !== undefined; lane = this.#turns.shift()) {
      lane.hasTurn = false;
      const turn = this.#choose(lane);
      if (turn !== undefined) return turn;
    }
    return undefined;
  }

  /** An item in progress has ended. */
  release(slots: readonly Slot[], runId: string): void {
    for (const lane of this.#slots.release(slots, runId)) this.#unblock(lane);
  }

  /** What holds an item of a lane back; undefined where nothing does. */
  holdOf({ lane: storedLane }: ItemRow): Hold | undefined {
    const lane = this.#lanes.get(baseLaneOf(storedLane));
    if (lane?.blockedOn !== undefined) return { kind: "slot", slot: lane.blockedOn };
    return isStartLane(storedLane) ? lane?.startHold : undefined;
  }

  /** What is held, for metrics. */
  *held(): Generator<HeldItems> {
    for (const { blockedOn, startHold, starts, windows } of this.#lanes.values()) {
      const hold: Hold | undefined = blockedOn === undefined ? startHold : { kind: "slot", slot: blockedOn };
      if (hold === undefined) continue;
      for (const { key, size, hasMore } of blockedOn === undefined ? [starts] : windows)
        if (size > 0 || hasMore) yield { lane: key, hold, count: size, hasMore };
    }
  }

  /** Runs that hold a slot, at most `max`. */
  holdersOf(key: string, max: number): readonly string[] {
    const holders = this.#slots.holdersOf(key, max);
    return holders.length > 0 ? holders : this.gates.holdersOf(key, max);
  }

  /** Limits or pauses may have changed: every lane is looked at again. */
  limitsChanged(): void {
    for (const lane of this.#slots.takeAllWaiters()) this.#unblock(lane);
    for (const lane of this.gates.takeAllWaiters()) this.#openStarts(lane);
  }

  /** Timers have been decided: more can be read. */
  drained(): void {
    for (const lane of this.#flooded.splice(0)) this.#goOn(lane);
  }

  #laneOf(key: string): Lane {
    const known = this.#lanes.get(key);
    if (known !== undefined) return known;
    const lane = new Lane(key);
    this.#lanes.set(key, lane);
    return lane;
  }

  #add(lane: Lane, item: ItemRow): void {
    if (isStartLane(item.lane) && this.gates.hasEntered(item.runId)) return lane.addEntered(item);
    for (const evicted of windowOf(lane, item.lane).add(item)) this.#options.evicted(evicted);
  }

  #giveTurn(lane: Lane): void {
    if (lane.hasTurn || lane.blockedOn !== undefined) return;
    lane.hasTurn = true;
    this.#turns.push(lane);
  }

  #unblock(lane: Lane): void {
    lane.blockedOn = undefined;
    this.#giveTurn(lane);
  }

  #openStarts(lane: Lane): void {
    lane.startHold = undefined;
    this.#giveTurn(lane);
  }

  #choose(lane: Lane): Turn | undefined {
    const row = this.#options.functionById(functionOfLane(lane.key));
    const slots = this.#slotsOf(lane, row);
    const full = this.#slots.firstFull(slots);
    if (full !== undefined && lane.size > 0) {
      lane.blockedOn = full;
      this.#slots.wait(full, lane);
      return this.#passOn(lane, { row, slots });
    }
    const item = this.#take(lane, row);
    const mayGoOn = this.#readWhatIsNeeded(lane);
    if (item === undefined) {
      if (lane.isEmpty && this.#lanes.get(lane.key) === lane) this.#lanes.delete(lane.key);
      return this.#passOn(lane, { row, slots });
    }
    this.#slots.acquire(slots, item.runId);
    if (mayGoOn) this.#giveTurn(lane);
    return { item, slots };
  }

  #slotsOf(lane: Lane, row: FunctionRow | undefined): readonly Slot[] {
    if (row === undefined) return NO_SLOTS;
    const limits = row.definition.concurrency.step.length === 0 ? NO_SLOTS : slotsOf(lane.key, row.definition);
    const ofWorkers = this.#options.workerSlotsOf?.(row) ?? NO_SLOTS;
    return ofWorkers.length === 0 ? limits : [...limits, ...ofWorkers];
  }

  /** The lane's first item that no gate holds back. */
  #take(lane: Lane, row: FunctionRow | undefined): ItemRow | undefined {
    for (;;) {
      const isStart = lane.isStartNext && lane.startHold === undefined;
      const item = isStart ? lane.starts.peek() : lane.takeUngated();
      if (item === undefined) return undefined;
      if (!isStart) {
        if (this.#options.isWaiting(item)) return item;
        continue;
      }
      const isGated = row !== undefined && !StartGates.isOpen(row) && this.#options.isWaiting(item);
      if (isGated && this.gates.holdOf(lane, row) !== undefined) continue;
      lane.starts.take();
      if (!this.#options.isWaiting(item)) continue;
      if (isGated) this.gates.enter(item.runId, lane, row);
      return item;
    }
  }

  /** Reads the store ahead of need. True where the lane has, or may have, something that can go. */
  #readWhatIsNeeded(lane: Lane): boolean {
    for (const window of lane.windows) if (window.needsMore && !window.isReading) this.#read(lane, window);
    return lane.hasUngated || (lane.starts.size > 0 && lane.startHold === undefined);
  }

  #passOn(lane: Lane, { row, slots }: { readonly row: FunctionRow | undefined; readonly slots: readonly Slot[] }): undefined {
    for (const other of this.#slots.passOn(slots)) this.#unblock(other);
    if (row !== undefined) for (const other of this.gates.passOn(lane, row)) this.#openStarts(other);
  }

  #read(lane: Lane, window: LaneWindow): void {
    if (this.#options.isFlooded()) {
      this.#flooded.push(lane);
      return;
    }
    window.isReading = true;
    const { store, clock, logger } = this.#options;
    const after = window.cursor === undefined ? {} : { after: window.cursor };
    store.scanItems({ lane: window.key, dueBy: clock.now(), limit: PAGE, ...after }).then(
      (items) => this.#readDone(lane, window, items),
      (error: unknown) => {
        logger.error({ lane: window.key, error: String(error) }, "reading a lane failed");
        clock.setTimer(READ_AGAIN_MS, () => this.#readDone(lane, window, undefined));
      },
    );
  }

  #readDone(lane: Lane, window: LaneWindow, items: readonly ItemRow[] | undefined): void {
    const deferred = window.endReading(items, PAGE);
    for (const item of items ?? []) {
      if (!this.#options.admit(item)) continue;
      if (!callsApp(item)) this.#options.decisionRead(item);
      else if (isStartLane(item.lane) && this.gates.hasEntered(item.runId)) lane.addEntered(item);
      else window.addRead(item);
    }
    for (const item of deferred) if (this.#options.isWaiting(item)) this.#add(lane, item);
    this.#goOn(lane);
    this.#options.changed();
  }

  /** Timers among what is read need no worker, so reading must not wait for a turn, which may take as long as a call. */
  #goOn(lane: Lane): void {
    this.#readWhatIsNeeded(lane);
    this.#giveTurn(lane);
  }
}

function windowOf(lane: Lane, storedLane: string): LaneWindow {
  return isStartLane(storedLane) ? lane.starts : lane.underway;
}
