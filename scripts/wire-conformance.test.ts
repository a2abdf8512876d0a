/** The table of the protocol's rules and tests (docs/wire-conformance.md): no rule is left out, and each test that it names exists. */
import { expect, test } from "vitest";
import { citingRows, documentText, existsCited, isCitation } from "./cited-tests.ts";

/** Numbers of the protocol's rules, first and last of each group. */
const GROUPS: readonly (readonly [first: number, last: number])[] = [
  [1, 15],
  [20, 34],
  [40, 53],
  [60, 78],
  [80, 90],
  [100, 107],
  [110, 119],
  [130, 140],
];

const NUMBERS: readonly string[] = GROUPS.flatMap(([first, last]) =>
  Array.from({ length: last - first + 1 }, (_, index) => `M-${String(first + index).padStart(3, "0")}`),
);

const text = documentText("docs/wire-conformance.md");
const rules = citingRows(text, /^M-/);
const departures = citingRows(text, /^(?:D\d|§)/);

test("every rule of the protocol has its row, in order", () => {
  expect(rules.map(({ key }) => key)).toEqual(NUMBERS);
});

test("every row says the rule, and cites tests or says why it is open", () => {
  for (const { key, rule, cited } of [...rules, ...departures]) {
    expect(rule, key).not.toBe("");
    expect(
      cited.filter((citation) => !isCitation(citation) && !/^open: \S/.test(citation)),
      key,
    ).toEqual([]);
  }
});

test("every cited file exists and has a test or a group of the cited title", () => {
  const cited = [...rules, ...departures].flatMap((row) => row.cited).filter(isCitation);
  expect([...new Set(cited)].filter((citation) => !existsCited(citation))).toEqual([]);
});
