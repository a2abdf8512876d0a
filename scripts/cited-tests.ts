/**
 * Tables in documents whose rows cite tests.
 *
 * I1  A citation is `file › title`. Files are relative to `packages/`; the title is that of a test or a group, as it is written in the
 *     source, so one with `%` stands for all of its cases.
 * I2  A citation of a document (`docs/… › text`) stands where there is no test: the document says the text.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A row of such a table: what it is about, and what its last cell cites. */
export type CitingRow = { readonly key: string; readonly rule: string; readonly cited: readonly string[] };

const root = join(import.meta.dirname, "..");
const texts = new Map<string, string | undefined>();

/** Text of a document, relative to the repository. */
export function documentText(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** Rows of a document's tables whose first cell matches; the others, such as heads, are left out. */
export function citingRows(text: string, key: RegExp): readonly CitingRow[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("| ") && key.test(line.slice(2)))
    .map((line) => {
      const [first = "", rule = "", last = ""] = line.split("|").slice(1, -1);
      return { key: first.trim(), rule: rule.trim(), cited: last.split("<br>").map((cited) => cited.trim()) };
    });
}

/** Whether a text has the form of a citation (I1, I2). */
export function isCitation(text: string): boolean {
  return /^\S+\.(?:ts|tsx) › \S/.test(text) || isOfDocument(text);
}

/** Whether what is cited is there. */
export function existsCited(cited: string): boolean {
  const at = cited.indexOf(" › ");
  const [file, title] = [cited.slice(0, at), cited.slice(at + " › ".length)];
  const text = textOf(isOfDocument(cited) ? file : join("packages", file));
  if (text === undefined) return false;
  if (isOfDocument(cited)) return text.includes(title);
  return ['"', "'", "`"].some((quote) =>
    isCalledWith(text, `${quote}${title.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`)}${quote}`),
  );
}

function isOfDocument(cited: string): boolean {
  return /^docs\/\S+\.md › \S/.test(cited);
}

function textOf(path: string): string | undefined {
  if (!texts.has(path)) texts.set(path, existsSync(join(root, path)) ? documentText(path) : undefined);
  return texts.get(path);
}

/** Whether a literal is the first argument of a call, as titles are. */
function isCalledWith(text: string, literal: string): boolean {
  for (let at = text.indexOf(literal); at >= 0; at = text.indexOf(literal, at + 1)) {
    if (text.slice(0, at).trimEnd().endsWith("(") && /^\s*,/.test(text.slice(at + literal.length))) return true;
  }
  return false;
}
