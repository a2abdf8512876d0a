/**
 * Random commands over few ids, so that they meet: many refer to rows that exist, some to rows that are gone.
 *
 * I1  A command names leases by the item and their age, because generations differ between drivers.
 */
import { type CellKind, type Change, DEFERRED_SCHEDULE, type Guard } from "@pawl/engine";
import * as fc from "fast-check";
import type { EventQuery, RunQuery } from "../history.ts";
import type { EventSearch, ItemScan, Purge } from "../store.ts";
import { fixtures, idOf } from "./fixtures.ts";

/** A guard, or one that stands for the lease which an item was given `age` claims ago. */
export type GuardPlan = Guard | { readonly kind: "lease"; readonly itemId: string; readonly age: number };

export type SetPlan = { readonly guards: readonly GuardPlan[]; readonly changes: readonly Change[] };

export type Command =
  /** Applied at once, one after the other. */
  | { readonly kind: "apply"; readonly sets: readonly SetPlan[] }
  | { readonly kind: "claim"; readonly itemIds: readonly string[] }
  | { readonly kind: "release"; readonly itemId: string; readonly age: number }
  | { readonly kind: "due-lanes"; readonly dueBy: number }
  | { readonly kind: "scan"; readonly scan: ItemScan }
  | { readonly kind: "find-pauses"; readonly eventName: string; readonly values: Readonly<Record<string, string>> }
  | { readonly kind: "list-runs"; readonly query: RunQuery }
  | { readonly kind: "list-events"; readonly query: EventQuery }
  | { readonly kind: "unprocessed"; readonly limit: number }
  | { readonly kind: "key"; readonly functionId: string; readonly key: string; readonly since: number }
  | { readonly kind: "cells-of-kind"; readonly query: { readonly kind: CellKind; readonly after?: string; readonly limit: number } }
  | { readonly kind: "events-of-name"; readonly query: EventSearch }
  | { readonly kind: "purge"; readonly query: Purge }
  | { readonly kind: "reopen" };

/** The ids that commands use. */
export const RUN_IDS: readonly string[] = [1, 2, 3].map(idOf);
export const EVENT_IDS: readonly string[] = [11, 12, 13].map(idOf);
export const SIGNALS: readonly string[] = ["go", "stop"];
export const BATCH_IDS: readonly string[] = ["batch|a|1", "batch|a|2"];
export const CELL_KEYS: readonly string[] = ["rate|a|x", "rate|a|y", "debounce|a|☂"];
const ITEM_IDS = [...RUN_IDS.flatMap((runId) => [`${runId}/start`, `${runId}/next`]), ...BATCH_IDS.map((id) => `${id}/due`)];
const PAUSE_IDS = RUN_IDS.flatMap((runId) => [`${runId}/a`, `${runId}/b`]);

const instant = fc.nat({ max: 6 });
const runId = fc.constantFrom(...RUN_IDS);
const itemId = fc.constantFrom(...ITEM_IDS);
const pauseId = fc.constantFrom(...PAUSE_IDS);
const eventId = fc.constantFrom(...EVENT_IDS);
const functionId = fc.constantFrom("function-a", "function-b");
const lane = fc.constantFrom("lane-a", "lane-b");
const signal = fc.constantFrom(...SIGNALS);
const name = fc.constantFrom("paid", "sent ☂");
const key = fc.constantFrom("k1", "k2");
const cellKey = fc.constantFrom(...CELL_KEYS);
const batchId = fc.constantFrom(...BATCH_IDS);
const version = fc.integer({ min: 1, max: 4 });
const limit = fc.integer({ min: 1, max: 4 });
const status = fc.constantFrom("QUEUED", "RUNNING", "COMPLETED", "FAILED", "CANCELLED", "SKIPPED");
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined, freq: 2 });

/** A record without the members that came out as `undefined`. */
function partial<T extends object>(members: { readonly [K in keyof T]: fc.Arbitrary<T[K] | undefined> }): fc.Arbitrary<T> {
  return fc.record(members as Record<string, fc.Arbitrary<unknown>>).map(present) as fc.Arbitrary<T>;
}

