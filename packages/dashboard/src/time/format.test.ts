import { expect, test } from "vitest";
import { countOf, formatAgo, formatBytes, formatDuration, formatShort } from "./format.ts";

test.each([
  [-5, "0 ms"],
  [0, "0 ms"],
  [0.42, "0.42 ms"],
  [7.25, "7.3 ms"],
  [812, "812 ms"],
  [999.7, "1 s"],
  [4_312, "4.31 s"],
  [59_900, "59.9 s"],
  [60_000, "1 min 00 s"],
  [125_000, "2 min 05 s"],
  [11_520_000, "3 h 12 min"],
  [187_200_000, "2 d 4 h"],
])("a duration of %d ms reads %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test("axis labels use one unit, or two where the rest matters", () => {
  expect([0, 250, 2_000, 90_000, 3_600_000].map(formatShort)).toEqual(["0 ms", "250 ms", "2 s", "1 min 30 s", "1 h"]);
});

test("past and future instants are told apart", () => {
  expect([formatAgo(88_000, 100_000), formatAgo(100_000, 100_200), formatAgo(280_000, 100_000)]).toEqual(["12 s ago", "now", "in 3 min"]);
});

test("sizes and counts carry their unit", () => {
  expect([formatBytes(312), formatBytes(4_100), formatBytes(2_600_000)]).toEqual(["312 B", "4.1 kB", "2.6 MB"]);
  expect([countOf(1, "run"), countOf(1_204, "run")]).toEqual(["1 run", "1,204 runs"]);
});
