import type { ItemRow, RunRow } from "@pawl/engine";
import { expect, test } from "vitest";
import type { ItemFact, RunFacts } from "./run-facts.ts";
import { positionOfRun } from "./run-phase.ts";

const NOW = 1_000_000;

function runRow(over: Partial<RunRow> = {}): RunRow {
  return {
    id: "01RUN",
    functionId: "fn",
    appId: "app",
    functionVersion: 1,
    status: "RUNNING",
    version: 1,
    requestVersion: 2,
    eventIds: ["01EVENT"],
    eventName: "a",
    queuedAt: NOW - 100,
    startedAt: NOW - 50,
    lane: "fn",
    score: NOW,
    stateBytes: 0,
    stepsDone: 0,
    stalls: 0,
    hasFannedOut: false,
    hasPauses: false,
    ...over,
  };
}

function item(over: Partial<ItemRow> = {}): ItemRow {
  return {
    id: "01RUN/a",
    runId: "01RUN",
    functionId: "fn",
    kind: "planned-step",
    dueAt: NOW,
    score: 0,
    lane: "fn",
    attempt: 0,
    attemptsMax: 5,
    ...over,
  };
}

function facts(items: readonly ItemFact[], run: Partial<RunRow> = {}): RunFacts {
  return { run: runRow(run), items, steps: [], attempts: [], now: NOW, seq: 1 };
}

const retrying: ItemFact = { item: item({ attempt: 1, dueAt: NOW + 30 }) };
const running: ItemFact = { item: item(), calledAt: NOW - 10 };
const held: ItemFact = { item: item(), hold: { key: "fn:fn", limit: 2 } };
const sleeping: ItemFact = { item: item({ kind: "sleep", dueAt: NOW + 60 }) };

test("of parallel branches the most urgent counts: retrying, running, held, waiting", () => {
  const inOrder = [retrying, running, held, sleeping];
  for (let count = 0; count < inOrder.length; count++) {
    const expected = ["retrying", "running", "held", "waiting"][count];
    expect(positionOfRun(facts(inOrder.slice(count).toReversed())).phase).toBe(expected);
  }
});

test("of several waits the one that ends first is told", () => {
  const later: ItemFact = { item: item({ kind: "sleep", dueAt: NOW + 90 }) };
  expect(positionOfRun(facts([later, sleeping])).reason).toMatchObject({ code: "sleeping", until: NOW + 60 });
});

test("a run whose event lies in the future is queued until then", () => {
  const start: ItemFact = { item: item({ kind: "start", dueAt: NOW + 5_000 }) };
  expect(positionOfRun(facts([start], { status: "QUEUED" }))).toMatchObject({
    phase: "queued",
    reason: { code: "start-delayed", until: NOW + 5_000 },
  });
});

test("a due item that no slot holds back waits for an executor", () => {
  const start: ItemFact = { item: item({ kind: "start" }) };
  expect(positionOfRun(facts([start], { status: "QUEUED" }))).toMatchObject({ phase: "queued", reason: { code: "waiting-for-worker" } });
});

test("the run's own time-out is no branch", () => {
  const timeout: ItemFact = { item: item({ kind: "run-timeout", dueAt: NOW + 9_000 }) };
  expect(positionOfRun(facts([timeout, running])).phase).toBe("running");
  expect(positionOfRun(facts([timeout])).reason).toBeUndefined();
});

test("an ended run has no reason, whatever items are left", () => {
  expect(positionOfRun(facts([held], { status: "CANCELLED", endedAt: NOW }))).toEqual({ phase: "cancelled" });
});

test("waits say what they wait for", () => {
  const step = { name: "s", queuedAt: NOW - 20, startedAt: NOW - 20 };
  const waiting = (kind: "wait-for-event" | "wait-for-signal" | "invoke", options: object) =>
    positionOfRun(
      facts([{ item: item({ kind: "pause-timeout", dueAt: NOW + 10 }), step: { ...step, kind, options: JSON.stringify(options) } }]),
    ).reason;
  expect(waiting("wait-for-event", { event: "shop/paid" })).toEqual({
    code: "waiting-for-event",
    text: "Waiting for the event shop/paid, or for the timeout.",
    since: NOW - 20,
    until: NOW + 10,
  });
  const several = { event: "a", events: ["a", { event: "b", if: "true" }] };
  expect(waiting("wait-for-event", several)?.text).toBe("Waiting for the first of the events a, b, or for the timeout.");
  expect(waiting("wait-for-signal", { signal: "go" })?.text).toBe("Waiting for the signal go, or for the timeout.");
  expect(waiting("invoke", {})).toMatchObject({ code: "waiting-for-invoke" });
});
