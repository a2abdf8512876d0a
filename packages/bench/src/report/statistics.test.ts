import { expect, test } from "vitest";
import { median, percentile, rounded } from "./statistics.ts";

test("the median of an odd and an even number of samples", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

test("percentiles are samples, by nearest rank", () => {
  const samples = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect([percentile(samples, 0.5), percentile(samples, 0.95), percentile(samples, 0.99), percentile(samples, 1)]).toEqual([
    100, 190, 198, 200,
  ]);
});

test("no samples have no median", () => {
  expect(median([])).toBeNaN();
  expect(percentile([], 0.5)).toBeNaN();
});

test("four significant digits are kept", () => {
  expect([rounded(1_234.56), rounded(0.123456)]).toEqual([1_235, 0.1235]);
});
