/**
 * The official Python SDK in a virtual environment of its own, made when first needed.
 *
 * I1  What is installed is what `requirements.txt` pins, and nothing is compiled.
 * I2  What a machine lacks is told and not thrown, so that the suite skips by name.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Program } from "./foreign-app-process.ts";

const FOLDER = join(import.meta.dirname, "../../apps/inngest-python");
const ENVIRONMENT = join(FOLDER, ".cache/environment");

const OWN_PYTHON = join(ENVIRONMENT, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");

/** It takes five seconds; a machine without a network is not waited for. */
const INSTALL_MS_MAX = 60_000;

const PIP_OPTIONS = ["--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "10"];

/** The SDK needs 3.10; `venv` and `ensurepip` are packages of their own on some systems. */
const QUESTION = "import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (3, 10) else 1)";

/** The program of the Python app, installed; or what is missing, as a part of a sentence. */
export function pythonApp(): Program | { readonly missing: string } {
  const python = ["python3", "python"].find((command) => spawnSync(command, ["-c", QUESTION], { stdio: "ignore" }).status === 0);
  if (python === undefined) return { missing: "no Python 3.10 or newer with venv" };
  const failure = install(python);
  return failure === undefined ? { command: OWN_PYTHON, args: [join(FOLDER, "main.py")] } : { missing: failure };
}

/** Undefined, or why the packages can't be installed. */
function install(python: string): string | undefined {
  const requirements = join(FOLDER, "requirements.txt");
  const pinned = createHash("sha256").update(readFileSync(requirements)).digest("hex");
  const mark = join(ENVIRONMENT, ".installed");
  if (existsSync(mark) && readFileSync(mark, "utf8") === pinned) return undefined;
  rmSync(ENVIRONMENT, { recursive: true, force: true });
  const failure =
    lastLineOfFailure(python, ["-m", "venv", ENVIRONMENT]) ??
    lastLineOfFailure(OWN_PYTHON, ["-m", "pip", "install", ...PIP_OPTIONS, "--no-deps", "--only-binary", ":all:", "-r", requirements]);
  if (failure === undefined) writeFileSync(mark, pinned);
  return failure;
}

function lastLineOfFailure(command: string, args: readonly string[]): string | undefined {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8", timeout: INSTALL_MS_MAX });
  if (status === 0) return undefined;
  return `the SDK's packages can't be installed: ${(stderr ?? "").trim().split("\n").at(-1) ?? ""}`;
}
