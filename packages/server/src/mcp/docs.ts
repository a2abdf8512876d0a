/**
 * The documentation that comes with the server, searched by words.
 *
 * I1  Only what was found in the folder is read: a path is looked up, never opened.
 *
 * In the workspace it is `docs/`, in the published package the copy that the build makes.
 */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** About how Pawl is built, not how it is used. */
const INTERNAL = /^(?:adr\/|semantics-tests\.md|dependencies\.md|wire-conformance\.md)/;

const EXCERPT_LINES = 12;
const EXCERPT_CHARS_MAX = 1_200;

/** What a word counts where it stands. */
const IN_HEADING = 8;
const IN_PATH = 4;
const IN_TEXT_MAX = 3;

export type Document = { readonly path: string; readonly title: string; readonly lines: readonly string[] };

/** A part of a document from one heading to the next. `line`: of the heading, from 1. */
type Section = { readonly path: string; readonly heading: string; readonly line: number; readonly text: string };

export type DocMatch = { readonly path: string; readonly heading: string; readonly line: number; readonly excerpt: string };

export class Docs {
  readonly #documents: ReadonlyMap<string, Document>;
  readonly #sections: readonly Section[];

  constructor(documents: readonly Document[]) {
    this.#documents = new Map(documents.map((document) => [document.path, document]));
    this.#sections = documents.flatMap(sectionsOf);
  }

  /** Every document. */
  list(): readonly { readonly path: string; readonly title: string }[] {
    return [...this.#documents.values()].map(({ path, title }) => ({ path, title }));
  }

  byPath(path: string): Document | undefined {
    return this.#documents.get(path);
  }

  /** Parts that are searched. */
  get sectionCount(): number {
    return this.#sections.length;
  }

  /** The first lines that have a text, in any case. Lines count from 1. */
  linesWith(text: string, limit: number): readonly { readonly file: string; readonly line: number; readonly content: string }[] {
    const wanted = text.toLowerCase();
    const found: { readonly file: string; readonly line: number; readonly content: string }[] = [];
    for (const { path, lines } of this.#documents.values()) {
      for (const [index, content] of lines.entries()) {
        if (found.length >= limit) return found;
        if (content.toLowerCase().includes(wanted)) found.push({ file: path, line: index + 1, content });
      }
    }
    return found;
  }

  /** Sections with the words of a query, the best first. Sections with all words come before those with some. */
  search(query: string, limit: number): readonly DocMatch[] {
    const words = [...new Set(query.toLowerCase().match(/[\p{L}\p{N}_.-]+/gu) ?? [])];
    return this.#sections
      .map((section) => ({ section, score: scoreOf(section, words) }))
      .filter(({ score }) => score > 0)
      .toSorted((a, b) => b.score - a.score)
      .slice(0, limit)
      .map(({ section: { path, heading, line, text } }) => ({ path, heading, line, excerpt: excerptOf(text, words) }));
  }
}

/** Reads a folder of Markdown files; without one there are no documents. */
export async function readDocs(folder: string | undefined = docsFolder()): Promise<Docs> {
  if (folder === undefined) return new Docs([]);
  const names = (await readdir(folder, { recursive: true })).map((name) => name.replaceAll("\\", "/"));
  const paths = names.filter((name) => name.endsWith(".md") && !INTERNAL.test(name)).toSorted();
  return new Docs(
    await Promise.all(
      paths.map(async (path) => {
        const lines = (await readFile(`${folder}/${path}`, "utf8")).split("\n");
        return { path, lines, title: lines.find((line) => line.startsWith("# "))?.slice(2) ?? path };
      }),
    ),
  );
}

function docsFolder(): string | undefined {
  const candidates = ["../docs", "../../../../docs"].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  return candidates.find((folder) => existsSync(folder));
}

function sectionsOf({ path, title, lines }: Document): readonly Section[] {
  const sections: Section[] = [];
  let heading = title;
  let start = 0;
  let isCode = false;
  const close = (end: number): void => {
    const text = lines.slice(start, end).join("\n").trim();
    if (text !== "") sections.push({ path, heading, line: start + 1, text });
    start = end;
  };
  for (const [index, line] of lines.entries()) {
    if (line.startsWith("```")) isCode = !isCode;
    const found = isCode ? null : /^#{1,4} (.+)$/.exec(line);
    if (found === null) continue;
    close(index);
    heading = found[1] ?? title;
  }
  close(lines.length);
  return sections;
}

function scoreOf({ path, heading, text }: Section, words: readonly string[]): number {
  const [lowerPath, lowerHeading, lowerText] = [path, heading, text].map((each) => each.toLowerCase()) as [string, string, string];
  let score = 0;
  let found = 0;
  for (const word of words) {
    const inText = Math.min(lowerText.split(word).length - 1, IN_TEXT_MAX);
    const own = inText + (lowerHeading.includes(word) ? IN_HEADING : 0) + (lowerPath.includes(word) ? IN_PATH : 0);
    score += own;
    if (own > 0) found += 1;
  }
  return score * (words.length === 0 ? 0 : (found / words.length) ** 2);
}

/** Lines around the first that has a word. */
function excerptOf(text: string, words: readonly string[]): string {
  const lines = text.split("\n");
  const first = lines.findIndex((line, index) => index > 0 && words.some((word) => line.toLowerCase().includes(word)));
  const from = Math.max(0, first - 2);
  return lines
    .slice(from, from + EXCERPT_LINES)
    .join("\n")
    .slice(0, EXCERPT_CHARS_MAX);
}
