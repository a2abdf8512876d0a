import { expect, test } from "vitest";
import { bodyOf, curlOf, dataProblem, nameProblem, pretty } from "./model.ts";

test.each([
  ["", undefined],
  ['{ "a": 1 }', undefined],
  ["[1]", "The data must be a JSON object"],
  ["null", "The data must be a JSON object"],
  ['{ "a": 1,\n  "b" 2 }', "Line 2, column 7: Expected “:” after the property name"],
])("the data %j has the problem %s", (data, problem) => {
  const found = dataProblem(data)?.message;
  if (problem === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(problem);
});

test("a name is needed, and the server's own names are refused", () => {
  expect(nameProblem(" ")).toContain("needs a name");
  expect(nameProblem("inngest/function.failed")).toContain("server's own");
  expect(nameProblem("shop/order.created")).toBeUndefined();
});

test("an empty id isn't sent, and empty data is an empty object", () => {
  expect(bodyOf({ name: " a ", data: " ", id: " " })).toEqual({ name: "a", data: {} });
  expect(bodyOf({ name: "a", data: '{"x":1}', id: "7" })).toEqual({ name: "a", data: { x: 1 }, id: "7" });
});

test("the command line survives quotes in the data", () => {
  expect(curlOf({ name: "a", data: `{"x":"it's"}`, id: "" }, "http://localhost:8288")).toBe(
    `curl -X POST http://localhost:8288/e/dev -H 'content-type: application/json' -d '{"name":"a","data":{"x":"it'\\''s"}}'`,
  );
});

test("formatting leaves what isn't JSON alone", () => {
  expect([pretty('{"a":1}'), pretty("{")]).toEqual(['{\n  "a": 1\n}', "{"]);
});
