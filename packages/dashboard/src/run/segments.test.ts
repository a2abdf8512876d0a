import fc from "fast-check";
import { expect, test } from "vitest";
import type { UiSpan } from "@pawl/protocol";
import { attempt, openRunRow, runDetail, runRow, span, T0 } from "../testing/fixtures.ts";
import { budgetOf } from "./budget.ts";
import { runInterval, segmentsOf, segmentsOfRun } from "./segments.ts";

const shape = (each: UiSpan, now = T0 + 10_000): readonly string[] =>
  segmentsOf(each, now).map((segment) => `${segment.kind} ${segment.from - T0}-${segment.to - T0}${segment.isOpen ? "…" : ""}`);

test("a step that waited in the queue and ran", () => {
  expect(shape(span({ startedAt: T0 + 200, attempts: [attempt({ startedAt: T0 + 200 })] }))).toEqual(["queue 0-200", "exec 200-1000"]);
});

test("a retried step shows the time between its attempts, and the queueing after it", () => {
  const first = attempt({ endedAt: T0 + 100, outcome: "failed", retryAt: T0 + 600 });
  const second = attempt({ attempt: 1, startedAt: T0 + 650, endedAt: T0 + 1_000 });
  expect(shape(span({ attempts: [first, second] }))).toEqual(["exec 0-100", "backoff 100-600", "queue 600-650", "exec 650-1000"]);
});

test("a step between attempts is open until now", () => {
  const { endedAt: _, ...open } = span({
    status: "retrying",
    attempts: [attempt({ endedAt: T0 + 100, outcome: "failed", retryAt: T0 + 60_000 })],
  });
  expect(shape(open)).toEqual(["exec 0-100", "backoff 100-10000…"]);
});

test("a call under way ends with the step when the run is cancelled", () => {
  const { endedAt: _, ...running } = attempt({ outcome: "running" });
  expect(shape(span({ status: "cancelled", attempts: [running] }))).toEqual(["exec 0-1000"]);
});

test("sleeps and waits are one segment, open while they last", () => {
  const { endedAt: _, ...open } = span({ kind: "sleep", status: "waiting", attempts: [] });
  expect(shape(open)).toEqual(["sleep 0-10000…"]);
  expect(shape(span({ kind: "wait-for-event", status: "timed_out", attempts: [] }))).toEqual(["wait 0-1000"]);
});

test("the function's own code rests while its steps are under way", () => {
  const calls = [attempt({ endedAt: T0 + 10 }), attempt({ startedAt: T0 + 900, endedAt: T0 + 1_000 })];
  expect(shape(span({ kind: "function", id: "function", attempts: calls }))).toEqual(["exec 0-10", "steps 10-900", "exec 900-1000"]);
});

test("a call that took no measurable time is drawn, and one that began before it was queued", () => {
  expect(shape(span({ startedAt: T0 + 30, endedAt: T0 + 30, attempts: [attempt({ startedAt: T0 + 30, endedAt: T0 + 30 })] }))).toEqual([
    "queue 0-30",
    "exec 30-30",
  ]);
  expect(shape(span({ startedAt: T0 - 6, endedAt: T0 - 2, attempts: [attempt({ startedAt: T0 - 6, endedAt: T0 - 2 })] }))).toEqual([
    "exec -6--2",
  ]);
});

test("a call recorded from the beginning to the end counts only where no step is under way", () => {
  const own = span({ id: "function", kind: "function", attempts: [attempt()] });
  const sleep = span({ kind: "sleep", attempts: [], queuedAt: T0 + 100, startedAt: T0 + 100, endedAt: T0 + 900 });
  const detail = runDetail({ run: runRow({ endedAt: T0 + 1_000 }), spans: [own, sleep] });
  expect(segmentsOfRun(detail, T0)[0]?.segments.map((each) => `${each.kind} ${each.from - T0}-${each.to - T0}`)).toEqual([
    "exec 0-100",
    "steps 100-900",
    "exec 900-1000",
  ]);
  expect(budgetOf(detail, T0)).toMatchObject({ exec: 200, sleep: 800 });
});

test("the function of a sleeping run isn't queued", () => {
  const { endedAt: _, ...own } = span({ id: "function", kind: "function", status: "running", startedAt: T0 + 20, attempts: [] });
  expect(shape(own)).toEqual(["queue 0-20", "steps 20-10000…"]);
});

const spans = fc.record({
  kind: fc.constantFrom("run", "sleep", "invoke", "function"),
  starts: fc.array(fc.nat(5_000), { maxLength: 5 }),
  isOver: fc.boolean(),
});

function arbitrarySpan({ kind, starts, isOver }: { kind: string; starts: readonly number[]; isOver: boolean }): UiSpan {
  const sorted = starts.toSorted((a, b) => a - b);
  const attempts = sorted.map((start, index) =>
    attempt({
      attempt: index,
      startedAt: T0 + start,
      endedAt: T0 + Math.min(start + 300, sorted[index + 1] ?? Infinity),
      outcome: "failed",
      retryAt: T0 + start + 400,
    }),
  );
  const { endedAt: _, ...open } = span({ kind: kind as UiSpan["kind"], attempts });
  return isOver ? { ...open, endedAt: Math.max(T0 + 1, ...attempts.map((each) => each.endedAt ?? T0)) } : open;
}

test("property: segments tile the span", () => {
  fc.assert(
    fc.property(spans, (input) => {
      const each = arbitrarySpan(input);
      const segments = segmentsOf(each, T0 + 20_000);
      let at = segments[0]?.from ?? 0;
      for (const segment of segments) {
        expect(segment.from).toBe(at);
        expect(segment.to).toBeGreaterThanOrEqual(segment.from);
        at = segment.to;
      }
      if (segments.length > 0) expect(at).toBe(each.endedAt ?? T0 + 20_000);
    }),
  );
});

test("property: the time budget adds up to the length of the run", () => {
  fc.assert(
    fc.property(fc.array(spans, { maxLength: 6 }), fc.boolean(), (inputs, isOver) => {
      const run = isOver ? runRow({ endedAt: T0 + 9_000 }) : openRunRow();
      const detail = runDetail({
        run,
        spans: inputs.map((input, index) => ({ ...arbitrarySpan(input), id: String(index) })),
      });
      const { from, to } = runInterval(detail, T0 + 20_000);
      const total = Object.values(budgetOf(detail, T0 + 20_000)).reduce((sum, ms) => sum + ms, 0);
      expect(total).toBeCloseTo(to - from, 3);
    }),
  );
});

test("work counts before waiting where steps overlap", () => {
  const waiting = span({ id: "w", kind: "wait-for-event", attempts: [], endedAt: T0 + 2_000 });
  expect(budgetOf(runDetail({ spans: [waiting, span()] }), T0 + 2_000)).toMatchObject({ exec: 1_000, wait: 1_000, other: 0 });
});
