/**
 * The checks of the project: each is a program with an exit code, some count tests.
 *
 * I1  Every check is announced, and its failure is seen in the sum.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

export type Check = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Vitest's report, for checks that count tests. */
  readonly reportPath?: string;
  /** A file without which there is nothing to check yet; the check then counts as skipped. */
  readonly needs?: string;
};

export type Counts = { readonly passed: number; readonly failed: number; readonly skipped: number };

const root = join(import.meta.dirname, "..");
const reports = join(root, ".cache/reports");

const SIMULATOR = "packages/simulator/src/main.ts";

/** A vitest project, counted test by test. */
export function vitestCheck(project: string): Check {
  const reportPath = join(reports, `${project}.json`);
  const args = ["run", "--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${reportPath}`];
  return { name: `tests: ${project}`, command: "vitest", args, reportPath };
}

/** Checks that take seconds. */
export const QUICK_CHECKS: readonly Check[] = [
  { name: "types", command: "tsc", args: ["-b"] },
  { name: "types of the dashboard", command: "tsc", args: ["-p", "packages/dashboard", "--noEmit"] },
  { name: "types of the scripts", command: "tsc", args: ["-p", "scripts", "--noEmit"] },
  { name: "lint", command: "oxlint", args: ["--type-aware", "--quiet"] },
  { name: "format", command: "oxfmt", args: ["--check"] },
  vitestCheck("unit"),
];

/** Checks that start processes and take minutes. */
export const SLOW_CHECKS: readonly Check[] = [
  {
    name: "simulator, 300 seeds",
    command: "node",
    args: ["--conditions=pawl-source", SIMULATOR, "--seed", "1", "--runs", "300"],
    needs: SIMULATOR,
  },
  vitestCheck("end-to-end"),
];

/** Runs checks one after the other and counts: a check without tests of its own counts as one. */
export async function runChecks(checks: readonly Check[]): Promise<Counts> {
  mkdirSync(reports, { recursive: true });
  const all: Counts[] = [];
  const broken: string[] = [];
  for (const check of checks) {
    process.stdout.write(`\n== ${check.name}\n`);
    const startedAt = performance.now();
    const counts = await runCheck(check);
    all.push(counts);
    if (counts.failed > 0) broken.push(check.name);
    const verdict = counts.failed > 0 ? "FAILED" : counts.passed === 0 ? "skipped" : "ok";
    process.stdout.write(`== ${check.name}: ${verdict} (${((performance.now() - startedAt) / 1_000).toFixed(1)} s)\n`);
  }
  if (broken.length > 0) process.stdout.write(`\nFailed: ${broken.join(", ")}\n`);
  const sum = (pick: (counts: Counts) => number): number => all.reduce((total, counts) => total + pick(counts), 0);
  return { passed: sum(({ passed }) => passed), failed: sum(({ failed }) => failed), skipped: sum(({ skipped }) => skipped) };
}

async function runCheck(check: Check): Promise<Counts> {
  if (check.needs !== undefined && !existsSync(join(root, check.needs))) {
    process.stdout.write(`${check.needs} does not exist.\n`);
    return { passed: 0, failed: 0, skipped: 1 };
  }
  // A report of an earlier run must not be taken for one of this run.
  if (check.reportPath !== undefined) rmSync(check.reportPath, { force: true });
  return countsOf(check, await run(check));
}

/** Runs checks, prints the closing line and sets the exit code. */
export async function runAndSum(checks: readonly Check[]): Promise<void> {
  const { passed, failed, skipped } = await runChecks(checks);
  process.stdout.write(`\n${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

function run({ command, args }: Check): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(join(root, "node_modules/.bin", command), args, {
      cwd: root,
      stdio: ["ignore", 1, 2],
      env: { ...process.env, CI: "true" },
    });
    child.once("error", (error) => {
      process.stderr.write(`${command} can't be started: ${error.message}\n`);
      resolve(1);
    });
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

/** What Vitest's JSON report counts. */
type Report = {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
};

/** Counts of a check that ended with an exit code. */
export function countsOf({ reportPath }: Pick<Check, "reportPath">, code: number): Counts {
  if (reportPath === undefined || !existsSync(reportPath)) {
    const isPassed = code === 0 && reportPath === undefined;
    return { passed: isPassed ? 1 : 0, failed: isPassed ? 0 : 1, skipped: 0 };
  }
  const report = JSON.parse(readFileSync(reportPath, "utf8")) as Report;
  // A file that can't be loaded, or an error outside of tests, fails the check without a failed test.
  const failed = code !== 0 && report.numFailedTests === 0 ? 1 : report.numFailedTests;
  return { passed: report.numPassedTests, failed, skipped: report.numPendingTests + report.numTodoTests };
}
