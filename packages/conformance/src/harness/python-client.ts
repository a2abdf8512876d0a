/**
 * The official Python SDK in a virtual environment of its own, made when first needed.
 *
 * I1  What is installed is what `requirements.txt` pins, and nothing is compiled.
 * I2  A machine without a fitting Python is told by `findPython`, so that suites skip by name.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Program } from "./foreign-app-process.ts";

const FOLDER = join(import.meta.dirname, "../../apps/inngest-python");
const ENVIRONMENT = join(FOLDER, ".cache/environment");

/** The SDK needs 3.10; `venv` and `ensurepip` are packages of their own on some systems. */
const QUESTION = "import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (3, 10) else 1)";

/** The command of a Python that can run the SDK, or undefined where there is none. */
export function findPython(): string | undefined {
  return ["python3", "python"].find((command) => spawnSync(command, ["-c", QUESTION], { stdio: "ignore" }).status === 0);
}

/** The program of the Python app, installed. Throws with what was printed when that fails. */
export function installPython(python: string): Program {
  const requirements = join(FOLDER, "requirements.txt");
  const pinned = createHash("sha256").update(readFileSync(requirements)).digest("hex");
  const mark = join(ENVIRONMENT, ".installed");
  const own = join(ENVIRONMENT, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  if (!existsSync(mark) || readFileSync(mark, "utf8") !== pinned) {
    rmSync(ENVIRONMENT, { recursive: true, force: true });
    runOrThrow(python, ["-m", "venv", ENVIRONMENT]);
    runOrThrow(own, [
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "--no-deps",
      "--only-binary",
      ":all:",
      "-r",
      requirements,
    ]);
    writeFileSync(mark, pinned);
  }
  return { command: own, args: [join(FOLDER, "main.py")] };
}

function runOrThrow(command: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status === 0) return;
  throw new Error(`Installing the Python SDK failed: ${command} ${args.join(" ")} ended with ${status}.\n${stdout}${stderr}`, {
    cause: error,
  });
}
