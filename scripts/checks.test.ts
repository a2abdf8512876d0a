import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { countsOf } from "./checks.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pawl-checks-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function report(numbers: {
  readonly passed?: number;
  readonly failed?: number;
  readonly skipped?: number;
  readonly todo?: number;
}): string {
  const { passed = 0, failed = 0, skipped = 0, todo = 0 } = numbers;
  const path = join(folder, "report.json");
  writeFileSync(path, JSON.stringify({ numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped, numTodoTests: todo }));
  return path;
}

test("a check without tests counts as one", () => {
  expect(countsOf({}, 0)).toEqual({ passed: 1, failed: 0, skipped: 0 });
  expect(countsOf({}, 2)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test("tests are counted one by one; what is still to be written is skipped", () => {
  const reportPath = report({ passed: 5, failed: 2, skipped: 1, todo: 1 });
  expect(countsOf({ reportPath }, 1)).toEqual({ passed: 5, failed: 2, skipped: 2 });
});

test("a failure outside of tests is a failure", () => {
  expect(countsOf({ reportPath: report({ passed: 5 }) }, 1)).toEqual({ passed: 5, failed: 1, skipped: 0 });
});

test.each([0, 1])("a run that wrote no report is a failure, also with exit code %d", (code) => {
  expect(countsOf({ reportPath: join(folder, "none.json") }, code)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});
