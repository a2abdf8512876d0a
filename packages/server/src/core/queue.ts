/**
 * The queue of a node: decides which item goes when.
 *
 * I1  At any instant, at most `limit` items that need a slot are in progress, for every slot, and at most `workers` calls in all.
 * I2  An item is in progress at most once on this node; only claimed items are handed on.
 * I3  Lanes take turns: one with many items delays another by one item, and a lane whose slots are taken delays no other.
 * I4  A lane keeps its first `LANE_WINDOW_MAX` items in memory, and of items due later the nearest are kept; the rest stays in the store
 *     until there is room. Timers that are due are the exception: all of them wait here to be decided.
 * I5  Nothing polls: offered items, ended items and timers wake it.
 *
 * A crash loses nothing: what is here is read again from the store at start.
 *
 * Spec: semantics 6.1, 6.11, 9.
 */
import { callsApp, functionOfLane, type FunctionRow, type ItemRow, type Slot, slotsOf } from "@pawl/engine";
import type { Claim, Store } from "@pawl/store";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { Lane, LANE_WINDOW_MAX } from "./lane.ts";
import { ItemRecovery } from "./item-recovery.ts";
import { Slots } from "./slots.ts";
import { TimerWindow } from "./timer-window.ts";

/** Timer items (ends of sleeps, time-outs) that are decided at the same time. They take no worker. */
const DECISIONS_MAX = 256;

/** What became of an item in progress: its decision committed, or it is to be tried again. */
export type ItemOutcome = "decided" | "fault";

export type QueueOptions = {
  readonly store: Pick<Store, "claimItems" | "releaseItems" | "scanItems" | "dueLanes" | "itemsOfRun">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Calls to apps in progress at the same time. */
  readonly workers: number;
  readonly functionById: (functionId: string) => FunctionRow | undefined;
  /** Does what the item is for; resolves when its decision has committed. Never rejects. */
  readonly process: (item: ItemRow, generation: number) => Promise<ItemOutcome>;
};

type Entry = {
  item: ItemRow;
  state: "later" | "waiting" | "in-progress";
  /** While in progress: what is to happen afterwards. */
  next: "fault" | "gone" | "again";
  faults: number;
  slots: readonly Slot[];
};