function present(record: object): object {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

const runMembers = partial({
  id: runId,
  functionId,
  appId: fc.constantFrom("app-a", "app-b"),
  status: status as fc.Arbitrary<"QUEUED">,
  version,
  eventIds: fc.uniqueArray(eventId, { maxLength: 3 }),
  eventName: fc.oneof(name, fc.constant(DEFERRED_SCHEDULE)),
  idempotencyKey: optional(key),
  queuedAt: instant,
  startedAt: optional(instant),
  endedAt: optional(instant),
  output: optional(fc.constant("1")),
  error: optional(fc.constant("{}")),
  finishBy: optional(instant),
  holds: optional(fc.subarray([...CELL_KEYS])),
  skipReason: optional(fc.constant("singleton" as const)),
  bulkId: optional(fc.constantFrom("bulk|1", "bulk|2")),
  sessions: optional(fc.constant('[["user","1"]]')),
  hasPauses: fc.boolean(),
  // SQL knows no -0.
  score: fc.double({ min: -5, max: 5, noNaN: true }).map((score) => score + 0),
});

const stepMembers = partial({
  runId,
  id: fc.constantFrom("a", "b"),
  result: optional(fc.json()),
  endedAt: optional(instant),
  queuedAt: instant,
});

const itemMembers = itemId.chain((id) =>
  partial({
    id: fc.constant(id),
    runId: fc.constant(id.slice(0, id.indexOf("/"))),
    dueAt: instant,
    score: instant,
    lane,
    attempt: instant,
  }),
);

const pauseMembers = pauseId.chain((id) => {
  const ids = { id: fc.constant(id), runId: fc.constant(id.slice(0, id.indexOf("/"))), createdAt: instant };
  const match = fc.constantFrom(
    {},
    { matchPath: "p", matchValue: "v" },
    { matchPath: "p", matchValue: "w" },
    { matchPath: "q", matchValue: "v" },
  );
  const byEvent = fc.tuple(partial({ ...ids, eventName: name, kind: fc.constantFrom("event", "cancel") }), match);
  return fc.oneof(
    byEvent.map(([members, matched]) => ({ ...members, ...matched })),
    partial({ ...ids, kind: fc.constant("signal" as const), signal }),
    partial({ ...ids, kind: fc.constant("invoke" as const), correlationId: runId }),
  );
});

const cell = cellKey.chain((of) =>
  partial({
    key: fc.constant(of),
    kind: fc.constant(of.slice(0, of.indexOf("|")) as CellKind),
    functionId,
    state: fc.json(),
    version,
    expiresAt: optional(instant),
  }),
);

/** Cells, batches and notes. */
const flowChange: fc.Arbitrary<Change> = fc.oneof(
  { weight: 3, arbitrary: cell.map((row): Change => ({ kind: "put-cell", cell: row })) },
  cellKey.map((of): Change => ({ kind: "delete-cell", key: of })),
  fc.record({ batchId, position: fc.nat({ max: 2 }), eventId }).map((batchEvent): Change => ({ kind: "insert-batch-event", batchEvent })),
  batchId.map((id): Change => ({ kind: "delete-batch", batchId: id })),
  partial({
    runId,
    id: fc.constantFrom("d", "e"),
    slug: name,
    input: fc.json(),
    status: fc.constantFrom("after-run", "aborted", "rejected"),
    reason: optional(fc.constant("per_run_count")),
    createdAt: instant,
  }).map((defer): Change => ({ kind: "put-defer", defer: defer as Extract<Change, { kind: "put-defer" }>["defer"] })),
  fc
    .record({ runId, stepId: fc.constantFrom("", "a"), kind: fc.constant("k"), name: key, values: fc.json(), updatedAt: instant })
    .map((metadata): Change => ({ kind: "put-metadata", metadata })),
  fc
    .record({ runId, id: fc.constantFrom("a", "b"), spans: fc.json(), receivedAt: instant })
    .map((batch): Change => ({ kind: "insert-spans", batch })),
);

const eventMembers = partial({
  id: eventId,
  name,
  receivedAt: instant,
  isInternal: fc.boolean(),
  isProcessed: fc.boolean(),
  traceparent: optional(fc.constant(`00-${"a".repeat(32)}-${"b".repeat(16)}-01`)),
});

const change: fc.Arbitrary<Change> = fc.oneof(
  eventMembers.map((row): Change => ({ kind: "insert-event", event: fixtures.event(row) })),
  eventId.map((id): Change => ({ kind: "mark-event-processed", eventId: id })),
  runMembers.map((row): Change => ({ kind: "insert-run", run: fixtures.run(row) })),
  runMembers.map((row): Change => ({ kind: "update-run", run: fixtures.run(row) })),
  stepMembers.map((row): Change => ({ kind: "put-step", step: fixtures.step(row) })),
  fc.record({ kind: fc.constant("delete-step" as const), runId, stepId: fc.constantFrom("a", "b") }),
  partial({ runId, startedAt: instant, attempt: instant }).map((row): Change => ({
    kind: "insert-attempt",
    attempt: fixtures.attempt(row),
  })),
  itemMembers.map((row): Change => ({ kind: "insert-item", item: fixtures.item(row) })),
  itemMembers.map((row): Change => ({ kind: "reschedule-item", item: fixtures.item(row) })),
  itemMembers.map((row): Change => ({ kind: "amend-item", item: fixtures.item(row) })),
  itemId.map((id): Change => ({ kind: "delete-item", itemId: id })),
  pauseMembers.map((row): Change => ({ kind: "insert-pause", pause: fixtures.pause(row) })),
  pauseId.map((id): Change => ({ kind: "delete-pause", pauseId: id })),
  fc.record({ kind: fc.constant("delete-run-work" as const), runId, hasPauses: fc.boolean() }),
  fc
    .record({ eventId, functionId, reason: fc.constantFrom("expression-false", "expression-error"), at: instant })
    .map((outcome): Change => ({ kind: "insert-event-outcome", outcome: outcome as { reason: "expression-false" } & typeof outcome })),
  { weight: 4, arbitrary: flowChange },
);

const guard: fc.Arbitrary<GuardPlan> = fc.oneof(
  fc.record({ kind: fc.constant("event-unprocessed" as const), eventId }),
  fc.record({ kind: fc.constant("run-version" as const), runId, version }),
  fc.record({ kind: fc.constant("run-absent" as const), runId }),
  fc.record({ kind: fc.constant("lease" as const), itemId, age: fc.nat({ max: 1 }) }),
  fc.record({ kind: fc.constant("pause-open" as const), pauseId }),
  fc.record({ kind: fc.constant("idempotency-free" as const), functionId, key, since: instant }),
  fc.record({ kind: fc.constant("signal-free" as const), signal }),
  fc.record({ kind: fc.constant("cell-version" as const), key: cellKey, version: fc.nat({ max: 4 }) }),
);

const setPlan: fc.Arbitrary<SetPlan> = fc.record({
  guards: fc.oneof(fc.constant([]), fc.array(guard, { maxLength: 2 })),
  changes: fc.array(change, { minLength: 1, maxLength: 5 }),
});

const scan: fc.Arbitrary<ItemScan> = partial({
  lane: optional(lane),
  dueBy: optional(instant),
  dueAfter: optional(instant),
  after: optional(fc.record({ dueAt: instant, score: instant, id: itemId })),
  limit,
});

const runFilter = partial({
  statuses: optional(fc.uniqueArray(status as fc.Arbitrary<"QUEUED">, { maxLength: 3 })),
  functionIds: optional(fc.uniqueArray(functionId, { maxLength: 2 })),
  appIds: optional(fc.constant(["app-a"])),
  eventName: optional(name),
  from: optional(instant),
  until: optional(instant),
  hasStarted: optional(fc.boolean()),
  live: optional(fc.boolean()),
  isDeferred: optional(fc.boolean()),
  bulkId: optional(fc.constant("bulk|1")),
  idPrefix: optional(fc.constantFrom("01jd", idOf(2), "9")),
});

const runQuery: fc.Arbitrary<RunQuery> = partial({
  filter: runFilter,
  timeField: fc.constantFrom("queuedAt", "startedAt", "endedAt"),
  order: fc.constantFrom("asc", "desc"),
  after: optional(fc.record({ at: instant, id: runId })),
  limit,
});

const eventQuery: fc.Arbitrary<EventQuery> = partial({
  names: optional(fc.uniqueArray(name, { maxLength: 2 })),
  includeInternal: fc.boolean(),
  receivedFrom: optional(instant),
  receivedUntil: optional(instant),
  after: optional(eventId),
  limit,
});

const cellsOfKind = partial({ kind: fc.constantFrom<CellKind>("rate", "debounce", "bulk"), after: optional(cellKey), limit });

const eventSearch: fc.Arbitrary<EventSearch> = partial({
  name,
  receivedFrom: instant,
  receivedUntil: instant,
  after: optional(eventId),
  limit,
});

const purge: fc.Arbitrary<Purge> = partial({
  runsBefore: optional(instant),
  eventsBefore: optional(instant),
  keepEventIds: optional(fc.subarray([...EVENT_IDS])),
  cellsBefore: optional(instant),
  limit,
});

/** Sequences of commands. */
export const commands: fc.Arbitrary<readonly Command[]> = fc.array(
  fc.oneof(
    { weight: 10, arbitrary: fc.record({ kind: fc.constant("apply" as const), sets: fc.array(setPlan, { minLength: 1, maxLength: 4 }) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("claim" as const), itemIds: fc.array(itemId, { minLength: 1, maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("release" as const), itemId, age: fc.nat({ max: 1 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("due-lanes" as const), dueBy: instant }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("scan" as const), scan }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("find-pauses" as const),
        eventName: name,
        values: fc.constantFrom({}, { p: "v" }, { p: "w", q: "v" }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("list-runs" as const), query: runQuery }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("list-events" as const), query: eventQuery }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("unprocessed" as const), limit }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("key" as const), functionId, key, since: instant }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("cells-of-kind" as const), query: cellsOfKind }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("events-of-name" as const), query: eventSearch }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("purge" as const), query: purge }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("reopen" as const) }) },
  ),
  { minLength: 1, maxLength: 40, size: "max" },
);
