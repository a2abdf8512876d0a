import fc from "fast-check";
import { expect, test } from "vitest";
import { parseJson } from "./parse.ts";

function problemOf(text: string): { readonly line: number; readonly column: number; readonly message: string } {
  const parsed = parseJson(text);
  if (parsed.isValid) throw new Error("expected a problem");
  return parsed.problem;
}

test.each([
  ["", [1, 1], "Expected a value; the text ends here."],
  ['{\n  "a": 1,\n}', [3, 1], "Expected a property name in double quotes; found “}”."],
  ["{ a: 1 }", [1, 3], "Expected a property name in double quotes; found “a”."],
  ['{ "a" 1 }', [1, 7], "Expected “:” after the property name; found “1”."],
  ['{ "a": 1\n  "b": 2 }', [2, 3], 'Expected “,” or “}”; found “"”.'],
  ["[1 2]", [1, 4], "Expected “,” or “]”; found “2”."],
  ["{} x", [1, 4], "Expected the end of the text; found “x”."],
  ['{ "a": "open', [1, 13], "The string isn't closed; the text ends here."],
  ['"a\\q"', [1, 3], "Unknown escape in a string; found “\\”."],
  ["01", [1, 2], "Expected the end of the text; found “1”."],
])("%j fails at %j", (text, [line, column], message) => {
  expect(problemOf(text)).toMatchObject({ line, column, message });
});

test("a text that is nested too deeply is refused instead of exhausting the stack", () => {
  expect(problemOf("[".repeat(100_000)).message).toContain("Nested deeper than 512 levels");
});

test("property: every JSON text is accepted with JSON.parse's value", () => {
  fc.assert(
    fc.property(fc.json(), fc.integer({ min: 0, max: 4 }), (text, indent) => {
      const spaced = JSON.stringify(JSON.parse(text), null, indent);
      expect(parseJson(spaced)).toEqual({ isValid: true, value: JSON.parse(spaced) });
    }),
  );
});

test("property: accepted exactly when JSON.parse accepts", () => {
  const pieces = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"a"',
    '"',
    "1",
    "-",
    "0",
    ".5",
    "e1",
    "true",
    "null",
    " ",
    "\n",
    "\\u00",
    "tru",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
      const text = parts.join("");
      let isValid = true;
      try {
        JSON.parse(text);
      } catch {
        isValid = false;
      }
      expect(parseJson(text).isValid).toBe(isValid);
    }),
    { numRuns: 2_000 },
  );
});
