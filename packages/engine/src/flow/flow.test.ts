import { expect, test } from "vitest";
import type { Change } from "../change/change.ts";
import type { EventRow } from "../event/event-row.ts";
import { decideEvent, targetsOfEvent } from "../event/decide-event.ts";
import { countingRandom, eventRow, functionRow, NOW, ofKind } from "../fixtures/fixtures.ts";
import type { FunctionDefinition } from "../registration/function-definition.ts";
import type { FunctionPause } from "../app/app-row.ts";
import { planBatchEnd } from "./batch.ts";
import type { CellRow } from "./cell-row.ts";
import { planDebounceEnd } from "./debounce.ts";
import { type FlowDecision, flowPlanOf } from "./flow-plan.ts";

/** A function with options, and the cells that its events leave. */
function worldOf(options: Partial<FunctionDefinition>, paused?: FunctionPause) {
  const cells = new Map<string, CellRow | undefined>();
  const row = functionRow({ definition: options, ...(paused === undefined ? {} : { paused }) });
  const random = countingRandom();
  let count = 0;
  const follow = <T extends { readonly changes: readonly Change[] }>(decision: T): T => {
    for (const change of decision.changes) {
      if (change.kind === "put-cell") cells.set(change.cell.key, change.cell);
      if (change.kind === "delete-cell") cells.set(change.key, undefined);
    }
    return decision;
  };
  const eventOf = (data: unknown, over: Partial<EventRow> = {}): EventRow =>
    eventRow({ id: `01K6${String(count++).padStart(22, "0")}`, data, ...over });
  const send = (data: unknown, at = NOW, over: Partial<EventRow> = {}): FlowDecision & { readonly event: EventRow } => {
    const event = eventOf(data, { ts: at, receivedAt: at, ...over });
    const parsed = JSON.parse(event.body);
    const named = event.name === "inngest/function.invoked" ? { named: row } : {};
    const targets = targetsOfEvent({ event, parsed, candidates: [row], ...named }, at);
    const view = new Map(targets.cellKeys.map((key) => [key, cells.get(key)]));
    return { ...follow(decideEvent(targets, { duplicates: new Map(), cells: view }, { now: at, random })), event };
  };
  const plan = (at: number) => flowPlanOf({ now: at, random }, cells);
  return { row, cells, send, plan, follow, key: () => [...cells.keys()][0] ?? "" };
}

const started = ({ changes }: Pick<FlowDecision, "changes">) => ofKind(changes, "insert-run").filter(({ run }) => run.status === "QUEUED");
const reasons = ({ changes }: Pick<FlowDecision, "changes">) =>
  ofKind(changes, "insert-event-outcome").map(({ outcome }) => outcome.reason);
const finished = ({ changes }: Pick<FlowDecision, "changes">) => ofKind(changes, "insert-event").map(({ event }) => JSON.parse(event.body));

const invoked = { name: "inngest/function.invoked" };
const waiting = { _inngest: { fn_id: "shop-import", correlation_id: "parent.step" } };

test("a rate limit admits as many as it says, drops the rest with a reason and the time, and counts each key by itself", () => {
  const world = worldOf({ rateLimit: { limit: 2, periodMs: 60_000, keyExpression: "event.data.user" } });
  const count = (user: string, at: number) => started(world.send({ user }, at)).length;
  expect([count("a", NOW), count("a", NOW + 1), count("b", NOW + 2)]).toEqual([1, 1, 1]);
  const refused = world.send({ user: "a" }, NOW + 3);
  expect(reasons(refused)).toEqual(["rate-limit"]);
  expect(ofKind(refused.changes, "insert-event-outcome")[0]?.outcome.detail).toContain(String(NOW + 60_000));
  expect([count("a", NOW + 60_000), count("a", NOW + 60_000)]).toEqual([1, 0]);
});

