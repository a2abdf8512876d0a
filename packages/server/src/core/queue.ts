/**
 * The queue of a node: decides which item goes when.
 *
 * I1  At most `workers` calls are in progress at the same time; slots and gates are the lanes' business (lanes.ts).
 * I2  An item is in progress at most once on this node; only claimed items are handed on.
 * I3  Of items due later the nearest are kept in memory (timer-window.ts), of due ones the first of each lane. Timers that are due are read
 *     until `FLOOD` of them wait to be decided, and then again when most of them have been.
 * I4  Nothing polls: offered items, ended items and timers wake it.
 *
 * A crash loses nothing: what is here is read again from the store at start.
 *
 * Spec: semantics 6.1, 6.11, 9.
 */
import { callsApp, type FunctionRow, isOfRun, isStartLane, type ItemRow, type Slot } from "@pawl/engine";
import type { Claim, Store } from "@pawl/store";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { Fifo } from "./fifo.ts";
import { ItemRecovery } from "./item-recovery.ts";
import { type HeldItems, type Hold, Lanes } from "./lanes.ts";
import { TimerWindow } from "./timer-window.ts";

/** Timer items (ends of sleeps, time-outs) that are decided at the same time. They take no worker. */
const DECISIONS_MAX = 256;

/** Timers waiting to be decided above which no more are read. */
const FLOOD = 4_000;

/** What became of an item in progress: its decision committed, or it is to be tried again. */
export type ItemOutcome = "decided" | "fault";

