import { expect, test } from "vitest";
import { featuresOf } from "./features.ts";

test.each([
  ["a=true,b=false", { a: true, b: false }],
  [" a = TRUE , b,=true,c=1", { a: true }],
  ["", {}],
])("%j", (text, features) => {
  expect(featuresOf({ INNGEST_FEATURE_FLAGS: text })).toEqual(features);
});

test("ours come first", () => {
  expect(featuresOf({ PAWL_FEATURE_FLAGS: "a=true", INNGEST_FEATURE_FLAGS: "b=true" })).toEqual({ a: true });
});
