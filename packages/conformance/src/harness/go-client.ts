/**
 * The app that is written with the official Go SDK, built when first needed; Go's own caches make it cheap afterwards.
 *
 * I1  What is built is what `go.mod` and `go.sum` pin, with the Go that the machine has: none is downloaded.
 * I2  What a machine lacks is told and not thrown, so that the suite skips by name; an app that does not compile is an error.
 */
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { join } from "node:path";
import type { Program } from "./foreign-app-process.ts";

const FOLDER = join(import.meta.dirname, "../../apps/inngest-go");
const BINARY = join(FOLDER, ".cache/app");

/** The SDK needs this version of Go 1. */
const MINOR_MIN = 24;

/** The program of the Go app, built; or what is missing, as a part of a sentence. Throws with what was printed when it does not compile. */
export function goApp(): Program | { readonly missing: string } {
  const version = go(["version"]).stdout ?? "";
  if (Number(/go1\.(\d+)/.exec(version)?.[1] ?? 0) < MINOR_MIN) return { missing: `no Go 1.${MINOR_MIN} or newer` };
  const modules = go(["list", "-deps", "-mod=readonly", "."]);
  if (modules.status !== 0) return { missing: `the SDK's modules can't be had: ${modules.stderr.trim().split("\n").at(-1) ?? ""}` };
  const { status, stdout, stderr } = go(["build", "-mod=readonly", "-buildvcs=false", "-o", BINARY, "."]);
  if (status !== 0) throw new Error(`The Go app does not compile: go build ended with ${status}.\n${stdout}${stderr}`);
  return { command: BINARY, args: [] };
}

function go(args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync("go", args, { cwd: FOLDER, encoding: "utf8", env: environment() });
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, GOTOOLCHAIN: "local", GOWORK: "off" };
}
