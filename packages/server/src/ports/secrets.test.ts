import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSecrets } from "./secrets.ts";

let dir: string;
let path: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "pawl-secrets-"));
  path = join(dir, "secrets.json");
});
afterEach(() => rmSync(dir, { recursive: true }));

test("a secret stays the same, and names have secrets of their own", () => {
  const load = openSecrets();
  expect(load("a")).toEqual(load("a"));
  expect(load("a")).not.toEqual(load("b"));
  expect(load("a")).toHaveLength(32);
  expect(openSecrets()("a")).not.toEqual(load("a"));
});

test("a file keeps secrets for the next process, for its owner only", () => {
  const first = openSecrets(path);
  const secrets = [first("a"), first("b")];
  const second = openSecrets(path);
  expect([second("a"), second("b")]).toEqual(secrets);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test.each(["", "[]", "{", '{"a":1}', '{"a":"c2hvcnQ"}'])("a file with %j is refused and left alone", (text) => {
  writeFileSync(path, text);
  expect(() => openSecrets(path)).toThrow(/can't be read/);
  expect(readFileSync(path, "utf8")).toBe(text);
});
