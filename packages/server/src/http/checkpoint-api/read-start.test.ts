import { expect, test } from "vitest";
import { readStart } from "./read-start.ts";

const RUN_ID = "01K6000000000000000000SYNC";
const report = (data: Readonly<Record<string, unknown>>, over: Readonly<Record<string, unknown>> = {}) => ({
  run_id: RUN_ID,
  event: { name: "inngest/http.request", data: { domain: "https://shop.example/", path: "/quote", method: "post", ...data } },
  ...over,
});

test("an endpoint without a name is called by its method and path", () => {
  expect(readStart(report({}), "")).toMatchObject({ start: { slug: "POST /quote", url: "https://shop.example/quote" }, ops: [] });
  expect(readStart(report({ fn: "quote" }), "")).toMatchObject({ start: { slug: "quote" } });
});

test.each([
  ["inngest-js:v4.24.0", "bsOp", "bsOp"],
  ["go:v0.14.0", "bsOp", "né"],
])("%s: the body %s is %s", (sdk, body, expected) => {
  expect(readStart(report({ body }), sdk)).toMatchObject({ start: { event: { data: { body: expected } } } });
});

test.each([
  [undefined, 2],
  [0, 2],
  [1, 1],
  ["2", 2],
])("request version %j is %s", (version, expected) => {
  expect(readStart(report({}, { request_version: version }), "")).toMatchObject({ start: { requestVersion: expected } });
});

test.each([
  ["no object", []],
  ["no run id", report({}, { run_id: "1" })],
  ["no event", report({}, { event: undefined })],
  ["another scheme", report({ domain: "file:///etc" })],
  ["an unknown op", report({}, { steps: [{ op: "Dance", id: "a" }] })],
  ["a name that is too long", report({ fn: "x".repeat(513) })],
])("%s is a problem", (_what, body) => {
  expect(readStart(body, "")).toMatchObject({ problem: expect.any(String) });
});
