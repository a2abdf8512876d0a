/**
 * The official clients, each in a folder of its own with its own lockfile, installed when first needed.
 *
 * They are no workspaces: `npm ci` in the root must not bring 300 packages that only black-box tests use.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const APPS = join(import.meta.dirname, "../../apps");

/** Clients that an app can be written with. `pawl` is ours. */
export const CLIENTS = ["pawl", "inngest-v4", "inngest-v3"] as const;
export type ClientName = (typeof CLIENTS)[number];

/** The folder of an official client, installed. Rejects with npm's output when that fails. */
export async function installClient(client: Exclude<ClientName, "pawl"> | "inngest-v4-encryption"): Promise<string> {
  const folder = join(APPS, client);
  const lockfile = createHash("sha256")
    .update(readFileSync(join(folder, "package-lock.json")))
    .digest("hex");
  const mark = join(folder, "node_modules/.installed");
  if (existsSync(mark) && readFileSync(mark, "utf8") === lockfile) return folder;
  const npm = spawn("npm", ["ci", "--ignore-scripts"], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  npm.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  npm.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(npm, "exit")) as [number | null];
  if (code !== 0) throw new Error(`Installing ${client} failed: npm ci ended with ${code} in ${folder}.\n${output}`);
  writeFileSync(mark, lockfile);
  return folder;
}
