/**
 * The due items of a lane: those of runs under way, and those of runs that have not started. What goes next is the first of both.
 *
 * I1  What holds back runs that have not started (`startHold`) does not hold back the others.
 * I2  An item whose run has passed the gates once, and whose first call has to be repeated, waits for no gate again (`entered`).
 */
import { type ItemRow, type Slot, startLaneOf } from "@pawl/engine";
import { isBefore, LaneWindow } from "./lane-window.ts";

/** What runs that have not started wait for. */
export type StartHold =
  | { readonly kind: "run-slot"; readonly slot: Slot }
  | { readonly kind: "throttle"; readonly key: string; readonly until: number }
  /** State of the throttle is being read. */
  | { readonly kind: "reading"; readonly key: string }
  | { readonly kind: "paused"; readonly since: number };

export class Lane {
  readonly key: string;
  /** Whether the lane is in line for a turn. */
  hasTurn = false;
  /** The slot that all of it waits for. */
  blockedOn: Slot | undefined;
  startHold: StartHold | undefined;
  readonly underway: LaneWindow;
  readonly starts: LaneWindow;
  readonly #entered: ItemRow[] = [];

  constructor(key: string) {
    this.key = key;
    this.underway = new LaneWindow(key);
    this.starts = new LaneWindow(startLaneOf(key));
  }

  /** Items in memory. */
  get size(): number {
    return this.#entered.length + this.underway.size + this.starts.size;
  }

  get windows(): readonly LaneWindow[] {
    return [this.underway, this.starts];
  }

  /** Whether nothing is here and nothing more can come without being offered. */
  get isEmpty(): boolean {
    return this.size === 0 && !this.windows.some(({ hasMore, isReading }) => hasMore || isReading);
  }

  /** Whether the first item that may come is one of a run that has not started. */
  get isStartNext(): boolean {
    if (this.#entered.length > 0) return false;
    const start = this.starts.peek();
    const other = this.underway.peek();
    return start !== undefined && (other === undefined || isBefore(start, other));
  }

  /** Whether an item may go without passing the gates. */
  get hasUngated(): boolean {
    return this.#entered.length > 0 || this.underway.size > 0;
  }

  /** The first item of a run that has passed the gates. */
  takeUngated(): ItemRow | undefined {
    return this.#entered.shift() ?? this.underway.take();
  }

  addEntered(item: ItemRow): void {
    this.#entered.push(item);
  }
}
