import { expect, test } from "vitest";
import { context, eventRow, functionRow, NOW, ofKind, RUN_ID, runState, stepRow } from "../fixtures/fixtures.ts";
import type { PauseRow } from "../pause/pause-row.ts";
import { decideEvent, type EventInput, targetsOfEvent } from "./decide-event.ts";
import { matchesPause, mayMatchRun } from "./match-pause.ts";

function decide(over: Partial<EventInput> & { readonly duplicates?: ReadonlyMap<string, string> } = {}) {
  const { event = eventRow(), duplicates = new Map<string, string>(), ...rest } = over;
  const targets = targetsOfEvent({ event, parsed: JSON.parse(event.body), candidates: [functionRow()], ...rest }, NOW);
  return decideEvent(targets, { duplicates, cells: new Map() }, context());
}

test("a matching trigger starts one run, in the transaction that marks the event", () => {
  const { guards, changes } = decide();
  expect(guards).toEqual([{ kind: "event-unprocessed", eventId: "01K6000000000000000000EVNT" }]);
  expect(changes.map(({ kind }) => kind)).toEqual(["mark-event-processed", "insert-run", "insert-item"]);
  expect(ofKind(changes, "insert-run")[0]?.run).toMatchObject({ status: "QUEUED", requestVersion: -1, eventName: "shop/imported" });
});

test("a future event delays the run's first call", () => {
  expect(ofKind(decide({ event: eventRow({ ts: NOW + 60_000 }) }).changes, "insert-item")[0]?.item.dueAt).toBe(NOW + 60_000);
});

test("a condition that is false or fails starts nothing and says why", () => {
  const when = (condition: string) => functionRow({ definition: { triggers: [{ kind: "event", event: "shop/imported", condition }] } });
  expect(ofKind(decide({ candidates: [when("event.data.x == 1")] }).changes, "insert-event-outcome")[0]?.outcome.reason).toBe(
    "expression-false",
  );
  expect(ofKind(decide({ candidates: [when("event.data.x + 1 > 'a'")] }).changes, "insert-run")).toEqual([]);
});

test("an id that has started the function already starts nothing", () => {
  const { changes } = decide({ event: eventRow({ externalId: "order-9" }), duplicates: new Map([["fn-1", "run-0"]]) });
  expect(ofKind(changes, "insert-event-outcome")[0]?.outcome).toMatchObject({ reason: "duplicate-event-id", detail: "run-0" });
});

test("an id given by the sender is guarded against a run that comes first", () => {
  expect(decide({ event: eventRow({ externalId: "order-9" }) }).guards).toContainEqual({
    kind: "idempotency-free",
    functionId: "fn-1",
    key: "order-9",
    since: NOW - 86_400_000,
  });
});

test("an invocation starts the named function whatever its triggers, with the waiter noted", () => {
  const event = eventRow({ name: "inngest/function.invoked", data: { _inngest: { fn_id: "shop-import", correlation_id: "p.s" } } });
  const { changes } = decide({ event, candidates: [], named: functionRow() });
  expect(ofKind(changes, "insert-run")[0]?.run.correlationId).toBe("p.s");
});

test("an invocation of an unknown function tells the waiter", () => {
  const event = eventRow({ name: "inngest/function.invoked", data: { _inngest: { fn_id: "nope", correlation_id: "p.s" } } });
  const body = JSON.parse(ofKind(decide({ event, candidates: [] }).changes, "insert-event")[0]?.event.body ?? "{}");
  expect(body).toMatchObject({
    name: "inngest/function.finished",
    data: { correlation_id: "p.s", error: { message: "could not find function with ID: nope" } },
  });
});

test("cancelOn is registered with the run, unless its condition can never hold", () => {
  const cancelOn = [
    { event: "shop/withdrawn", condition: "event.data.id == async.data.id", until: { kind: "duration", ms: 1_000 } },
    { event: "shop/never", condition: "event.data.id == 'x' && async.data.id == 'y'", until: { kind: "duration", ms: 1_000 } },
  ] as const;
  const { changes } = decide({ event: eventRow({ data: { id: "p1" } }), candidates: [functionRow({ definition: { cancelOn } })] });
  expect(ofKind(changes, "insert-pause").map(({ pause }) => [pause.eventName, pause.matchPath, pause.matchValue])).toEqual([
    ["shop/withdrawn", "data.id", '"p1"'],
  ]);
});

test("a concurrency key names the lane; a missing one shares a lane", () => {
  const keyed = functionRow({ definition: { concurrency: { step: [{ limit: 1, scope: "fn", keyExpression: "event.data.user" }] } } });
  const laneOf = (data: unknown): string | undefined =>
    ofKind(decide({ event: eventRow({ data }), candidates: [keyed] }).changes, "insert-run")[0]?.run.lane;
  expect(laneOf({ user: "u1" })).toMatch(/^fn-1\|fn:[0-9a-f]{12}:u1$/);
  expect(laneOf({})).toBe(laneOf({ user: false }));
});

const pause: PauseRow = {
  id: `${RUN_ID}/a`,
  runId: RUN_ID,
  kind: "event",
  stepId: "a",
  eventName: "x",
  createdAt: NOW,
  expiresAt: NOW + 10,
};

test.each([
  [NOW - 1, false],
  [NOW, true],
  [NOW + 9, true],
  [NOW + 10, false],
])("an event received at %d matches a pause while it exists: %s", (receivedAt, expected) => {
  const event = eventRow({ name: "x", receivedAt });
  expect(matchesPause(pause, { event, parsed: JSON.parse(event.body) })).toBe(expected);
});

test("a pause's condition decides", () => {
  const event = eventRow({ name: "x", data: { n: 2 } });
  expect(matchesPause({ ...pause, expression: "async.data.n == 2.0" }, { event, parsed: JSON.parse(event.body) })).toBe(true);
  expect(matchesPause({ ...pause, expression: "async.data.n == 3.0" }, { event, parsed: JSON.parse(event.body) })).toBe(false);
});

test("the run's own event never matches, nor one that has ended an earlier wait of the run", () => {
  const own = eventRow();
  expect(mayMatchRun(runState(), { pause, event: own })).toBe(false);
  const other = eventRow({ id: "01K6000000000000000000OTHR" });
  expect(mayMatchRun(runState(), { pause, event: other })).toBe(true);
  const state = runState({
    steps: [stepRow({ id: "b", matchedEventId: other.id, endedAt: NOW, position: 0, result: "{}", status: "completed" })],
  });
  expect(mayMatchRun(state, { pause, event: other })).toBe(false);
  expect(mayMatchRun(state, { pause: { ...pause, createdAt: NOW - 1 }, event: other })).toBe(true);
});
