/**
 * A server and an app, each in a process of its own, on a new database.
 *
 * I1  The third process, the bench itself, only sends events and waits.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClientName, startAppProcess, startServerProcess } from "@pawl/conformance";
import type { Options } from "./options.ts";
import type { World } from "./scenario/scenario.ts";

export type WorldSetup = Pick<Options, "mode" | "code"> & {
  readonly client: ClientName;
  /** Folder for CPU profiles. Default: none are taken. */
  readonly profileDir?: string;
};

/** Does something in a new world, and ends it. */
export async function inWorld<T>({ client, mode, code, profileDir }: WorldSetup, work: (world: World) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), "pawl-bench-"));
  const profiling = (name: string): { readonly nodeArgs?: readonly string[] } =>
    profileDir === undefined ? {} : { nodeArgs: ["--cpu-prof", `--cpu-prof-dir=${profileDir}`, `--cpu-prof-name=${name}.cpuprofile`] };
  const server = await startServerProcess({ dir, mode, code, ...profiling("server") });
  try {
    const app = await startAppProcess({
      client,
      server,
      functions: join(import.meta.dirname, "app/functions.ts"),
      isBuilt: code === "built",
      ...profiling("app"),
    });
    try {
      return await work({ server, app });
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : String(error)}\nThe server printed:\n${server.child.output}`, {
        cause: error,
      });
    } finally {
      await app.child.stop();
    }
  } finally {
    await server.child.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
