/** A server with nothing to do does nothing, however many runs sleep and wait. The one test here that watches a clock: CPU time per time. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AppProcess, startAppProcess } from "../harness/app-process.ts";
import { sendEvents } from "../harness/send-events.ts";
import { type ServerProcess, startServerProcess } from "../harness/server-process.ts";

const RUNS = 200;
const WINDOW_MS = 1_000;
const WINDOWS = 4;

/** Linux counts CPU time in steps of 10 ms. */
const CPU_MS_MAX = 10;
const TRIES = 20;

let dir: string;
let server: ServerProcess;
let app: AppProcess;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "pawl-idle-"));
  server = await startServerProcess({ dir });
  app = await startAppProcess({ client: "pawl", server, functions: join(import.meta.dirname, "../steps/functions.ts") });
});

afterAll(async () => {
  await Promise.all([app?.child.stop(), server?.child.stop()]);
  rmSync(dir, { recursive: true, force: true });
});

test(`${RUNS} runs sleep or wait: for ${WINDOWS} seconds the server uses at most ${CPU_MS_MAX} ms of CPU`, async () => {
  const names = ["test/sleeper", "test/wait"];
  await sendEvents(
    server,
    Array.from({ length: RUNS }, (_, n) => ({ name: names[n % names.length] ?? "", data: { key: `idle-${n}` } })),
  );
  const used: number[] = [];
  const latest = (): number => used.slice(-WINDOWS).reduce((sum, ms) => sum + ms, 0);
  for (let before = server.child.cpuMs(); used.length < TRIES && (used.length < WINDOWS || latest() > CPU_MS_MAX);) {
    await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
    const now = server.child.cpuMs();
    used.push(now - before);
    before = now;
  }
  expect(latest(), `CPU by second: ${used.join(", ")} ms`).toBeLessThanOrEqual(CPU_MS_MAX);
});
