/** A deliberate mistake, small enough to slip through a review. The checkers must find it. */
import type { ChangeSet, FunctionRow } from "@pawl/engine";
import type { MemorySnapshot } from "@pawl/store-memory";
import type { CheckerName } from "../check/all-checkers.ts";
import type { SeededRandom } from "../world/seeded-random.ts";

export type Canary = {
  readonly name: string;
  /** The module that would make the mistake: a file of the engine's sources without its ending, or a package. */
  readonly module: string;
  /** Checkers one of which must find it. */
  readonly foundBy: readonly CheckerName[];
  /** Changes what the node asks of the store, as a mistake in a decision would. The node is told of the changed changes. */
  readonly alter?: (changeSet: ChangeSet, random: SeededRandom) => ChangeSet;
  /** Changes a function before it is registered. */
  readonly alterFunction?: (row: FunctionRow) => FunctionRow;
  /** Changes what a crash leaves. `before` is the state at an earlier instant. */
  readonly alterCrash?: (now: MemorySnapshot, before: MemorySnapshot) => MemorySnapshot;
};