test("a rate limit and an idempotency key apply both, and neither counts what the other refuses", () => {
  const world = worldOf({ rateLimit: { limit: 2, periodMs: 1_000 }, idempotency: "event.data.id" });
  expect(started(world.send({ id: 1 }))).toHaveLength(1);
  expect(reasons(world.send({ id: 1 }))).toEqual(["idempotency-key"]);
  expect(started(world.send({ id: 2 }))).toHaveLength(1);
  expect(reasons(world.send({ id: 3 }))).toEqual(["rate-limit"]);
  expect(started(world.send({ id: 3 }, NOW + 1_000))).toHaveLength(1);
});

test("events without the key are not limited", () => {
  const world = worldOf({ rateLimit: { limit: 1, periodMs: 1_000, keyExpression: "event.data.user" } });
  expect([world.send({}), world.send({}), world.send({ user: false })].map((decision) => started(decision).length)).toEqual([1, 1, 1]);
});

test("whoever invokes a limited function is told", () => {
  const world = worldOf({ rateLimit: { limit: 1, periodMs: 1_000 } });
  world.send({});
  expect(finished(world.send(waiting, NOW, invoked))[0].data).toMatchObject({
    correlation_id: "parent.step",
    error: { message: "invoked function is rate limited" },
  });
});

test("a debounce fires once, with the last event, after the period", () => {
  const world = worldOf({ debounce: { periodMs: 5_000 } });
  const first = world.send({ n: 1 });
  expect(started(first)).toEqual([]);
  expect(ofKind(first.changes, "insert-item")[0]?.item).toMatchObject({ kind: "debounce", dueAt: NOW + 5_000 });
  const second = world.send({ n: 2 }, NOW + 4_000);
  expect(ofKind(second.changes, "reschedule-item")[0]?.item.dueAt).toBe(NOW + 9_000);
  expect(reasons(second)).toEqual(["debounce-superseded", "debounced"]);
  const plan = world.plan(NOW + 9_000);
  planDebounceEnd(plan, { key: world.key(), function: world.row, event: second.event, parsed: JSON.parse(second.event.body) });
  expect(started(plan)[0]?.run.eventIds).toEqual([second.event.id]);
  expect(world.follow(plan).changes.map(({ kind }) => kind)).toContain("delete-cell");
  expect(ofKind(world.send({ n: 3 }, NOW + 9_001).changes, "insert-item")[0]?.item.dueAt).toBe(NOW + 14_001);
});

test("a debounce never waits longer than its time-out, and takes no older event", () => {
  const world = worldOf({ debounce: { periodMs: 5_000, timeoutMs: 12_000 } });
  const dueAt = (at: number): number | undefined =>
    world.send({}, at).changes.flatMap((change) => ("item" in change ? [change.item.dueAt] : []))[0];
  expect([0, 4_000, 8_000, 11_000].map((after) => (dueAt(NOW + after) ?? 0) - NOW)).toEqual([5_000, 9_000, 12_000, 12_000]);
  const older = world.send({}, NOW + 11_500, { ts: NOW + 10_000 });
  expect(reasons(older)).toEqual(["debounce-older-event"]);
  expect(ofKind(older.changes, "reschedule-item")).toEqual([]);
});

test("an invoker whose event another takes the place of is told", () => {
  const world = worldOf({ debounce: { periodMs: 5_000 } });
  world.send(waiting, NOW, invoked);
  const [told] = finished(world.send({}, NOW + 1));
  expect(told.data).toMatchObject({ correlation_id: "parent.step", error: { name: "InvokedFunctionSkippedError" } });
});

test("a batch closes when it is full, and the next event begins another", () => {
  const world = worldOf({ batch: { sizeMax: 2, timeoutMs: 3_000 } });
  const first = world.send({ n: 1 });
  const item = ofKind(first.changes, "insert-item")[0]?.item;
  expect(item).toMatchObject({ kind: "batch", dueAt: NOW + 3_000 });
  const second = world.send({ n: 2 }, NOW + 1_000);
  expect(ofKind(second.changes, "reschedule-item")[0]?.item).toMatchObject({ id: item?.id, dueAt: NOW + 1_000 });
  expect(ofKind(second.changes, "insert-batch-event")[0]?.batchEvent.position).toBe(1);
  const third = world.send({ n: 3 }, NOW + 1_001);
  expect(ofKind(third.changes, "insert-item")[0]?.item.runId).not.toBe(item?.runId);
  const plan = world.plan(NOW + 1_002);
  planBatchEnd(plan, { batchId: item?.runId ?? "", function: world.row, events: [first.event, second.event] });
  expect(started(plan)[0]?.run.eventIds).toEqual([first.event.id, second.event.id]);
  expect(ofKind(plan.changes, "delete-cell")).toEqual([]);
});

