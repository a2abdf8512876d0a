/** Ways to change what is committed. */
import type { Change, FunctionDefinition, FunctionRow, ItemRow, RunRow, StepRow } from "@pawl/engine";
import type { SeededRandom } from "../world/seeded-random.ts";
import type { Canary } from "./canary.ts";

export type Alter = NonNullable<Canary["alter"]>;

/** How often a mistake happens that only sometimes happens: one that always does breaks everything at once and is found without looking. */
const SOMETIMES = 0.3;

/** Guards of a kind are forgotten. */
export function withoutGuards(kind: string): Alter {
  return (changeSet) => ({ ...changeSet, guards: changeSet.guards.filter((guard) => guard.kind !== kind) });
}

/** Each change becomes others. */
export function mapping(map: (change: Change, random: SeededRandom) => readonly Change[]): Alter {
  return (changeSet, random) => ({ ...changeSet, changes: changeSet.changes.flatMap((change) => map(change, random)) });
}

/** Sometimes, changes are left out. */
export function dropping(isDropped: (change: Change) => boolean): Alter {
  return sometimes((change) => (isDropped(change) ? [] : [change]), isDropped);
}

/** Sometimes, changes become others. `isMeant`: whether a change is one that the mistake is about. */
export function sometimes(map: (change: Change) => readonly Change[], isMeant: (change: Change) => boolean): Alter {
  return (changeSet, random) => {
    const happens = changeSet.changes.some(isMeant) && random.chance(SOMETIMES);
    return happens ? { ...changeSet, changes: changeSet.changes.flatMap(map) } : changeSet;
  };
}

/** Items change before they are stored, or scheduled anew. */
export function items(map: (item: ItemRow) => ItemRow): Alter {
  return mapping((change) =>
    change.kind === "insert-item" || change.kind === "reschedule-item" ? [{ ...change, item: map(change.item) }] : [change],
  );
}

/** Steps change before they are stored. */
export function steps(map: (step: StepRow) => StepRow): Alter {
  return mapping((change) => (change.kind === "put-step" ? [{ ...change, step: map(change.step) }] : [change]));
}

/** New runs change before they are stored. */
export function newRuns(map: (run: RunRow) => RunRow): Alter {
  return mapping((change) => (change.kind === "insert-run" ? [{ ...change, run: map(change.run) }] : [change]));
}

/** Functions are registered with other options. */
export function options(change: (definition: FunctionDefinition) => Partial<FunctionDefinition>): NonNullable<Canary["alterFunction"]> {
  return (row: FunctionRow) => ({ ...row, definition: { ...row.definition, ...change(row.definition) } });
}
