import * as fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "./canonical-json.ts";

test("keys are sorted at every depth and white space is absent", () => {
  expect(canonicalJson({ b: 1, a: { d: [{ z: 1, y: 2 }], c: null } })).toBe('{"a":{"c":null,"d":[{"y":2,"z":1}]},"b":1}');
});

test("keys that look like integers are sorted as text", () => {
  expect(canonicalJson({ 9: "b", 10: "a", 1: "c" })).toBe('{"1":"c","10":"a","9":"b"}');
});

test("keys are compared by UTF-16 code units", () => {
  expect(canonicalJson({ "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7 })).toBe(
    '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
  );
});

test("numbers have ECMAScript's form", () => {
  expect(canonicalJson([333333333.3333333, 1e30, 4.5, 2e-3, 1e-27, -0, NaN])).toBe("[333333333.3333333,1e+30,4.5,0.002,1e-27,0,null]");
});

test("undefined, functions, toJSON and wrappers are treated as by JSON.stringify", () => {
  const value = {
    z: undefined,
    y: () => 1,
    x: [undefined],
    d: { toJSON: () => new String("date") },
    b: { toJSON: (key: string) => ({ b: key, a: 1 }) },
    a: new String("s"),
  };
  expect(canonicalJson(value)).toBe('{"a":"s","b":{"a":1,"b":"b"},"d":"date","x":[null]}');
  expect(canonicalJson(undefined)).toBe("null");
});

test("property: equals a naive model", () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => canonicalJson(value) === naive(value)));
});

test("property: parsing gives the value back, and the text is a fixed point", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      return canonicalJson(JSON.parse(text)) === text;
    }),
  );
});

function naive(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(naive).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${naive(item)}`).join(",")}}`;
}
