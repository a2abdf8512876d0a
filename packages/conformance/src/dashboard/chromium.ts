/** A real browser: Debian's Chromium. Installed with apt where that is possible; its path, or undefined where there is none. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const PATH = "/usr/bin/chromium";

/** Flags that keep it from talking to anything but the page. */
export const CHROMIUM_ARGS: readonly string[] = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Finds or installs the browser. */
export function findChromium(): string | undefined {
  if (existsSync(PATH)) return PATH;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || !existsSync("/usr/bin/apt-get")) return undefined;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  spawnSync("apt-get", ["update"], { stdio: "ignore", env });
  spawnSync("apt-get", ["install", "-y", "chromium"], { stdio: "ignore", env });
  return existsSync(PATH) ? PATH : undefined;
}
