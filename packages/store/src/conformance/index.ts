/**
 * The port's second half: what every driver must do, as tests. A driver's own test file calls `describeStore` once.
 *
 * ```ts
 * describeStore("sqlite", openTemporarySqlite, { model: openMemory });
 * ```
 */
import { describe } from "vitest";
import { describeAtomicity } from "./atomicity-suite.ts";
import { describeEvents } from "./event-suite.ts";
import { describeFlow } from "./flow-suite.ts";
import type { OpenStore } from "./harness.ts";
import { describeHistory } from "./history-suite.ts";
import { describeAgainstModel } from "./model-suite.ts";
import { describePauses } from "./pause-suite.ts";
import { describePurge } from "./purge-suite.ts";
import { describeQueue } from "./queue-suite.ts";
import { describeRegistry } from "./registry-suite.ts";
import { describeRuns } from "./run-suite.ts";

export { fixtures, idOf } from "./fixtures.ts";
export type { OpenedStore, OpenStore } from "./harness.ts";

export type DescribeStoreOptions = {
  /** Opens the reference to compare with on random commands. Default: no comparison. */
  readonly model?: OpenStore;
  /** Random sequences of commands. Default 100. */
  readonly sequences?: number;
};

/** Declares the suite for a driver. `open` gives an empty store each time. */
export function describeStore(name: string, open: OpenStore, options: DescribeStoreOptions = {}): void {
  describe(`store ${name}`, () => {
    describeAtomicity(open);
    describeEvents(open);
    describeRuns(open);
    describeQueue(open);
    describePauses(open);
    describeFlow(open);
    describePurge(open);
    describeRegistry(open);
    describeHistory(open);
    if (options.model !== undefined) describeAgainstModel({ open, model: options.model, sequences: options.sequences ?? 100 });
  });
}
