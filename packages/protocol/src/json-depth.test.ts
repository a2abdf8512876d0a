import { expect, test } from "vitest";
import { isTooDeep, isTooDeepJson } from "./json-depth.ts";
import { JSON_DEPTH_MAX } from "./limits.ts";

const nested = (depth: number, open: string, close: string): string => `${open.repeat(depth)}0${close.repeat(depth)}`;

test.each([
  ["a scalar", 1, 0],
  ["null", null, 0],
  ["an empty list", [], 1],
  ["an object in a list", [{ a: 1 }], 2],
  ["the deepest of several", { a: [], b: [[[]]], c: null }, 4],
])("%s: a limit of its depth is kept, one less is not", (_what, value, depth) => {
  expect(isTooDeep(value, depth)).toBe(false);
  if (depth > 0) expect(isTooDeep(value, depth - 1)).toBe(true);
});

test.each([
  ["lists", "[", "]"],
  ["objects", '{"a":', "}"],
])("%s nested as deep as any text can be overflow no stack", (_what, open, close) => {
  for (const [depth, expected] of [
    [JSON_DEPTH_MAX, false],
    [JSON_DEPTH_MAX + 1, true],
    [200_000, true],
  ] as const) {
    const text = nested(depth, open, close);
    expect(isTooDeepJson(JSON.parse(text), text.length)).toBe(expected);
  }
});
