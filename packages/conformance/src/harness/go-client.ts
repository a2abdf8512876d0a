/**
 * The app that is written with the official Go SDK, built when first needed; Go's own caches make it cheap afterwards.
 *
 * I1  What is built is what `go.mod` and `go.sum` pin, with the Go that the machine has: none is downloaded.
 * I2  A machine without a fitting Go is told by `findGo`, so that suites skip by name.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Program } from "./foreign-app-process.ts";

const FOLDER = join(import.meta.dirname, "../../apps/inngest-go");
const BINARY = join(FOLDER, ".cache/app");

/** The SDK needs this version of Go 1. */
const MINOR_MIN = 24;

/** Whether the machine has a Go that can build the app. */
export function findGo(): boolean {
  const { stdout } = spawnSync("go", ["version"], { encoding: "utf8", env: environment() });
  return Number(/go1\.(\d+)/.exec(stdout ?? "")?.[1] ?? 0) >= MINOR_MIN;
}

/** The program of the Go app, built. Throws with what was printed when that fails. */
export function installGo(): Program {
  const args = ["build", "-mod=readonly", "-buildvcs=false", "-o", BINARY, "."];
  const { status, stdout, stderr, error } = spawnSync("go", args, { cwd: FOLDER, encoding: "utf8", env: environment() });
  if (status !== 0)
    throw new Error(`Building the Go app failed: go ${args.join(" ")} ended with ${status}.\n${stdout}${stderr}`, { cause: error });
  return { command: BINARY, args: [] };
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, GOTOOLCHAIN: "local", GOWORK: "off" };
}