test("a batch whose time is up takes its cell along", () => {
  const world = worldOf({ batch: { sizeMax: 10, timeoutMs: 3_000 } });
  const only = world.send({ n: 1 });
  const plan = world.plan(NOW + 3_000);
  planBatchEnd(plan, { batchId: ofKind(only.changes, "insert-item")[0]?.item.runId ?? "", function: world.row, events: [only.event] });
  expect(ofKind(plan.changes, "delete-cell")).toHaveLength(1);
  expect(started(plan)).toHaveLength(1);
});

test("a batch starts at once, though its one event lies in the future", () => {
  const world = worldOf({ batch: { sizeMax: 10, timeoutMs: 3_000 } });
  const only = world.send({ n: 1 }, NOW, { ts: NOW + 60_000 });
  const plan = world.plan(NOW + 3_000);
  planBatchEnd(plan, { batchId: ofKind(only.changes, "insert-item")[0]?.item.runId ?? "", function: world.row, events: [only.event] });
  expect(ofKind(plan.changes, "insert-item")[0]?.item.dueAt).toBe(NOW + 3_000);
});

test("an event that a batch's condition does not name runs by itself", () => {
  const world = worldOf({ batch: { sizeMax: 10, timeoutMs: 3_000, condition: "event.data.bulk" } });
  expect(started(world.send({ bulk: true }))).toHaveLength(0);
  expect(started(world.send({ bulk: false }))).toHaveLength(1);
});

test("a singleton that skips keeps the refused run with the reason, and is free again when its cell is", () => {
  const world = worldOf({ singleton: { mode: "skip", keyExpression: "event.data.user" } });
  const holder = started(world.send({ user: "a" }))[0]?.run;
  expect(holder?.holds).toHaveLength(1);
  expect(started(world.send({ user: "b" }))).toHaveLength(1);
  const second = world.send({ user: "a" });
  expect(ofKind(second.changes, "insert-run")[0]?.run).toMatchObject({ status: "SKIPPED", skipReason: "singleton" });
  expect(ofKind(second.changes, "insert-event-outcome")[0]?.outcome).toMatchObject({ reason: "singleton", detail: holder?.id });
  world.cells.set(holder?.holds?.[0] ?? "", undefined);
  expect(started(world.send({ user: "a" }))).toHaveLength(1);
});

test("a singleton that cancels asks for its holder to be cancelled first", () => {
  const world = worldOf({ singleton: { mode: "cancel" } });
  const holder = started(world.send({}))[0]?.run;
  expect([...world.send({}).cancelFirst]).toEqual([holder?.id]);
});

test("a paused function keeps what comes, drops it, or only finishes what it has", () => {
  const comes = (mode: FunctionPause["mode"]) => worldOf({}, { mode, since: NOW }).send({});
  expect(started(comes("hold"))).toHaveLength(1);
  expect(ofKind(comes("drop").changes, "insert-run")[0]?.run).toMatchObject({ status: "SKIPPED", skipReason: "function-paused" });
  expect(ofKind(comes("drain").changes, "insert-run")[0]?.run).toMatchObject({ status: "SKIPPED", skipReason: "function-draining" });
});

test("every cell that a decision looked at is guarded by its version", () => {
  const world = worldOf({ rateLimit: { limit: 1, periodMs: 1_000 }, singleton: { mode: "skip" } });
  const versions = ({ guards }: FlowDecision) => guards.flatMap((guard) => (guard.kind === "cell-version" ? [guard.version] : []));
  expect(versions(world.send({}))).toEqual([0, 0]);
  expect(versions(world.send({}))).toEqual([1]);
  expect(versions(world.send({}, NOW + 1_000))).toEqual([1, 1]);
});
