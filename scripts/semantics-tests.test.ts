/** The table of rules and tests (docs/semantics-tests.md): no row is empty, and each test that it names exists. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const table = readFileSync(join(root, "docs/semantics-tests.md"), "utf8");

/** Sections of the semantics reference that the table is about. */
const SECTIONS: readonly string[] = [
  "1.1 1.2 1.3 1.4 1.5 1.6 1.7 1.8 1.9 1.10 1.11 1.12 2.1 2.2 2.3 2.4 2.5 2.6 3.1 3.2 3.3 3.4 4.1 4.2 4.3 4.4 4.5 4.6 4.7 4.8",
  "5.1 5.2 5.3 5.4 5.5 6.1 6.2 6.3 6.4 6.5 6.6 6.7 6.8 6.9 6.10 6.11 6.12 7.1 7.2 7.3 8.1 8.2 9.1 9.2 9.3 9.4 9.5 9.6",
  "10.1 10.2 10.3 12.2 13",
].flatMap((line) => line.split(" "));

type Row = { readonly section: string; readonly rule: string; readonly tests: readonly string[] };

const rows: readonly Row[] = table
  .split("\n")
  .filter((line) => /^\| \d/.test(line))
  .map((line) => {
    const [section = "", rule = "", tests = ""] = line.split("|").slice(1, -1);
    return { section: section.trim(), rule: rule.trim(), tests: tests.split("<br>").map((cited) => cited.trim()) };
  });

test("every section has rules, and every rule has a text and a test", () => {
  const known = new Set(rows.map(({ section }) => section));
  expect(SECTIONS.filter((section) => !known.has(section))).toEqual([]);
  for (const row of rows) {
    expect(row.rule, JSON.stringify(row)).not.toBe("");
    for (const cited of row.tests) expect(cited, row.rule).toMatch(/^\S+\.ts › \S/);
  }
});

test("no rule is told twice", () => {
  const keys = rows.map(({ section, rule }) => `${section} ${rule}`);
  expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
});

test("every cited file exists and has a test or a group of the cited title", () => {
  const missing = new Set(rows.flatMap(({ tests }) => tests).filter((cited) => !exists(cited)));
  expect([...missing]).toEqual([]);
});

const texts = new Map<string, string>();

function exists(cited: string): boolean {
  const at = cited.indexOf(" › ");
  const [file, title] = [cited.slice(0, at), cited.slice(at + 3)];
  const path = join(root, "packages", file);
  if (!existsSync(path)) return false;
  const text = texts.get(file) ?? readFileSync(path, "utf8");
  texts.set(file, text);
  return ['"', "'", "`"].some((quote) =>
    isCalledWith(text, `${quote}${title.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`)}${quote}`),
  );
}

/** Whether a literal is the first argument of a call, as titles are. */
function isCalledWith(text: string, literal: string): boolean {
  for (let at = text.indexOf(literal); at >= 0; at = text.indexOf(literal, at + 1)) {
    if (text.slice(0, at).trimEnd().endsWith("(") && /^\s*,/.test(text.slice(at + literal.length))) return true;
  }
  return false;
}
