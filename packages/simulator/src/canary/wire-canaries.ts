/** Mistakes in what runs do besides events and steps: what they defer. */
import { DEFERRED_SCHEDULE } from "@pawl/engine";
import { dropping, mapping } from "./alterations.ts";
import type { Canary } from "./canary.ts";

export const WIRE_CANARIES: readonly Canary[] = [
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
];
