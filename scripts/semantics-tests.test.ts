/** The table of rules and tests (docs/semantics-tests.md): no row is empty, and each test that it names exists. */
import { expect, test } from "vitest";
import { citingRows, documentText, existsCited, isCitation } from "./cited-tests.ts";

/** Sections of the semantics reference that the table is about. */
const SECTIONS: readonly string[] = [
  "1.1 1.2 1.3 1.4 1.5 1.6 1.7 1.8 1.9 1.10 1.11 1.12 2.1 2.2 2.3 2.4 2.5 2.6 3.1 3.2 3.3 3.4 4.1 4.2 4.3 4.4 4.5 4.6 4.7 4.8",
  "5.1 5.2 5.3 5.4 5.5 5.6 5.7 5.8 5.9 6.1 6.2 6.3 6.4 6.5 6.6 6.7 6.8 6.9 6.10 6.11 6.12 7.1 7.2 7.3 8.1 8.2",
  "9.1 9.2 9.3 9.4 9.5 9.6 10.1 10.2 10.3 11.1 11.2 11.3 11.4 11.5 11.6 11.7 11.8 11.9 11.10 11.11 11.12 12.1 12.2 12.3 12.4 12.5 12.6 13",
]
  .flatMap((line) => line.split(" "))
  // Complaints of users, by their numbers.
  .concat(Array.from({ length: 35 }, (_, index) => `14.${String(index + 1)}`));

const rows = citingRows(documentText("docs/semantics-tests.md"), /^\d/);

test("every section has rules, and every rule has a text and a test", () => {
  const known = new Set(rows.flatMap(({ key }) => key.split(", ")));
  expect(SECTIONS.filter((section) => !known.has(section))).toEqual([]);
  expect(rows.filter(({ rule }) => rule === "")).toEqual([]);
  for (const { rule, cited } of rows)
    expect(
      cited.filter((citation) => !isCitation(citation)),
      rule,
    ).toEqual([]);
});

test("no rule is told twice", () => {
  const keys = rows.map(({ key, rule }) => `${key} ${rule}`);
  expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
});

test("every cited file exists and has a test or a group of the cited title", () => {
  expect([...new Set(rows.flatMap(({ cited }) => cited))].filter((citation) => !existsCited(citation))).toEqual([]);
});