export class Queue {
  readonly #options: QueueOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #byRun = new Map<string, Set<string>>();
  readonly #lanes = new Map<string, Lane>();
  readonly #slots = new Slots();
  readonly #timers: TimerWindow;
  readonly #recovery: ItemRecovery;
  /** Lanes that may go, in turn. */
  #turns: Lane[] = [];
  readonly #decisions: ItemRow[] = [];
  #decisionsInProgress = 0;
  #workersFree: number;
  #isRunning = false;
  #isPumping = false;
  readonly #idleWaiters: (() => void)[] = [];

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#workersFree = options.workers;
    this.#recovery = new ItemRecovery({ ...options, isRunning: () => this.#isRunning });
    this.#timers = new TimerWindow({
      store: options.store,
      clock: options.clock,
      admit: (item) => this.#admit(item, "later"),
      isCurrent: (item) => this.#entries.get(item.id)?.item === item,
      onDue: (item) => this.#enterLane(item),
      onEvicted: (item) => this.#drop(item.id),
      onError: (error) => options.logger.error({ error: String(error) }, "reading due items failed"),
    });
  }

  /** Reads what is due and what is next, and begins. */
  async start(): Promise<void> {
    const now = this.#options.clock.now();
    this.#isRunning = true;
    await this.#timers.load(now);
    for (const { lane } of await this.#options.store.dueLanes(now)) {
      this.#laneOf(lane).hasMore = true;
      this.#giveTurn(this.#laneOf(lane));
    }
    this.#pump();
  }

  /** Starts nothing more; resolves when nothing is in progress. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#timers.stop();
    if (this.inProgress === 0) return;
    await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  get inProgress(): number {
    return this.#options.workers - this.#workersFree + this.#decisionsInProgress;
  }

  /** An item was stored or scheduled anew. Call after the commit. */
  offer(item: ItemRow): void {
    const entry = this.#entries.get(item.id);
    if (entry?.state === "in-progress") {
      entry.item = item;
      entry.next = "again";
      return;
    }
    if (entry !== undefined) this.#drop(item.id);
    this.#place(item);
    this.#pump();
  }

  /** An item was deleted. Call after the commit. */
  forget(itemId: string): void {
    const entry = this.#entries.get(itemId);
    if (entry?.state === "in-progress") entry.next = "gone";
    else if (entry !== undefined) this.#drop(itemId);
  }

  /** Every item of a run was deleted. */
  forgetRun(runId: string): void {
    for (const itemId of this.#byRun.get(runId) ?? []) this.forget(itemId);
  }

  /** The item as it is now: its attempts may have been reset while it is in progress. */
  current(item: ItemRow): ItemRow {
    return this.#entries.get(item.id)?.item ?? item;
  }

  /** A discovery of the run that has not begun. */
  queuedDiscovery(runId: string): ItemRow | undefined {
    for (const itemId of this.#byRun.get(runId) ?? []) {
      const entry = this.#entries.get(itemId);
      if (entry?.item.kind === "discovery" && entry.state !== "in-progress") return entry.item;
    }
    return undefined;
  }

  /** The slot that holds a waiting item back; undefined where none does. */
  holdOf(itemId: string): Slot | undefined {
    const entry = this.#entries.get(itemId);
    return entry?.state === "waiting" ? this.#lanes.get(entry.item.lane)?.blockedOn : undefined;
  }

  /** Whether an item is in progress on this node. */
  isInProgress(itemId: string): boolean {
    return this.#entries.get(itemId)?.state === "in-progress";
  }

  /** Items in memory and lanes, for metrics. */
  sizes(): { readonly items: number; readonly lanes: number; readonly inProgress: number } {
    return { items: this.#entries.size, lanes: this.#lanes.size, inProgress: this.inProgress };
  }

  /** Limits may have changed: every lane is looked at again. */
  limitsChanged(): void {
    for (const lane of this.#slots.takeAllWaiters()) this.#unblock(lane);
    this.#pump();
  }

  #place(item: ItemRow, faults = 0): void {
    if (item.dueAt <= this.#options.clock.now()) {
      if (this.#admit(item, "waiting", faults)) this.#enterLane(item);
      return;
    }
    if (this.#admit(item, "later", faults) && !this.#timers.offer(item)) this.#drop(item.id);
  }

  #admit(item: ItemRow, state: Entry["state"], faults = 0): boolean {
    if (this.#entries.has(item.id)) return false;
    this.#entries.set(item.id, { item, state, next: "fault", faults, slots: [] });
    const ids = this.#byRun.get(item.runId);
    if (ids === undefined) this.#byRun.set(item.runId, new Set([item.id]));
    else ids.add(item.id);
    return true;
  }

  #drop(itemId: string): void {
    const entry = this.#entries.get(itemId);
    if (entry === undefined) return;
    this.#entries.delete(itemId);
    const ids = this.#byRun.get(entry.item.runId);
    ids?.delete(itemId);
    if (ids?.size === 0) this.#byRun.delete(entry.item.runId);
  }

  #enterLane(item: ItemRow): void {
    const entry = this.#entries.get(item.id);
    if (entry === undefined) return;
    entry.state = "waiting";
    if (!callsApp(item)) {
      this.#decisions.push(item);
    } else {
      const lane = this.#laneOf(item.lane);
      for (const evicted of lane.add(item)) this.#drop(evicted.id);
      this.#giveTurn(lane);
    }
    this.#pump();
  }

  #laneOf(key: string): Lane {
    const known = this.#lanes.get(key);
    if (known !== undefined) return known;
    const lane = new Lane(key);
    this.#lanes.set(key, lane);
    return lane;
  }

  #giveTurn(lane: Lane): void {
    if (lane.hasTurn || lane.blockedOn !== undefined || lane.isReading) return;
    lane.hasTurn = true;
    this.#turns.push(lane);
  }

  #unblock(lane: Lane): void {
    lane.blockedOn = undefined;
    this.#giveTurn(lane);
  }

  /** Hands on whatever may go now. */
  #pump(): void {
    if (this.#isPumping || !this.#isRunning) return;
    this.#isPumping = true;
    const chosen: ItemRow[] = [];
    while (this.#decisionsInProgress < DECISIONS_MAX) {
      const item = this.#decisions.shift();
      if (item === undefined) break;
      if (this.#begin(item, [])) {
        this.#decisionsInProgress += 1;
        chosen.push(item);
      }
    }
    while (this.#workersFree > 0 && this.#turns.length > 0) {
      const item = this.#takeTurn();
      if (item === undefined) continue;
      this.#workersFree -= 1;
      chosen.push(item);
    }
    this.#isPumping = false;
    if (chosen.length > 0) void this.#claim(chosen);
  }

  /** The next item of the lane whose turn it is; the lane goes to the end of the line. */
  #takeTurn(): ItemRow | undefined {
    const lane = this.#turns.shift();
    if (lane === undefined) return undefined;
    lane.hasTurn = false;
    const slots = this.#slotsOf(lane.key);
    const full = this.#slots.firstFull(slots);
    if (full !== undefined && lane.size > 0) {
      lane.blockedOn = full;
      this.#slots.wait(full, lane);
      return this.#passOn(slots);
    }
    for (let item = lane.take(); item !== undefined; item = lane.take()) {
      if (!this.#begin(item, slots)) continue;
      if (lane.size > 0 || lane.hasMore) this.#giveTurn(lane);
      if (lane.needsMore) this.#readMore(lane);
      return item;
    }
    if (lane.hasMore) this.#readMore(lane);
    else this.#lanes.delete(lane.key);
    return this.#passOn(slots);
  }

  #passOn(slots: readonly Slot[]): undefined {
    for (const lane of this.#slots.passOn(slots)) this.#unblock(lane);
  }

  #slotsOf(lane: string): readonly Slot[] {
    const definition = this.#options.functionById(functionOfLane(lane))?.definition;
    return definition === undefined || definition.concurrency.step.length === 0 ? [] : slotsOf(lane, definition);
  }

  /** Marks an item as in progress; false where it has gone or changed since it was put into the lane. */
  #begin(item: ItemRow, slots: readonly Slot[]): boolean {
    const entry = this.#entries.get(item.id);
    if (entry?.item !== item || entry.state !== "waiting") return false;
    entry.state = "in-progress";
    entry.next = "fault";
    entry.slots = slots;
    this.#slots.acquire(slots);
    return true;
  }

  async #claim(items: readonly ItemRow[]): Promise<void> {
    let claims: readonly Claim[] = [];
    try {
      claims = await this.#options.store.claimItems(items.map(({ id }) => id));
    } catch (error) {
      this.#options.logger.error({ error: String(error) }, "claiming items failed");
      for (const item of items) this.#ended(item, "fault");
      return;
    }
    const generations = new Map(claims.map(({ itemId, generation }) => [itemId, generation]));
    for (const item of items) {
      const generation = generations.get(item.id);
      if (generation === undefined) this.#ended(item, "decided");
      else void this.#run(item, generation);
    }
  }

  async #run(item: ItemRow, generation: number): Promise<void> {
    let outcome: ItemOutcome = "fault";
    try {
      outcome = await this.#options.process(item, generation);
    } catch (error) {
      this.#options.logger.error(
        { itemId: item.id, runId: item.runId, error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
        "an item failed",
      );
    }
    this.#ended(item, outcome, generation);
  }

  #ended(item: ItemRow, outcome: ItemOutcome, generation?: number): void {
    if (callsApp(item)) this.#workersFree += 1;
    else this.#decisionsInProgress -= 1;
    const entry = this.#entries.get(item.id);
    if (entry !== undefined) {
      for (const lane of this.#slots.release(entry.slots)) this.#unblock(lane);
      this.#drop(item.id);
      if (entry.next === "again" && outcome === "decided") this.#place(entry.item);
      else if (outcome === "fault" && entry.next !== "gone") this.#recover(entry, generation);
    }
    this.#pump();
    if (this.inProgress === 0) for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  /** A fault of ours, not of the app: no attempt is used up. */
  #recover({ item, faults }: Entry, generation: number | undefined): void {
    const claim = generation === undefined ? undefined : { itemId: item.id, generation };
    this.#recovery.returnItem({ item, claim, faults }, (stored) => {
      if (this.#entries.has(stored.id)) return;
      this.#place(stored, faults + 1);
      this.#pump();
    });
  }

  /** It is not known whether a commit about a run took effect: none of its items may stay in the store without being known here. */
  reconcileRun(runId: string): void {
    this.#recovery.readRun(runId, (items) => {
      for (const item of items) if (!isSame(this.#entries.get(item.id)?.item, item)) this.offer(item);
    });
  }

  #readMore(lane: Lane): void {
    if (lane.isReading) return;
    lane.isReading = true;
    const dueBy = this.#options.clock.now();
    const after = lane.cursor === undefined ? {} : { after: lane.cursor };
    this.#options.store.scanItems({ lane: lane.key, dueBy, limit: LANE_WINDOW_MAX / 2, ...after }).then(
      (items) => this.#readDone(lane, items),
      (error: unknown) => {
        this.#options.logger.error({ lane: lane.key, error: String(error) }, "reading a lane failed");
        this.#options.clock.setTimer(1_000, () => this.#readDone(lane, undefined));
      },
    );
  }

  #readDone(lane: Lane, items: readonly ItemRow[] | undefined): void {
    const deferred = lane.endReading(items, LANE_WINDOW_MAX / 2);
    for (const item of items ?? []) if (this.#admit(item, "waiting")) this.#enterRead(lane, item);
    for (const item of deferred) {
      if (this.#entries.get(item.id)?.item !== item) continue;
      for (const evicted of lane.add(item)) this.#drop(evicted.id);
    }
    if (lane.size > 0 || lane.hasMore) this.#giveTurn(lane);
    else this.#lanes.delete(lane.key);
    this.#pump();
  }

  #enterRead(lane: Lane, item: ItemRow): void {
    if (callsApp(item)) lane.addRead(item);
    else this.#decisions.push(item);
  }
}

/** Whether the queue knows an item as it is stored. One in progress is left to its decision. */
function isSame(known: ItemRow | undefined, stored: ItemRow): boolean {
  return known !== undefined && known.dueAt === stored.dueAt && known.attempt === stored.attempt;
}
