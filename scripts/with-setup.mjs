/**
 * Runs a TypeScript script on the pinned Node version, installing the workspace first where that is needed.
 *
 * Works on any Node >= 20 with npm, on a fresh clone: `node scripts/with-setup.mjs scripts/test.ts [arguments]`.
 * The install is repeated only when package-lock.json is newer than the installed tree.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const pinnedNode = join(root, "node_modules", "node", "bin", "node");
const installedMarker = join(root, "node_modules", ".package-lock.json");

/** True when the installed tree is missing or older than the lockfile. */
function needsInstall() {
  if (!existsSync(pinnedNode) || !existsSync(installedMarker)) return true;
  return statSync(installedMarker).mtimeMs < statSync(join(root, "package-lock.json")).mtimeMs;
}

if (needsInstall()) {
  process.stderr.write("Installing the workspace (npm ci), once per lockfile ...\n");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const install = spawnSync(npm, ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: root, stdio: ["ignore", 2, 2] });
  if (install.status !== 0) process.exit(install.status ?? 1);
}

const [script, ...args] = process.argv.slice(2);
if (script === undefined) {
  process.stderr.write("usage: node scripts/with-setup.mjs <script.ts> [arguments]\n");
  process.exit(2);
}
const nodeArgs = ["--conditions=pawl-source", "--disable-warning=ExperimentalWarning", join(root, script), ...args];
const child = spawn(pinnedNode, nodeArgs, {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, PATH: `${dirname(pinnedNode)}:${process.env.PATH ?? ""}` },
});
// Ctrl+C reaches the script from the terminal itself; passed on as well it would count twice, and a second one means "at once".
const hasTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    if (signal !== "SIGINT" || !hasTerminal) child.kill(signal);
  });
}
// npm runs scripts in a shell, which dies of a SIGTERM to npm without passing it on: then nobody is left to end the script.
if (process.env.npm_lifecycle_event !== undefined && process.platform !== "win32") {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) child.kill("SIGTERM");
  }, 500).unref();
}
child.on("exit", (code, signal) => process.exit(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0)));
