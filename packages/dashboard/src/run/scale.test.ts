import fc from "fast-check";
import { expect, test } from "vitest";
import { buildScale } from "./scale.ts";
import type { Segment } from "./segments.ts";

const HOUR_MS = 3_600_000;
const segment = (kind: Segment["kind"], from: number, to: number): Segment => ({ kind, from, to, tone: "completed", isOpen: false });
const sleepy = [segment("exec", 0, 500), segment("sleep", 500, HOUR_MS), segment("exec", HOUR_MS, HOUR_MS + 500)];

test("an hour of sleep between half seconds of work is cut, and its length stays written", () => {
  const scale = buildScale({ from: 0, to: HOUR_MS + 500, segments: sleepy });
  expect(scale.cuts.map((cut) => cut.to - cut.from)).toEqual([HOUR_MS - 500]);
  expect(scale.place(500)).toBeCloseTo(0.46);
  expect(scale.ticks.some((tick) => tick.label.startsWith("+"))).toBe(true);
});

test("cutting can be switched off", () => {
  const scale = buildScale({ from: 0, to: HOUR_MS + 500, segments: sleepy, isFolded: false });
  expect(scale.cuts).toEqual([]);
  expect(scale.place(500)).toBeLessThan(0.001);
});

test("time with work is never cut", () => {
  const scale = buildScale({ from: 0, to: HOUR_MS, segments: [segment("exec", 0, HOUR_MS)], isFolded: true });
  expect(scale.cuts).toEqual([]);
});

const KINDS: readonly Segment["kind"][] = ["exec", "queue", "sleep", "backoff", "wait"];
const anySegment = fc.record({ kind: fc.constantFrom(...KINDS), from: fc.nat(HOUR_MS), length: fc.nat(60_000) });

test("property: places keep the order of time and stay on the axis; ticks don't overlap", () => {
  fc.assert(
    fc.property(
      fc.array(anySegment, { maxLength: 20 }),
      fc.array(fc.nat(HOUR_MS), { maxLength: 20 }),
      fc.boolean(),
      (input, instants, isFolded) => {
        const segments = input.map(({ kind, from, length }) => segment(kind, from, Math.min(HOUR_MS, from + length)));
        const scale = buildScale({ from: 0, to: HOUR_MS, segments, isFolded });
        const places = instants.toSorted((a, b) => a - b).map(scale.place);
        for (const [index, place] of places.entries()) {
          expect(place).toBeGreaterThanOrEqual((places[index - 1] ?? 0) - 1e-9);
          expect(place).toBeLessThanOrEqual(1 + 1e-9);
        }
        expect(scale.place(HOUR_MS)).toBeCloseTo(1, 6);
        for (const [index, tick] of scale.ticks.entries())
          expect(tick.place - (scale.ticks[index - 1]?.place ?? -1)).toBeGreaterThanOrEqual(0.089);
      },
    ),
  );
});
