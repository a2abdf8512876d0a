import { expect, test } from "vitest";
import { CHILDREN_MAX, flattenJson, initialTree } from "./tree.ts";

const order = { id: "o_1", "odd name": 1, items: [{ sku: "a" }, { sku: "b" }] };

test("small values are open at first, with paths that JavaScript understands", () => {
  const lines = flattenJson(order, initialTree(order));
  expect(lines.map((line) => line.path)).toEqual([
    "",
    "id",
    '["odd name"]',
    "items",
    "items[0]",
    "items[0].sku",
    "items[1]",
    "items[1].sku",
  ]);
});

test("a folded container is one line with a summary", () => {
  const lines = flattenJson(order, { open: new Set([""]), shown: new Map() });
  expect(lines.at(-1)).toMatchObject({ path: "items", kind: "array", text: "[ 2 ]", isOpen: false });
});

test("a long list shows its first children and the count of the rest", () => {
  const list = Array.from({ length: 250 }, (_, index) => index);
  const first = flattenJson(list, { open: new Set([""]), shown: new Map() });
  expect(first).toHaveLength(CHILDREN_MAX + 2);
  expect(first.at(-1)).toMatchObject({ kind: "more", text: "150" });
  expect(flattenJson(list, { open: new Set([""]), shown: new Map([["", 250]]) })).toHaveLength(251);
});

test("a large value opens its root only", () => {
  const wide = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`k${index}`, { a: 1, b: 2 }]));
  expect(initialTree(wide).open).toEqual(new Set([""]));
});
