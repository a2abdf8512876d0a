/**
 * The server as a process: the CLI, as users start it.
 *
 * I1  `start` means keys, signatures and SQLite with `synchronous=full`; what it acknowledged survives SIGKILL.
 * I2  A server started again on the same folder and port is the same server to its apps.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Child, freePort, within } from "./child.ts";
import { http } from "./http.ts";

const ROOT = join(import.meta.dirname, "../../../..");
const CLI_SOURCE = join(ROOT, "packages/cli/src/main.ts");
const CLI_BUILT = join(ROOT, "packages/cli/dist/main.js");

/** Keys of test servers. No secrets. */
export const EVENT_KEY = "test-event-key";
export const SIGNING_KEY = "00112233445566778899aabbccddeeff";

/** Interval of the attempts to connect while the server starts, in milliseconds; the resolution of the cold start that is measured. */
const CONNECT_MS = 4;

const HEALTHY_MS_MAX = 30_000;

export type ServerSetup = {
  /** Folder of the database. The same folder again is the same server. */
  readonly dir: string;
  /** Default: a free one. */
  readonly port?: number;
  /** `start` as in production, or `dev`: no keys, no signatures, nothing looked for. Default `start`. */
  readonly mode?: "start" | "dev";
  /** Constant delay of retries, whole seconds. Default: the protocol's table. */
  readonly retryIntervalS?: number;
  /** How long a shutdown waits for calls in progress, whole seconds. Default: the CLI's. */
  readonly drainTimeoutS?: number;
  /** TypeScript sources, or what users run. Default `source`. */
  readonly code?: "source" | "built";
  readonly nodeArgs?: readonly string[];
  /** More flags of the command. */
  readonly args?: readonly string[];
  /** More variables of the environment. */
  readonly env?: Readonly<Record<string, string>>;
};

export type ServerProcess = {
  readonly child: Child;
  readonly url: string;
  readonly port: number;
  readonly mode: "start" | "dev";
  /** Milliseconds from the start of the process to the first healthy answer. */
  readonly healthyMs: number;
};

/** Starts a server. Resolves when it answers on `/health`. */
export async function startServerProcess(setup: ServerSetup): Promise<ServerProcess> {
  const { mode = "start", nodeArgs = [], code = "source" } = setup;
  const port = setup.port ?? (await freePort());
  const main = code === "built" ? [CLI_BUILT] : ["--conditions=pawl-source", CLI_SOURCE];
  const startedAt = performance.now();
  const child = new Child(
    spawn(process.execPath, [...nodeArgs, ...main, ...argumentsOf({ ...setup, mode, port })], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...serverEnvironment(), ...setup.env },
    }),
  );
  const url = `http://127.0.0.1:${port}`;
  await within(untilHealthy(url, child), { ms: HEALTHY_MS_MAX, what: "waiting for the server to be healthy", child });
  return { child, url, port, mode, healthyMs: performance.now() - startedAt };
}

/** Whether the CLI has been built. */
export function isBuilt(): boolean {
  return existsSync(CLI_BUILT);
}

type Arguments = ServerSetup & { readonly mode: "start" | "dev"; readonly port: number };

function argumentsOf({ dir, port, mode, retryIntervalS, drainTimeoutS, args = [] }: Arguments): string[] {
  const common = ["--host", "127.0.0.1", "--port", String(port), ...args];
  if (retryIntervalS !== undefined) common.push("--retry-interval", String(retryIntervalS));
  if (drainTimeoutS !== undefined) common.push("--drain-timeout", String(drainTimeoutS));
  return mode === "start"
    ? ["start", ...common, "--sqlite-dir", dir, "--event-key", EVENT_KEY, "--signing-key", SIGNING_KEY]
    : ["dev", ...common, "--no-discovery", "--no-poll", "--db", join(dir, "dev.db")];
}

/** Nothing of the caller's own settings may reach the server. */
function serverEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PAWL|INNGEST|VITEST|NODE_OPTIONS)/.test(name));
  return { ...Object.fromEntries(kept), NO_COLOR: "1", NODE_ENV: "production" };
}

async function untilHealthy(url: string, child: Child): Promise<void> {
  while (child.exit === undefined) {
    try {
      if ((await http(`${url}/health`)).status === 200) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, CONNECT_MS));
  }
}
