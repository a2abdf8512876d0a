import { expect, test } from "vitest";
import { span } from "../testing/fixtures.ts";
import { argumentsText, canRerunFrom, readArguments, takesArguments } from "./rerun-from.ts";

test("every step can be run again from, and those that run code take arguments", () => {
  expect([canRerunFrom(span()), canRerunFrom(span({ kind: "sleep" })), canRerunFrom(span({ kind: "function" }))]).toEqual([
    true,
    true,
    false,
  ]);
  expect([takesArguments(span()), takesArguments(span({ kind: "invoke" }))]).toEqual([true, false]);
});

test("the arguments to begin with are the step's, as an array", () => {
  expect(argumentsText({ input: "[1]" })).toBe("[\n  1\n]");
  expect(argumentsText({ input: '{"a":1}' })).toBe('[\n  {\n    "a": 1\n  }\n]');
  expect(argumentsText({})).toBe("");
});

test.each([
  ["[1]", { kind: "unchanged" }],
  [" ", { kind: "unchanged" }],
  ["[2]", { kind: "changed", input: [2] }],
  ["[]", { kind: "changed", input: [] }],
  ["2", { kind: "wrong", problem: expect.stringContaining("JSON array") }],
  ["[1", { kind: "wrong", problem: expect.stringContaining("Line 1, column 3") }],
])("of %j typed in place of [1]: %j", (typed, read) => {
  expect(readArguments(typed, "[1]")).toEqual(read);
});
