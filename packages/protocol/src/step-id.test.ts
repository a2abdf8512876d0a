import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { hashStepId, RUN_COMPLETE_ID } from "./step-id.ts";

test.each([
  ["load order", "99d929dc0509888f8f1186c01b397a2042a6b69c"],
  ["send", "37ed539c0cef13959abd980bebf30f4922f606e3"],
  ["send:1", "cb63a3b860469112f2bc09fa2cd898bda1438238"],
  ["complete", RUN_COMPLETE_ID],
  ["37ed539c0cef13959abd980bebf30f4922f606e3:abort", "c8caba5fd45e052ec206809699935f3bfe1656b7"],
  ["", "da39a3ee5e6b4b0d3255bfef95601890afd80709"],
])("the hash of %j is that of the protocol's test vectors", (id, hash) => {
  expect(hashStepId(id)).toBe(hash);
});

test("lengths around the block size are padded correctly", () => {
  for (let length = 0; length < 200; length++) expect(hashStepId("x".repeat(length))).toBe(reference("x".repeat(length)));
});

test("property: equals a library's SHA-1 of the UTF-8 form", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 150 }), (id) => hashStepId(id) === reference(id)));
});

test("a lone surrogate counts as the replacement character", () => {
  expect(hashStepId("a\ud800b")).toBe(reference("a\ud800b"));
});

function reference(text: string): string {
  return createHash("sha1").update(new TextEncoder().encode(text)).digest("hex");
}