export type QueueOptions = {
  readonly store: Pick<Store, "apply" | "cells" | "claimItems" | "releaseItems" | "scanItems" | "dueLanes" | "itemsOfRun">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Calls to apps in progress at the same time. */
  readonly workers: number;
  readonly functionById: (functionId: string) => FunctionRow | undefined;
  /** As in `LanesOptions`. */
  readonly workerSlotsOf?: (row: FunctionRow) => readonly Slot[];
  /** Does what the item is for; resolves when its decision has committed. Never rejects. */
  readonly process: (item: ItemRow, generation: number) => Promise<ItemOutcome>;
  /** An item of a run waits again after a fault: why may be another reason than before, and no commit tells so. */
  readonly returned: (runId: string) => void;
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
  readonly #lanes: Lanes;
  readonly #timers: TimerWindow;
  readonly #recovery: ItemRecovery;
  readonly #decisions = new Fifo<ItemRow>();
  #decisionsInProgress = 0;
  #workersFree: number;
  #isRunning = false;
  #isPumping = false;
  readonly #idleWaiters: (() => void)[] = [];

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#workersFree = options.workers;
    this.#recovery = new ItemRecovery({ ...options, isRunning: () => this.#isRunning });
    this.#lanes = new Lanes({
      ...options,
      admit: (item) => this.#admit(item, "waiting"),
      isWaiting: (item) => this.#isWaiting(item),
      evicted: (item) => this.#drop(item.id),
      decisionRead: (item) => this.#decisions.push(item),
      isFlooded: () => this.#decisions.size > FLOOD,
      changed: () => this.#pump(),
    });
    this.#timers = new TimerWindow({
      store: options.store,
      clock: options.clock,
      admit: (item) => this.#admit(item, "later"),
      isCurrent: (item) => this.#isLater(item),
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
    for (const { lane } of await this.#options.store.dueLanes(now)) this.#lanes.expect(lane);
    this.#pump();
  }

  /** Starts nothing more; resolves when nothing is in progress. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#timers.stop();
    this.#lanes.gates.stop();
    if (this.inProgress === 0) return;
    await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  get inProgress(): number {
    return this.#options.workers - this.#workersFree + this.#decisionsInProgress;
  }

  /** An item was stored or scheduled anew. Call after the commit. */
  offer(item: ItemRow): void {
    this.#recovery.changed(item.runId);
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

  /** An item that is being worked on has changed. Call after the commit. */
  amend(item: ItemRow): void {
    this.#recovery.changed(item.runId);
    const entry = this.#entries.get(item.id);
    if (entry?.state === "in-progress") entry.item = item;
  }

  /** An item was deleted. Call after the commit. */
  forget(itemId: string): void {
    const entry = this.#entries.get(itemId);
    if (entry !== undefined) this.#recovery.changed(entry.item.runId);
    if (entry?.state === "in-progress") entry.next = "gone";
    else if (entry !== undefined) this.#drop(itemId);
  }

  /** A run has ended: every item of it was deleted. */
  forgetRun(runId: string): void {
    for (const itemId of this.#byRun.get(runId) ?? []) this.forget(itemId);
    this.#lanes.gates.leave(runId);
  }

  /** A run is under way that was started before this node was: it counts for the limits on whole runs. */
  adoptRun({ id, lane }: { readonly id: string; readonly lane: string }, row: FunctionRow): void {
    this.#lanes.gates.adopt(id, lane, row);
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

  /** What holds a waiting item back; undefined where nothing does. */
  holdOf(itemId: string): Hold | undefined {
    const entry = this.#entries.get(itemId);
    return entry?.state === "waiting" ? this.#lanes.holdOf(entry.item) : undefined;
  }

  /** What is held, for metrics. */
  held(): Iterable<HeldItems> {
    return this.#lanes.held();
  }

  /** Runs that hold a slot, at most `max`. */
  holdersOf(slotKey: string, max: number): readonly string[] {
    return this.#lanes.holdersOf(slotKey, max);
  }

  /** Whether an item is in progress on this node. */
  isInProgress(itemId: string): boolean {
    return this.#entries.get(itemId)?.state === "in-progress";
  }

  /** Items in memory and lanes, for metrics. */
  sizes(): { readonly items: number; readonly lanes: number; readonly inProgress: number } {
    return { items: this.#entries.size, lanes: this.#lanes.size, inProgress: this.inProgress };
  }

  /** Limits or pauses may have changed: every lane is looked at again. */
  limitsChanged(): void {
    this.#lanes.limitsChanged();
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
    if (callsApp(item)) this.#lanes.enter(item);
    else this.#decisions.push(item);
    this.#pump();
  }

  /** The same item can be offered twice, and then be in progress when its first timer goes off. */
  #isLater(item: ItemRow): boolean {
    const entry = this.#entries.get(item.id);
    return entry?.item === item && entry.state === "later";
  }

  #isWaiting(item: ItemRow): boolean {
    const entry = this.#entries.get(item.id);
    return entry?.item === item && entry.state === "waiting";
  }

  /** Hands on whatever may go now. */
  #pump(): void {
    if (this.#isPumping || !this.#isRunning) return;
    this.#isPumping = true;
    const chosen: ItemRow[] = [];
    while (this.#decisionsInProgress < DECISIONS_MAX) {
      const item = this.#decisions.shift();
      if (item === undefined) break;
      if (!this.#isWaiting(item)) continue;
      this.#begin(item, []);
      this.#decisionsInProgress += 1;
      chosen.push(item);
    }
    if (this.#decisions.size < FLOOD / 2) this.#lanes.drained();
    while (this.#workersFree > 0) {
      const turn = this.#lanes.next();
      if (turn === undefined) break;
      this.#begin(turn.item, turn.slots);
      this.#workersFree -= 1;
      chosen.push(turn.item);
    }
    this.#isPumping = false;
    if (chosen.length > 0) void this.#claim(chosen);
  }

  /** Marks an item as in progress. */
  #begin(item: ItemRow, slots: readonly Slot[]): void {
    const entry = this.#entries.get(item.id);
    if (entry === undefined) return;
    entry.state = "in-progress";
    entry.next = "fault";
    entry.slots = slots;
  }

  /** Both must have taken place: a lease without the starts it counts for is given back. */
  async #claim(items: readonly ItemRow[]): Promise<void> {
    const claiming = this.#options.store.claimItems(items.map(({ id }) => id));
    const [claimed, saved] = await Promise.allSettled([claiming, this.#lanes.gates.save()]);
    const claims: readonly Claim[] = claimed.status === "fulfilled" ? claimed.value : [];
    const generations = new Map(claims.map(({ itemId, generation }) => [itemId, generation]));
    const failed = [claimed, saved].find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") {
      this.#options.logger.error({ error: String(failed.reason) }, "claiming items failed");
      for (const item of items) this.#ended(item, "fault", generations.get(item.id));
      return;
    }
    for (const item of items) {
      const generation = generations.get(item.id);
      if (generation !== undefined) void this.#run(item, generation);
      else this.#gone(item);
    }
  }

  /** A chosen item is not in the store any more, without our having been told: what its run holds is perhaps not held any more. */
  #gone(item: ItemRow): void {
    this.#ended(item, "decided");
    if (isStartLane(item.lane)) this.reconcile(item.runId);
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
      this.#lanes.release(entry.slots, item.runId);
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
      if (isOfRun(stored)) this.#options.returned(stored.runId);
    });
  }

  /** It is not known whether a commit about a run took effect: none of its items may stay in the store without being known here. */
  reconcile(ownerId: string): void {
    this.#recovery.readRun(ownerId, (items) => {
      for (const item of items)
        if (!this.#recovery.isReturning(item.id) && !isSame(this.#entries.get(item.id)?.item, item)) this.offer(item);
      // A run that goes on has items.
      if (items.length > 0) return;
      for (const itemId of this.#byRun.get(ownerId) ?? []) {
        const entry = this.#entries.get(itemId);
        if (entry !== undefined && isOfRun(entry.item)) this.forget(itemId);
      }
      this.#lanes.gates.leave(ownerId);
    });
  }
}

/** Whether the queue knows an item as it is stored. One in progress is left to its decision. */
function isSame(known: ItemRow | undefined, stored: ItemRow): boolean {
  return known !== undefined && known.dueAt === stored.dueAt && known.attempt === stored.attempt;
}
