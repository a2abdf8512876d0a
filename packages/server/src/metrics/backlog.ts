/**
 * What is due and not done, by function, and what holds it.
 *
 * I1  Nothing is read but for a scrape, and for that one count by lanes.
 * I2  Counting takes at most `SHARE_MAX` of the time: of a very long backlog, scrapes in quick succession are told the last count again.
 *
 * A count of 100,000 due items takes 5 ms, one of a million 55 ms (SQLite, an index alone; 2 shared cores, 2026-11-25).
 */
import { baseLaneOf, functionOfLane, isStartLane } from "@pawl/engine";
import type { ReasonCode } from "@pawl/protocol";
import type { Store } from "@pawl/store";
import type { HeldItems, Hold } from "../core/lanes.ts";
import { workerHoldOf } from "../core/worker-slots.ts";

const SHARE_MAX = 0.01;

/** `starts`: first calls of runs. `underway`: whatever else is due, of runs that have started. Calls in progress are among them. */
type FunctionBacklog = { starts: number; underway: number };

export type Backlog = {
  readonly functions: ReadonlyMap<string, FunctionBacklog>;
  readonly held: ReadonlyMap<ReasonCode, number>;
};

export type BacklogReading = {
  readonly store: Pick<Store, "dueLanes">;
  readonly held: () => Iterable<HeldItems>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds, with a fraction, to measure by. */
  readonly elapsed: () => number;
};

type Counts = ReadonlyMap<string, number>;

/** Reads the backlog, one reading at a time. */
export class BacklogReader {
  readonly #options: BacklogReading;
  #reading: Promise<Counts> | undefined;
  #validUntil = -Infinity;

  constructor(options: BacklogReading) {
    this.#options = options;
  }

  /** Rejects when the store fails. */
  async read(): Promise<Backlog> {
    if (this.#options.elapsed() >= this.#validUntil) this.#reading = undefined;
    this.#reading ??= this.#count();
    const counts = await this.#reading;
    return { functions: byFunction(counts), held: byReason(this.#options.held(), counts) };
  }

  async #count(): Promise<Counts> {
    const { store, now, elapsed } = this.#options;
    this.#validUntil = Infinity;
    const startedAt = elapsed();
    try {
      const lanes = await store.dueLanes(now());
      const endedAt = elapsed();
      this.#validUntil = endedAt + (endedAt - startedAt) / SHARE_MAX;
      return new Map(lanes.map(({ lane, count }) => [lane, count]));
    } catch (error) {
      this.#validUntil = -Infinity;
      throw error;
    }
  }
}

function byFunction(counts: Counts): ReadonlyMap<string, FunctionBacklog> {
  const functions = new Map<string, FunctionBacklog>();
  for (const [lane, count] of counts) {
    const functionId = functionOfLane(baseLaneOf(lane));
    const known = functions.get(functionId) ?? { starts: 0, underway: 0 };
    known[isStartLane(lane) ? "starts" : "underway"] += count;
    functions.set(functionId, known);
  }
  return functions;
}

function byReason(held: Iterable<HeldItems>, counts: Counts): ReadonlyMap<ReasonCode, number> {
  const reasons = new Map<ReasonCode, number>();
  for (const { lane, hold, count, hasMore } of held) {
    const reason = reasonOf(hold);
    if (reason === undefined) continue;
    const items = hasMore ? Math.max(count, counts.get(lane) ?? 0) : count;
    reasons.set(reason, (reasons.get(reason) ?? 0) + items);
  }
  return reasons;
}

/** Undefined for a hold that ends by itself at once. */
function reasonOf(hold: Hold): ReasonCode | undefined {
  switch (hold.kind) {
    case "slot":
      return workerHoldOf(hold.slot) ?? "concurrency-limit";
    case "run-slot":
      return "run-concurrency-limit";
    case "throttle":
      return "throttle";
    case "paused":
      return "held-by-pause";
    case "reading":
      return undefined;
  }
}
