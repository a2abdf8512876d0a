/** Mistakes in what runs do besides events and steps: what they defer, what endpoints report, requests of steps, metadata, registrations. */
import { type Change, type ChangeSet, DEFERRED_SCHEDULE, FUNCTION_INVOKED, type FunctionRow } from "@pawl/engine";
import { dropping, mapping, steps, withoutGuards } from "./alterations.ts";
import type { Canary } from "./canary.ts";

export const WIRE_CANARIES: readonly Canary[] = [
  {
    name: "what is invoked has no sessions",
    module: "event/sessions",
    foundBy: ["sessions"],
    alter: mapping((change) => {
      if (change.kind !== "insert-event" || change.event.name !== FUNCTION_INVOKED) return [change];
      const { meta: _meta, ...body } = JSON.parse(change.event.body) as Readonly<Record<string, unknown>>;
      return [{ ...change, event: { ...change.event, body: JSON.stringify(body) } }];
    }),
  },
  {
    name: "what was deferred is not asked for",
    module: "run/defer-events",
    foundBy: ["defers"],
    alter: dropping((change) => change.kind === "insert-event" && change.event.name === DEFERRED_SCHEDULE),
  },
  {
    name: "what was deferred is asked for twice",
    module: "run/defer-events",
    foundBy: ["defers"],
    alter: mapping((change, random) =>
      change.kind === "insert-event" && change.event.name === DEFERRED_SCHEDULE
        ? [change, { ...change, event: { ...change.event, id: random.ulid(change.event.receivedAt) } }]
        : [change],
    ),
  },
  {
    name: "a defer is forgotten",
    module: "run/op/defer",
    foundBy: ["defers"],
    alter: dropping((change) => change.kind === "put-defer" && change.defer.status === "after-run"),
  },
  {
    name: "what was taken back is deferred all the same",
    module: "run/op/defer",
    foundBy: ["defers"],
    alter: dropping((change) => change.kind === "put-defer" && change.defer.status === "aborted"),
  },
  {
    name: "the answer to a step's request is another one",
    module: "run/decide-gateway",
    foundBy: ["fetches"],
    alter: steps((step) =>
      step.kind === "ai-gateway" && step.status === "completed" ? { ...step, result: '{"data":{"token":0}}' } : step,
    ),
  },
  {
    name: "a step's request that failed is not tried again",
    module: "run/decide-gateway",
    foundBy: ["nothing-stuck"],
    alter: mapping((change) =>
      change.kind === "reschedule-item" && change.item.kind === "gateway" ? [{ kind: "delete-item", itemId: change.item.id }] : [change],
    ),
  },
  {
    name: "a step's request is not made",
    module: "run/op/gateway",
    foundBy: ["nothing-stuck"],
    alter: dropping((change) => change.kind === "insert-item" && change.item.kind === "gateway"),
  },
  {
    name: "what a step notes about itself is forgotten",
    module: "run/op/op-metadata",
    foundBy: ["metadata"],
    alter: dropping((change) => change.kind === "put-metadata" && change.metadata.stepId !== ""),
  },
  {
    name: "an update of metadata is stored twice",
    module: "run/metadata",
    foundBy: ["metadata"],
    alter: mapping((change) =>
      change.kind === "put-metadata"
        ? [change, { ...change, metadata: { ...change.metadata, name: `${change.metadata.name}/again` } }]
        : [change],
    ),
  },
  {
    name: "a registration takes a pause away",
    module: "server",
    foundBy: ["registrations"],
    alter: (changeSet) => {
      if (!changeSet.changes.some(({ kind }) => kind === "put-app")) return changeSet;
      const changes = changeSet.changes.map((change) =>
        change.kind === "put-function" ? { ...change, function: notPaused(change.function) } : change,
      );
      return { ...changeSet, changes };
    },
  },
  {
    name: "a function that an app has no more goes on",
    module: "server",
    foundBy: ["registrations"],
    alter: mapping((change) => (change.kind === "put-function" ? [{ ...change, function: notArchived(change.function) }] : [change])),
  },
  {
    name: "a registration forgets a function",
    module: "server",
    foundBy: ["registrations"],
    alter: dropping((change) => change.kind === "put-function" && change.function.version > 1),
  },
  {
    name: "a step that an endpoint reports is not stored",
    module: "run/decide-sync-steps",
    foundBy: ["endpoints"],
    alter: (changeSet, random) =>
      isReport(changeSet) && random.chance(0.3)
        ? { ...changeSet, changes: changeSet.changes.filter(({ kind }) => kind !== "put-step") }
        : changeSet,
  },
  {
    name: "a run that the server takes over has nothing to do",
    module: "run/decide-sync-steps",
    foundBy: ["nothing-stuck"],
    alter: (changeSet, random) =>
      isReport(changeSet) && random.chance(0.3)
        ? { ...changeSet, changes: changeSet.changes.filter(({ kind }) => kind !== "insert-item") }
        : changeSet,
  },
  {
    name: "an endpoint that never reports has its run for ever",
    module: "run/sync-run",
    foundBy: ["nothing-stuck"],
    alter: dropping((change) => change.kind === "insert-item" && isSyncItem(change)),
  },
  {
    name: "two runs of an endpoint may have the same key",
    module: "run/sync-run",
    foundBy: ["endpoints"],
    alter: withoutGuards("idempotency-free"),
  },
];

function notPaused({ paused: _paused, ...row }: FunctionRow): FunctionRow {
  return row;
}

function notArchived({ archivedAt: _archivedAt, ...row }: FunctionRow): FunctionRow {
  return row;
}

/** A decision about a run without a lease: of an endpoint's report, where it stores a step. */
function isReport({ guards, changes }: ChangeSet): boolean {
  const isLeased = guards.some(({ kind }) => kind === "item-leased");
  const isOfPause = guards.some(({ kind }) => kind === "pause-open" || kind === "event-unprocessed");
  return !isLeased && !isOfPause && changes.some(({ kind }) => kind === "update-run") && changes.some(({ kind }) => kind === "put-step");
}

function isSyncItem({ item }: Extract<Change, { kind: "insert-item" }>): boolean {
  return item.id.endsWith("/timeout/sync");
}
