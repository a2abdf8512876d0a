import { describe, expect, test } from "vitest";
import { type ExpressionEvent, valueAtPath } from "./index.ts";
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
});
