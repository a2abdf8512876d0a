import { describe, expect, test } from "vitest";
import { type ExpressionEvent, lookupKeys, PauseIndex, valueAtPath } from "./index.ts";
import { parsePath, pathText } from "./event-path.ts";

const event = (data: Record<string, unknown>): ExpressionEvent => ({ name: "x", id: "e1", ts: 5, data });

describe("canonical text of a value", () => {
  test.each([
    [{ v: "1" }, '"1"'],
    [{ v: 1 }, "1"],
    [{ v: -0 }, "0"],
    [{ v: 2.5 }, "2.5"],
    [{ v: 2 ** 63 }, "9223372036854775808"],
    [{ v: 1e300 }, "1e+300"],
    [{ v: true }, "true"],
    [{ v: "" }, '""'],
    [{ v: "\u0000\ud800" }, '"\\u0000\\ud800"'],
    [{ v: null }, undefined],
    [{ v: [1] }, undefined],
    [{ v: { a: 1 } }, undefined],
    [{}, undefined],
  ])("%j", (data, text) => expect(valueAtPath(event(data), "data.v")).toBe(text));

  test("long strings are cut and keep their ends and length", () => {
    const text = valueAtPath(event({ v: "a".repeat(5_000) + "z" }), "data.v") ?? "";
    expect(text).toBe(`"${"a".repeat(64)}"…"${"a".repeat(63)}z"#5001`);
    expect(valueAtPath(event({ v: "a".repeat(5_000) + "y" }), "data.v")).not.toBe(text);
  });
});

describe("paths", () => {
  test.each([["data.id"], ['data["a b"].c'], ["data.items[0].id"], ['data["\\"]"]'], ["ts"], ['["a-b"]']])(
    "%s reads back as it prints",
    (path) => {
      expect(pathText(parsePath(path) ?? [])).toBe(path);
    },
  );
  test("positions, odd names and the event's own fields are found", () => {
    const odd = event({ "a b": [{ c: "x" }] });
    expect(valueAtPath(odd, 'data["a b"][0].c')).toBe('"x"');
    expect(valueAtPath(odd, "ts")).toBe("5");
    expect(valueAtPath(odd, "data.constructor.name")).toBeUndefined();
    expect(valueAtPath(odd, "data..x")).toBeUndefined();
  });
  test("look-up keys name the paths at which the event has a scalar", () => {
    expect(lookupKeys(event({ id: "a", n: 1, list: [] }), ["data.id", "data.n", "data.list", "data.nope"])).toEqual([
      { path: "data.id", value: '"a"' },
      { path: "data.n", value: "1" },
    ]);
  });
});

describe("the index", () => {
  test("finds pauses by their key, and always those without one", () => {
    const index = new PauseIndex();
    index.add("a", { path: "data.id", value: '"1"' });
    index.add("b", { path: "data.id", value: "1" });
    index.add("c", { path: "data.n", value: "1" });
    index.add("d", undefined);
    expect([...index.candidates(event({ id: "1", n: 1 }))].sort()).toEqual(["a", "c", "d"]);
    expect([...index.candidates(event({ id: 1 }))].sort()).toEqual(["b", "d"]);
  });
  test("forgets what is removed and moves what is added again", () => {
    const index = new PauseIndex<number>();
    index.add(1, { path: "data.id", value: '"x"' });
    index.add(1, { path: "data.id", value: '"y"' });
    index.add(2, undefined);
    index.remove(2);
    index.remove(3);
    expect(index.size).toBe(1);
    expect([...index.candidates(event({ id: "x" }))]).toEqual([]);
    expect([...index.candidates(event({ id: "y" }))]).toEqual([1]);
    index.remove(1);
    expect([...index.candidates(event({ id: "y" }))]).toEqual([]);
  });
});
