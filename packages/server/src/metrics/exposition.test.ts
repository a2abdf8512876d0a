import { expect, test } from "vitest";
import fc from "fast-check";
import { exposition } from "./exposition.ts";
import { Histogram } from "./histogram.ts";

test("families have a head and a line for each sample; those without samples are left out", () => {
  const text = exposition([
    { name: "a_total", help: "How many.", type: "counter", samples: [{ value: 3 }, { value: 1.5, labels: { kind: "x", other: "y" } }] },
    { name: "b", help: "Nothing.", type: "gauge", samples: [] },
  ]);
  expect(text).toBe('# HELP a_total How many.\n# TYPE a_total counter\na_total 3\na_total{kind="x",other="y"} 1.5\n');
});

test("quotes, backslashes and line ends in labels are escaped", () => {
  const text = exposition([{ name: "a", help: "h\\\ni", type: "gauge", samples: [{ value: Infinity, labels: { name: 'q"\\\n' } }] }]);
  expect(text).toBe('# HELP a h\\\\\\ni\n# TYPE a gauge\na{name="q\\"\\\\\\n"} +Inf\n');
});

test("a value that equals a bound is counted below it", () => {
  const histogram = new Histogram([1, 5]);
  for (const value of [0.5, 1, 5, 5.1]) histogram.observe(value);
  expect(histogram.samples({ f: "x" })).toEqual([
    { suffix: "_bucket", labels: { f: "x", le: "1" }, value: 2 },
    { suffix: "_bucket", labels: { f: "x", le: "5" }, value: 3 },
    { suffix: "_bucket", labels: { f: "x", le: "+Inf" }, value: 4 },
    { suffix: "_sum", labels: { f: "x" }, value: 11.6 },
    { suffix: "_count", labels: { f: "x" }, value: 4 },
  ]);
});

test("property: buckets are cumulative counts of the values at or below their bound", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (values) => {
      const bounds = [2, 7, 11];
      const histogram = new Histogram(bounds);
      for (const value of values) histogram.observe(value);
      const samples = histogram.samples();
      const expected = [...bounds, Infinity].map((bound) => values.filter((value) => value <= bound).length);
      return samples.slice(0, 4).every(({ value }, index) => value === expected[index]);
    }),
  );
});
