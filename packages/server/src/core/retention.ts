/**
 * Deletes what has become old: runs that ended long ago, events that nothing refers to, cells that mean nothing any more.
 *
 * I1  Gradual: one short transaction at a time, with a rest after each, so that nobody notices.
 * I2  An event that a debounce holds stays, however long it is held.
 * I3  Runs keep their events: an event leaves with the last run that it started.
 *
 * Spec: semantics 14, no. 9.
 */
import type { DebounceState } from "@pawl/engine";
import type { Purge, Store } from "@pawl/store";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";

/** Between two rounds. */
const ROUND_MS = 600_000;
/** Between two transactions of a round. */
const REST_MS = 50;
/** Rows of each kind in one transaction. */
const LIMIT = 200;
/** Debounces read at once. */
const PAGE = 1_000;

export type RetentionOptions = {
  readonly store: Pick<Store, "cellsOfKind" | "purge">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long ended runs are kept, milliseconds. */
  readonly runsMs: number;
  /** How long events are kept that no run refers to, milliseconds. */
  readonly eventsMs: number;
};

export class Retention {
  readonly #options: RetentionOptions;
  #timer: Timer | undefined;
  #isStopped = false;
  #round: Promise<void> = Promise.resolve();

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#arm(ROUND_MS);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#round;
  }

  /** Deletes all that is old now. Resolves when it is gone, or when it is stopped. Rejects when the store fails. */
  async run(): Promise<void> {
    const { store, clock, runsMs, eventsMs, logger } = this.#options;
    const now = clock.now();
    const keepEventIds = await this.#heldEvents();
    const query: Purge = { runsBefore: now - runsMs, eventsBefore: now - eventsMs, cellsBefore: now, keepEventIds, limit: LIMIT };
    let total = 0;
    for (;;) {
      const { runs, events, cells, hasMore } = await store.purge(query);
      total += runs + events + cells;
      if (this.#isStopped || !hasMore) break;
      await new Promise<void>((resolve) => clock.setTimer(REST_MS, resolve));
    }
    if (total > 0) logger.info({ rows: total }, "deleted what is older than the retention");
  }

  #arm(delayMs: number): void {
    if (this.#isStopped) return;
    this.#timer = this.#options.clock.setTimer(delayMs, () => {
      this.#round = this.run()
        .catch((error: unknown) => this.#options.logger.error({ error: String(error) }, "deleting old rows failed"))
        .then(() => this.#arm(ROUND_MS));
    });
  }

  async #heldEvents(): Promise<readonly string[]> {
    const held: string[] = [];
    let after: string | undefined;
    do {
      const page = await this.#options.store.cellsOfKind({ kind: "debounce", limit: PAGE, ...(after === undefined ? {} : { after }) });
      for (const { state } of page) held.push((JSON.parse(state) as DebounceState).eventId);
      after = page.length < PAGE ? undefined : page.at(-1)?.key;
    } while (after !== undefined);
    return held;
  }
}
