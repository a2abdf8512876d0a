/** Mistakes in decisions about one run. */
import { type Change, FUNCTION_FINISHED, FUNCTION_INVOKED, type RunRow } from "@pawl/engine";
import { dropping, items, mapping, newRuns, sometimes, steps, withoutGuards } from "./alterations.ts";
import type { Canary } from "./canary.ts";

export const RUN_CANARIES: readonly Canary[] = [
  {
    name: "a decision is not guarded by the run's version",
    module: "run/run-state",
    foundBy: ["first-write", "nothing-stuck", "run-end", "attempts", "executions", "failures"],
    alter: withoutGuards("run-version"),
  },
  {
    name: "a decision is not guarded by the item's lease",
    module: "run/decide-reply",
    foundBy: ["guards"],
    alter: withoutGuards("item-leased"),
  },
  {
    name: "a failed attempt is not counted",
    module: "run/decide-reply",
    foundBy: ["attempts"],
    alter: mapping((change) =>
      change.kind === "reschedule-item"
        ? [{ ...change, item: { ...change.item, attempt: Math.max(0, change.item.attempt - 1) } }]
        : [change],
    ),
  },
  {
    name: "a cancelled run keeps its items",
    module: "run/decide-cancel",
    foundBy: ["run-end"],
    alter: (changeSet) => {
      const isCancelled = changeSet.changes.some((change) => change.kind === "update-run" && change.run.status === "CANCELLED");
      return isCancelled ? { ...changeSet, changes: changeSet.changes.filter(({ kind }) => kind !== "delete-run-work") } : changeSet;
    },
  },
  {
    name: "a checkpoint forgets a step",
    module: "run/decide-checkpoint",
    foundBy: ["seen-outputs", "first-write"],
    alter: (changeSet, random) => {
      // A checkpoint is the only decision about a lease that leaves the item as it is.
      const isCheckpoint =
        changeSet.guards.some(({ kind }) => kind === "item-leased") &&
        !changeSet.changes.some(({ kind }) => kind === "delete-item" || kind === "reschedule-item" || kind === "delete-run-work");
      if (!isCheckpoint || !random.chance(0.3)) return changeSet;
      return { ...changeSet, changes: changeSet.changes.filter(({ kind }) => kind !== "put-step") };
    },
  },
  {
    name: "a search for earlier events finds nothing",
    module: "run/decide-look-back",
    foundBy: ["waits"],
    alter: (changeSet) => {
      const isDone = (change: Change): boolean => change.kind === "delete-item" && change.itemId.includes("/look-back/");
      return changeSet.changes.some(isDone) ? { ...changeSet, changes: changeSet.changes.filter(isDone) } : changeSet;
    },
  },
  {
    name: "a wait is resumed with nothing",
    module: "run/decide-resume",
    foundBy: ["waits"],
    alter: steps((step) => (step.matchedEventId === undefined ? step : { ...step, result: "null" })),
  },
  {
    name: "the parent of an invoked run resumes with nothing",
    module: "run/decide-resume",
    foundBy: ["invokes"],
    alter: steps((step) => (step.kind === "invoke" && step.status === "completed" ? { ...step, result: '{"data":null}' } : step)),
  },
  {
    name: "a run has no time to finish by",
    module: "run/decide-timer",
    foundBy: ["run-timeouts"],
    alter: dropping((change) => change.kind === "insert-item" && change.item.id.endsWith("/timeout/finish")),
  },
  {
    name: "a pause is left behind when its run ends",
    module: "run/draft",
    foundBy: ["run-end"],
    alter: mapping((change) => [change.kind === "delete-run-work" ? { ...change, hasPauses: false } : change]),
  },
  {
    name: "the next discovery is forgotten",
    module: "run/draft",
    foundBy: ["nothing-stuck"],
    alter: dropping((change) => change.kind === "insert-item" && change.item.kind === "discovery"),
  },
  {
    name: "a discovery is asked for twice",
    module: "run/draft",
    foundBy: ["executions", "first-write", "nothing-stuck", "failures"],
    alter: mapping((change) =>
      change.kind === "insert-item" && change.item.kind === "discovery"
        ? [change, { ...change, item: { ...change.item, id: `${change.item.id}/again` } }]
        : [change],
    ),
  },
  {
    name: "a singleton is not given back when its run ends",
    module: "run/draft",
    foundBy: ["nothing-stuck", "singletons"],
    alter: dropping((change) => change.kind === "delete-cell" && change.key.startsWith("singleton|")),
  },
  {
    name: "nobody is told of a run's end",
    module: "run/lifecycle-events",
    foundBy: ["run-end"],
    alter: dropping((change) => change.kind === "insert-event" && change.event.name === FUNCTION_FINISHED),
  },
  {
    name: "a run's end is told twice",
    module: "run/lifecycle-events",
    foundBy: ["run-end"],
    alter: mapping((change, random) =>
      change.kind === "insert-event" && change.event.name === FUNCTION_FINISHED
        ? [change, { ...change, event: { ...change.event, id: random.ulid(change.event.receivedAt) } }]
        : [change],
    ),
  },
  {
    name: "a run is stored without its first item",
    module: "run/schedule-run",
    foundBy: ["nothing-stuck"],
    alter: dropping((change) => change.kind === "insert-item" && change.item.kind === "start"),
  },
  {
    name: "a run's priority is ignored",
    module: "run/schedule-run",
    foundBy: ["priorities"],
    alter: newRuns((run) => ({ ...run, score: run.queuedAt })),
  },
  {
    name: "a run from a step keeps the positions of the old run",
    module: "run/rerun-from",
    foundBy: ["first-write"],
    alter: (changeSet, random) => {
      const isNew = new Set(changeSet.changes.flatMap((change) => (change.kind === "insert-run" ? [change.run.id] : [])));
      const move = steps((step) =>
        isNew.has(step.runId) && step.position !== undefined ? { ...step, position: step.position + 1 } : step,
      );
      return isNew.size === 0 ? changeSet : move(changeSet, random);
    },
  },
  {
    name: "a planned step is not asked for",
    module: "run/op/apply-op",
    foundBy: ["nothing-stuck"],
    alter: dropping((change) => change.kind === "insert-item" && change.item.kind === "planned-step"),
  },
  {
    name: "an invocation is not sent",
    module: "run/op/invoke",
    foundBy: ["invokes"],
    alter: dropping((change) => change.kind === "insert-event" && change.event.name === FUNCTION_INVOKED),
  },
  {
    name: "a step names the item of another",
    module: "run/op/op-step",
    foundBy: ["nothing-stuck"],
    alter: sometimes(
      (change) =>
        change.kind === "put-step" && change.step.endedAt === undefined
          ? [{ ...change, step: { ...change.step, itemId: "x/step/y" } }]
          : [change],
      (change) => change.kind === "put-step" && change.step.status === "planned",
    ),
  },
  {
    name: "what a function returned is lost",
    module: "run/op/run-complete",
    foundBy: ["seen-outputs"],
    alter: mapping((change) =>
      change.kind === "update-run" && change.run.status === "COMPLETED" ? [{ ...change, run: withoutOutput(change.run) }] : [change],
    ),
  },
  {
    name: "a sleep ends early",
    module: "run/op/sleep",
    foundBy: ["timers"],
    alter: items((item) => (item.kind === "sleep" ? { ...item, dueAt: item.dueAt - 500 } : item)),
  },
  {
    name: "a result is replaced by a later one",
    module: "run/op/step-run",
    foundBy: ["first-write"],
    alter: mapping((change) =>
      change.kind === "put-step" && change.step.endedAt !== undefined && change.step.result !== undefined
        ? [change, { ...change, step: { ...change.step, result: `{"data":${JSON.stringify(change.step.id)}}` } }]
        : [change],
    ),
  },
  {
    name: "a pause is forgotten",
    module: "run/op/wait",
    foundBy: ["nothing-stuck"],
    alter: dropping((change) => change.kind === "insert-pause" && change.pause.kind !== "cancel"),
  },
  {
    name: "a wait has no time-out",
    module: "run/op/wait",
    foundBy: ["nothing-stuck"],
    alter: dropping((change) => change.kind === "insert-item" && change.item.kind === "pause-timeout"),
  },
];

function withoutOutput({ output: _output, ...run }: RunRow): RunRow {
  return run;
}
