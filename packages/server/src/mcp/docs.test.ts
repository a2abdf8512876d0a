import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { docTools } from "./doc-tools.ts";
import { Docs, readDocs } from "./docs.ts";
import type { ToolEnvironment } from "./tool.ts";

const DOCS = new Docs([
  {
    path: "guides/limits.md",
    title: "Limits",
    lines: [
      "# Limits",
      "All of them.",
      "## Throttle",
      "A throttle spreads starts.",
      "```",
      "## no heading",
      "```",
      "## Concurrency",
      "Slots for steps.",
    ],
  },
  { path: "other.md", title: "Other", lines: ["# Other", "Something about a throttle and slots."] },
]);

test("documents that could not be read once are read by the next call", async () => {
  const answers = [Promise.reject(new Error("EMFILE")), Promise.resolve(DOCS)];
  const [search] = docTools(() => answers.shift() ?? Promise.reject(new Error("read a third time")));
  const run = (): unknown => search?.run({ query: "throttle" }, {} as ToolEnvironment);
  await expect(run()).rejects.toThrow("EMFILE");
  expect(await run()).toMatchObject({ matches: [{ heading: "Throttle" }, {}] });
  expect(await run()).toMatchObject({ matches: [{ heading: "Throttle" }, {}] });
});

test("a section whose heading has the word comes first, with its line", () => {
  const [first, second, ...rest] = DOCS.search("throttle", 5);
  expect(first).toMatchObject({ path: "guides/limits.md", heading: "Throttle", line: 3 });
  expect(first?.excerpt).toContain("spreads starts");
  expect(second).toMatchObject({ path: "other.md", line: 1 });
  expect(rest).toEqual([]);
});

test("a section with all words comes before those with some", () => {
  expect(DOCS.search("something slots throttle", 5)[0]).toMatchObject({ path: "other.md" });
});

test("what looks like a heading in code is none, and nothing is found for no words", () => {
  expect(DOCS.search("heading", 5)).toMatchObject([{ heading: "Throttle" }]);
  expect(DOCS.search("+++", 5)).toEqual([]);
  expect(DOCS.search("unheard-of", 5)).toEqual([]);
});

test("Markdown files of a folder and the folders in it are read, those about how Pawl is built are not", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pawl-docs-"));
  await mkdir(join(folder, "guides"));
  await mkdir(join(folder, "adr"));
  for (const [path, text] of [
    ["guides/a.md", "# A\ntext"],
    ["adr/0001.md", "# Decision"],
    ["b.md", "no title"],
    ["c.txt", "x"],
  ] as const)
    await writeFile(join(folder, path), text);
  const docs = await readDocs(folder);
  expect(docs.list()).toEqual([
    { path: "b.md", title: "b.md" },
    { path: "guides/a.md", title: "A" },
  ]);
  expect(docs.byPath("../b.md")).toBeUndefined();
  await rm(folder, { recursive: true });
});

test("the documentation of this repository is found", async () => {
  const docs = await readDocs();
  expect(docs.list().map(({ path }) => path)).toContain("guides/flow-control.md");
  expect(docs.search("throttle", 3).length).toBeGreaterThan(0);
});
