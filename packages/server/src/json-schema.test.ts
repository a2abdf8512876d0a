import { expect, test } from "vitest";
import { problemOf, type Schema } from "./json-schema.ts";

const schema: Schema = {
  type: "object",
  additionalProperties: false,
  required: ["name"],
  properties: {
    name: { type: "string", minLength: 1, maxLength: 5 },
    count: { type: "integer", minimum: 0, maximum: 9 },
    ratio: { type: "number" },
    isOn: { type: "boolean" },
    kind: { enum: ["a", "b"] },
    list: { type: "array", items: { type: "integer" }, maxItems: 2 },
    free: { type: "object", additionalProperties: { type: "string" } },
    ref: { $ref: "#/x" },
    either: { oneOf: [{ type: "string" }, { type: "integer" }] },
  },
};
const refs = { "#/x": { type: "boolean" } } as const;

test.each([
  [{ name: "x", count: 3, ratio: 0.5, isOn: false, kind: "b", list: [1, 2], free: { a: "b" }, ref: true, either: 1 }, undefined],
  [{ name: "x", count: undefined }, undefined],
  [[], "the value must be an object, got []"],
  [null, "the value must be an object, got null"],
  [{}, "name is required"],
  [{ name: "" }, "name must have 1 to 5 characters"],
  [{ name: 1 }, "name must be a text, got 1"],
  [{ name: "x", count: 1.5 }, "count must be a whole number, got 1.5"],
  [{ name: "x", count: 10 }, "count must be from 0 to 9, got 10"],
  [{ name: "x", ratio: "1" }, 'ratio must be a number, got "1"'],
  [{ name: "x", isOn: 1 }, "isOn must be true or false, got 1"],
  [{ name: "x", kind: "c" }, 'kind must be one of a, b, got "c"'],
  [{ name: "x", list: [1, "2"] }, 'list.1 must be a whole number, got "2"'],
  [{ name: "x", list: [1, 2, 3] }, "list must have 0 to 2 elements"],
  [{ name: "x", free: { a: 1 } }, "free.a must be a text, got 1"],
  [{ name: "x", ref: 1 }, "ref must be true or false, got 1"],
  [{ name: "x", either: true }, "either must be one of 2 forms"],
  [{ name: "x", toString: 1 }, "toString is not known; known are name, count, ratio, isOn, kind, list, free, ref, either"],
])("%j: %j", (value, problem) => {
  expect(problemOf(value, schema, refs)).toBe(problem);
});
