/** Builds the dashboard where its files are missing or older than its sources. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Builds if needed. Rejects when the build fails. */
export async function buildDashboard(root: string): Promise<void> {
  const folder = join(root, "packages/dashboard");
  const built = join(folder, "dist/index.html");
  const newest = Math.max(
    newestIn(join(folder, "src")),
    ...["index.html", "vite.config.ts", "package.json"].map((name) => statSync(join(folder, name)).mtimeMs),
  );
  if (existsSync(built) && statSync(built).mtimeMs >= newest) return;
  process.stderr.write("Building the dashboard, once ...\n");
  await run("npm", ["run", "--silent", "build", "-w", "packages/dashboard"], root);
}

/** Runs a command with its output shown. Rejects for another exit code than 0. */
export function run(command: string, args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", 2, 2], shell: process.platform === "win32" });
    child.once("error", reject);
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`${command} ${args.join(" ")} ended with code ${code}.`))));
  });
}

function newestIn(folder: string): number {
  return Math.max(
    0,
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );
}
