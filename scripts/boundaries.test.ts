/** Who may import whom: the map of the house, checked against every import in the sources. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const packages = join(import.meta.dirname, "../packages");

/** Packages of ours that a package's sources may import; tests may import more. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  engine: ["@pawl/protocol"],
  store: ["@pawl/engine", "@pawl/protocol"],
  "store-memory": ["@pawl/store", "@pawl/engine", "@pawl/protocol"],
  "store-sqlite": ["@pawl/store", "@pawl/engine", "@pawl/protocol"],
  server: ["@pawl/store", "@pawl/engine", "@pawl/protocol"],
  sdk: ["@pawl/protocol"],
  cli: ["@pawl/server", "@pawl/store-sqlite", "@pawl/store", "@pawl/engine", "@pawl/protocol"],
  dashboard: ["@pawl/protocol"],
};

const IMPORT = /(?:from|import)\s*\(?\s*"(@pawl\/[\w-]+|pawl)(\/[^"]*)?"/g;
/** Comments, and texts that may show code. */
const NOT_CODE = /\/\*[\s\S]*?\*\/|`[^`]*`/g;
const OUTSIDE = /from\s*"(?:\.\.\/)+packages\//;

function sourcesOf(name: string): readonly string[] {
  const folder = join(packages, name, "src");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => /\.tsx?$/.test(file) && !/\.(?:test|prop\.test|test-d|bench|fixture)\.tsx?$/.test(file))
    .map((file) => join(folder, file));
}

test.each(Object.entries(MAY_IMPORT))("%s imports only %j", (name, allowed) => {
  const wrong: string[] = [];
  for (const file of sourcesOf(name)) {
    const text = readFileSync(file, "utf8").replaceAll(NOT_CODE, "");
    for (const match of text.matchAll(IMPORT))
      if (!allowed.includes(match[1] ?? "") && match[1] !== undefined) wrong.push(`${file}: ${match[1]}`);
    if (OUTSIDE.test(text)) wrong.push(`${file}: a path into another package`);
  }
  expect(wrong).toEqual([]);
});
