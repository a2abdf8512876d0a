import { expect, test } from "vitest";
import { keepNewest } from "./keep-newest.ts";

test("what was added first is forgotten, of maps and of sets", () => {
  const map = new Map([1, 2, 3, 4].map((key) => [key, "x"]));
  keepNewest(map, 2);
  const set = new Set([1, 2]);
  keepNewest(set, 2);
  expect([[...map.keys()], [...set]]).toEqual([
    [3, 4],
    [1, 2],
  ]);
});
