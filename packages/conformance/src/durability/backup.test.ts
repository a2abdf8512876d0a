/** A backup that is made while runs work and events come in: a server that starts with it completes the runs. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UiRunRow } from "@pawl/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type AppProcess, startAppProcess } from "../harness/app-process.ts";
import { freePort } from "../harness/child.ts";
import { sendEvents } from "../harness/send-events.ts";
import { type ServerProcess, SIGNING_KEY, startServerProcess } from "../harness/server-process.ts";
import { Watch } from "../harness/watch.ts";

const LONG_RUNS = 40;

let dir: string;
let port: number;
let server: ServerProcess;
let app: AppProcess;
let watch: Watch | undefined;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "pawl-backup-"));
  port = await freePort();
  server = await startServerProcess({ dir, port, retryIntervalS: 1, drainTimeoutS: 1 });
  app = await startAppProcess({ client: "pawl", server, functions: join(import.meta.dirname, "functions.ts") });
});

afterEach(async () => {
  watch?.close();
  await Promise.all([app?.child.stop(), server?.child.stop()]);
  rmSync(dir, { recursive: true, force: true });
});

async function backup(): Promise<Uint8Array> {
  const response = await fetch(`${server.url}/ui/v1/backup`, { method: "POST", headers: { authorization: `Bearer ${SIGNING_KEY}` } });
  expect(response.status).toBe(200);
  return new Uint8Array(await response.arrayBuffer());
}

/** Sends batches until told to stop; resolves with how many events were acknowledged. */
async function load(isOver: () => boolean): Promise<number> {
  let sent = 0;
  while (!isOver()) {
    const batch = Array.from({ length: 50 }, (_, n) => ({ name: "durable/short", data: { key: `load-${sent + n}` } }));
    sent += (await sendEvents(server, batch)).length;
  }
  return sent;
}

const isLong = ({ functionSlug }: UiRunRow): boolean => functionSlug === "durable-long";

test("a backup under load: a server that is started with it completes every run that was there", async () => {
  const keys = Array.from({ length: LONG_RUNS }, (_, n) => `key-${n}`);
  await sendEvents(
    server,
    keys.map((key) => ({ name: "durable/long", data: { key } })),
  );
  await app.count("waiting for first steps", { count: LONG_RUNS / 2, matches: (report) => report["step"] === "first" });
  let isMade = false;
  const loading = load(() => isMade);
  const bytes = await backup().finally(() => (isMade = true));
  expect(await loading).toBeGreaterThan(0);
  await server.child.kill();

  const restored = join(dir, "restored");
  mkdirSync(restored);
  writeFileSync(join(restored, "pawl.db"), bytes);
  server = await startServerProcess({ dir: restored, port, retryIntervalS: 1, drainTimeoutS: 1 });
  watch = await Watch.open(server);
  const longRuns = (runs: ReadonlyMap<string, UiRunRow>): readonly UiRunRow[] => [...runs.values()].filter(isLong);
  await watch.until(
    "waiting for all to wait",
    (runs) => longRuns(runs).filter(({ phase, stepsDone }) => phase === "waiting" && stepsDone >= 3).length === LONG_RUNS,
  );
  await sendEvents(
    server,
    keys.map((key, n) => ({ name: "durable/answer", data: { key, n } })),
  );
  await watch.until(
    "waiting for all to complete",
    (runs) => [...runs.values()].every(({ phase }) => phase === "completed") && runs.size >= LONG_RUNS,
  );
  expect(longRuns(watch.runs)).toHaveLength(LONG_RUNS);
});
