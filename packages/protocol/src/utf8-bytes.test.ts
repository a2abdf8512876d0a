import fc from "fast-check";
import { expect, test } from "vitest";
import { isOverBytes, utf8Bytes } from "./utf8-bytes.ts";

test.each([
  ["", 0],
  ["abc", 3],
  ["é", 2],
  ["€", 3],
  ["😀", 4],
  ["\ud83d", 3],
  ["\ude00\ud83d", 6],
  ["a\ud83db", 5],
])("%j has %i bytes", (text, bytes) => {
  expect(utf8Bytes(text)).toBe(bytes);
});

test("property: it counts as an encoder does, and a limit is met exactly", () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.oneof(
          fc.string({ unit: "binary" }),
          fc.integer({ min: 0, max: 0xff_ff }).map((n) => String.fromCharCode(n)),
        ),
      }),
      (text) => {
        const bytes = new TextEncoder().encode(text).byteLength;
        expect(utf8Bytes(text)).toBe(bytes);
        expect(isOverBytes(text, bytes)).toBe(false);
        if (bytes > 0) expect(isOverBytes(text, bytes - 1)).toBe(true);
      },
    ),
  );
});
