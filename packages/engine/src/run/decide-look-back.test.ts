import { describe, expect, test } from "vitest";
import type { PauseRow } from "../pause/pause-row.ts";
import { environment, eventRow, item, NOW, ofKind, RUN_ID, runState, stepRow } from "../fixtures/fixtures.ts";
import { decideLookBack, isUnused } from "./decide-look-back.ts";
import type { RunState } from "./run-state.ts";

const SEARCH = `${RUN_ID}/look-back/1/w`;
const EVENT = eventRow({ id: "01K6000000000000000000PAID", name: "shop/paid" });
const PAUSE: PauseRow = {
  id: `${RUN_ID}/w`,
  runId: RUN_ID,
  kind: "event",
  stepId: "w",
  eventName: "shop/paid",
  createdAt: NOW - 60_000,
  expiresAt: NOW + 60_000,
};
const search = item({ id: SEARCH, kind: "look-back", stepId: "w" });
const waiting = stepRow({ id: "w", kind: "wait-for-event", status: "waiting", startedAt: NOW, until: NOW + 60_000 });

function decide(state: RunState, found: readonly { readonly pause: PauseRow; readonly event: typeof EVENT }[]) {
  return decideLookBack(state, { item: search, generation: 3, found }, environment());
}

/** A step that an event has ended, at a position. */
const endedBy = (position: number) =>
  stepRow({ id: "first", kind: "wait-for-event", status: "completed", endedAt: NOW, position, result: "{}", matchedEventId: EVENT.id });

describe("a search that has found something", () => {
  const { guards, changes } = decide(runState({ run: { hasPauses: true }, steps: [waiting] }), [{ pause: PAUSE, event: EVENT }]);

  test("ends the wait with the event, under the search's lease and while the pause is open", () => {
    expect(ofKind(changes, "put-step")[0]?.step).toMatchObject({ status: "completed", matchedEventId: EVENT.id, result: EVENT.body });
    expect(guards).toEqual([
      { kind: "item-leased", itemId: SEARCH, generation: 3 },
      { kind: "run-version", runId: RUN_ID, version: 1 },
      { kind: "pause-open", pauseId: PAUSE.id },
    ]);
  });

  test("takes search, time-out and pause away, and asks the app what is next", () => {
    expect(ofKind(changes, "delete-item").map(({ itemId }) => itemId)).toEqual([waiting.itemId, SEARCH]);
    expect(ofKind(changes, "delete-pause")).toHaveLength(1);
    expect(ofKind(changes, "insert-item")[0]?.item.kind).toBe("discovery");
  });
});

test("a search that has found nothing only goes away", () => {
  const { guards, changes } = decide(runState({ steps: [waiting] }), []);
  expect(changes).toEqual([{ kind: "delete-item", itemId: SEARCH }]);
  expect(guards.map(({ kind }) => kind)).toEqual(["item-leased", "run-version"]);
});

test("a search that is all the wait has ends it without an event", () => {
  const { changes } = decide(runState({ steps: [{ ...waiting, itemId: SEARCH, until: NOW }] }), []);
  expect(ofKind(changes, "put-step")[0]?.step).toMatchObject({ status: "timed_out", result: "null" });
  expect(ofKind(changes, "delete-item")).toEqual([{ kind: "delete-item", itemId: SEARCH }]);
  expect(ofKind(changes, "delete-pause")).toHaveLength(1);
});

test.each([
  ["the wait has ended", runState({ steps: [{ ...waiting, status: "completed", endedAt: NOW, position: 1, result: "{}" }] })],
  ["the run has ended", runState({ run: { status: "COMPLETED", endedAt: NOW }, steps: [waiting] })],
])("what was found counts for nothing where %s", (_, state) => {
  expect(decide(state, [{ pause: PAUSE, event: EVENT }]).changes).toEqual([{ kind: "delete-item", itemId: SEARCH }]);
});

describe("an event is used up", () => {
  test("for the run that it started", () => {
    expect(isUnused(runState({ run: { eventIds: [EVENT.id] } }), { item: search, event: EVENT })).toBe(false);
  });

  test("when it had ended a step before the wait began, also in the same millisecond", () => {
    expect(isUnused(runState({ steps: [endedBy(0), waiting] }), { item: search, event: EVENT })).toBe(false);
  });

  test("and not by a step beside the wait, which ended afterwards", () => {
    expect(isUnused(runState({ steps: [endedBy(1), waiting] }), { item: search, event: EVENT })).toBe(true);
  });
});
