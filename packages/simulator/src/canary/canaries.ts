/**
 * The list of deliberate mistakes.
 *
 * Mistakes are made in what a node asks of the store, where every decision passes: what a decision forgets, doubles or gets wrong. They
 * happen by chance where they would otherwise break everything at once and be found without looking.
 */
import { FUNCTION_FINISHED, type Change, type FunctionRow } from "@pawl/engine";
import type { SeededRandom } from "../world/seeded-random.ts";
import type { Canary } from "./canary.ts";

/** How often a mistake happens that only sometimes happens. */
const SOMETIMES = 0.3;

export const CANARIES: readonly Canary[] = [
  {
    name: "a decision is not guarded by the run's version",
    foundBy: ["first-write", "nothing-stuck", "run-end", "attempts", "executions", "failures"],
    alter: withoutGuards("run-version"),
  },
  {
    name: "a decision is not guarded by the item's lease",
    foundBy: ["guards"],
    alter: withoutGuards("item-leased"),
  },
  {
    name: "an event is not guarded against being processed twice",
    foundBy: ["events"],
    alter: withoutGuards("event-unprocessed"),
  },
  {
    name: "a pause is left behind when its run ends",
    foundBy: ["run-end"],
    alter: mapping((change) => [change.kind === "delete-run-work" ? { ...change, hasPauses: false } : change]),
  },
  {
    name: "a pause is forgotten",
    foundBy: ["nothing-stuck"],
    alter: dropping((change) => change.kind === "insert-pause" && change.pause.kind !== "cancel"),
  },
  {
    name: "a wait has no time-out",
    foundBy: ["nothing-stuck"],
    alter: dropping((change) => change.kind === "insert-item" && change.item.kind === "pause-timeout"),
  },
  {
    name: "a discovery is asked for twice",
    foundBy: ["executions", "first-write", "nothing-stuck", "failures"],
    alter: mapping((change) =>
      change.kind === "insert-item" && change.item.kind === "discovery" ? [change, { ...change, item: again(change.item) }] : [change],
    ),
  },
  {
    name: "the next discovery is forgotten",
    foundBy: ["nothing-stuck"],
    alter: dropping((change) => change.kind === "insert-item" && change.item.kind === "discovery"),
  },
  {
    name: "an event is marked as processed without its runs",
    foundBy: ["events"],
    alter: dropping((change) => change.kind === "insert-run" || (change.kind === "insert-item" && change.item.kind === "start")),
  },
  {
    name: "a run is stored without its first item",
    foundBy: ["nothing-stuck"],
    alter: dropping((change) => change.kind === "insert-item" && change.item.kind === "start"),
  },
  {
    name: "an acknowledged event is not stored",
    foundBy: ["events"],
    alter: dropping((change) => change.kind === "insert-event" && !change.event.isInternal),
  },
  {
    name: "a result is replaced by a later one",
    foundBy: ["first-write"],
    alter: replacingResults(),
  },
  {
    name: "a sleep ends early",
    foundBy: ["timers"],
    alter: mapping((change) =>
      change.kind === "insert-item" && change.item.kind === "sleep"
        ? [{ ...change, item: { ...change.item, dueAt: change.item.dueAt - 500 } }]
        : [change],
    ),
  },
  {
    name: "a failed attempt is not counted",
    foundBy: ["attempts"],
    alter: mapping((change) =>
      change.kind === "reschedule-item"
        ? [{ ...change, item: { ...change.item, attempt: Math.max(0, change.item.attempt - 1) } }]
        : [change],
    ),
  },
  {
    name: "nobody is told of a run's end",
    foundBy: ["run-end"],
    alter: dropping((change) => change.kind === "insert-event" && change.event.name === FUNCTION_FINISHED),
  },
  {
    name: "a run's end is told twice",
    foundBy: ["run-end"],
    alter: mapping((change, random) =>
      change.kind === "insert-event" && change.event.name === FUNCTION_FINISHED
        ? [change, { ...change, event: { ...change.event, id: random.ulid(change.event.receivedAt) } }]
        : [change],
    ),
  },
  {
    name: "the parent of an invoked run resumes with nothing",
    foundBy: ["invokes"],
    alter: mapping((change) =>
      change.kind === "put-step" && change.step.kind === "invoke" && change.step.status === "completed"
        ? [{ ...change, step: { ...change.step, result: '{"data":null}' } }]
        : [change],
    ),
  },
  {
    name: "a concurrency limit is one too high",
    foundBy: ["concurrency"],
    alterFunction: raisingLimits,
  },
  {
    name: "a crash loses what was committed",
    foundBy: ["durability", "events", "guards"],
    alterCrash: (_now, before) => before,
  },
];

type Alter = NonNullable<Canary["alter"]>;

function withoutGuards(kind: string): Alter {
  return (changeSet) => ({ ...changeSet, guards: changeSet.guards.filter((guard) => guard.kind !== kind) });
}

function mapping(map: (change: Change, random: SeededRandom) => readonly Change[]): Alter {
  return (changeSet, random) => ({ ...changeSet, changes: changeSet.changes.flatMap((change) => map(change, random)) });
}

function dropping(isDropped: (change: Change) => boolean): Alter {
  return (changeSet, random) => {
    const drops = changeSet.changes.some(isDropped) && random.chance(SOMETIMES);
    return drops ? { ...changeSet, changes: changeSet.changes.filter((change) => !isDropped(change)) } : changeSet;
  };
}

/** Each commit about a run writes its last finished step once more, with another result. */
function replacingResults(): Alter {
  return mapping((change) =>
    change.kind === "put-step" && change.step.endedAt !== undefined && change.step.result !== undefined
      ? [change, { ...change, step: { ...change.step, result: `{"data":${JSON.stringify(change.step.id)}}` } }]
      : [change],
  );
}

function again<T extends { readonly id: string }>(item: T): T {
  return { ...item, id: `${item.id}/again` };
}

function raisingLimits(row: FunctionRow): FunctionRow {
  const step = row.definition.concurrency.step.map((limit) => ({ ...limit, limit: limit.limit + 1 }));
  return { ...row, definition: { ...row.definition, concurrency: { step } } };
}
