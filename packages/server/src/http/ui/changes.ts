/**
 * Changes since a number, coalesced to the last state of each run.
 *
 * I1  For every number from `floor` on, it can say which runs changed after it. Older ones can't be resumed.
 * I2  Memory is bounded: the oldest changes are forgotten, and the floor rises with them.
 */
import type { LiveChange } from "../../core/live.ts";

/** Runs and events remembered. Enough for a reconnection at 1,000 changes a second; one takes about 100 bytes. */
const CHANGES_KEPT_MAX = 5_000;

/** What changed between two numbers. */
export type ChangePage = {
  /** Oldest change first. */
  readonly runIds: readonly string[];
  readonly appsChanged: boolean;
  readonly eventsReceived: number;
  /** Everything up to this number is in the page. */
  readonly seq: number;
};

export class Changes {
  /** Run → number of its last change; oldest first. */
  readonly #runs = new Map<string, number>();
  /** Numbers of received events, oldest first, with how many. */
  readonly #events: { readonly seq: number; readonly count: number }[] = [];
  readonly #keptMax: number;
  #appsSeq = -1;
  #lastSeq: number;
  #floor: number;

  /** `floor`: number of the last change before the first one noted. */
  constructor(floor: number, keptMax: number = CHANGES_KEPT_MAX) {
    this.#floor = floor;
    this.#lastSeq = floor;
    this.#keptMax = keptMax;
  }

  /** The oldest number that can be resumed from. */
  get floor(): number {
    return this.#floor;
  }

  /** Notes a change. False for one that clients are not told of. */
  note(change: LiveChange): boolean {
    if (change.kind === "trace") return false;
    this.#lastSeq = change.seq;
    switch (change.kind) {
      case "run":
        this.#runs.delete(change.run.id);
        this.#runs.set(change.run.id, change.seq);
        break;
      case "event":
        this.#events.push({ seq: change.seq, count: change.count });
        break;
      case "apps":
        this.#appsSeq = change.seq;
        break;
    }
    this.#forget();
    return true;
  }

  /** The oldest changes after `since`, of at most `limit` runs. `now`: number of the last change of all. */
  page(since: number, { limit, now }: { readonly limit: number; readonly now: number }): ChangePage {
    const changed = [...this.#runs].filter(([, changedAt]) => changedAt > since);
    const listed = changed.slice(0, limit);
    const seq = listed.length < changed.length ? (listed.at(-1)?.[1] ?? now) : now;
    const isIn = (at: number): boolean => at > since && at <= seq;
    return {
      runIds: listed.map(([runId]) => runId),
      appsChanged: isIn(this.#appsSeq),
      eventsReceived: this.#events.reduce((sum, event) => sum + (isIn(event.seq) ? event.count : 0), 0),
      seq,
    };
  }

  /** Whether anything that a client is told of changed after `since`. */
  hasNews(since: number): boolean {
    return this.#lastSeq > since;
  }

  #forget(): void {
    if (this.#runs.size > this.#keptMax) {
      const [oldest] = this.#runs;
      if (oldest === undefined) return;
      this.#runs.delete(oldest[0]);
      this.#floor = Math.max(this.#floor, oldest[1]);
    }
    // Half at once, since cutting an array at its front costs its length.
    if (this.#events.length > this.#keptMax) {
      const [last] = this.#events.splice(0, Math.ceil(this.#keptMax / 2)).slice(-1);
      this.#floor = Math.max(this.#floor, last?.seq ?? 0);
    }
  }
}
