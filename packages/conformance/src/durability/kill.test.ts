/**
 * SIGKILL at bad moments: nothing that was acknowledged is lost, no result is stored twice.
 *
 * Bodies run at least once; of each step, one body's result is kept, whatever the number of bodies.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UiRunDetail, UiRunRow } from "@pawl/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type AppProcess, startAppProcess } from "../harness/app-process.ts";
import { freePort } from "../harness/child.ts";
import type { ClientName } from "../harness/client-folder.ts";
import { sendEvents } from "../harness/send-events.ts";
import { type ServerProcess, startServerProcess } from "../harness/server-process.ts";
import { Watch } from "../harness/watch.ts";

const FUNCTIONS = join(import.meta.dirname, "functions.ts");
const SHORT_RUNS = 500;
const LONG_RUNS = 60;

type Variant = { readonly client: ClientName; readonly checkpointing: boolean; readonly isWhole: boolean };

/** Of 3.x, what checkpointing has a part in. */
const VARIANTS: readonly Variant[] = [
  { client: "pawl", checkpointing: true, isWhole: true },
  { client: "inngest-v4", checkpointing: true, isWhole: true },
  { client: "inngest-v3", checkpointing: true, isWhole: false },
];

let dir: string;
let port: number;
let server: ServerProcess;
let app: AppProcess;
let watch: Watch | undefined;

const start = (): Promise<ServerProcess> => startServerProcess({ dir, port, retryIntervalS: 1, drainTimeoutS: 1 });

/** What happens to a machine: the server is gone, and comes back with what is on the disk. */
async function killAndRestart(): Promise<void> {
  watch?.close();
  await server.child.kill();
  server = await start();
  watch = await Watch.open(server);
}

const watching = (): Watch => {
  if (watch === undefined) throw new Error("The watch is not open.");
  return watch;
};

const all = (count: number, isMet: (run: UiRunRow) => boolean) => (runs: ReadonlyMap<string, UiRunRow>) =>
  [...runs.values()].filter(isMet).length === count;

const keysOf = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `key-${n}`);

const proofsOf = (key: string, step: string): readonly unknown[] =>
  app.reports.filter((report) => report["key"] === key && report["step"] === step).map(({ proof }) => proof);

const keyOf = ({ events }: UiRunDetail): string => (JSON.parse(events[0]?.data ?? "{}") as { key: string }).key;

/** The details of all runs, a few at a time. */
async function details(): Promise<readonly UiRunDetail[]> {
  const found: UiRunDetail[] = [];
  const ids = [...watching().runs.keys()];
  for (let from = 0; from < ids.length; from += 50) {
    found.push(...(await Promise.all(ids.slice(from, from + 50).map((id) => watching().detail(id)))));
  }
  return found;
}

describe.each(VARIANTS)("$client", ({ isWhole, ...setup }) => {
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), "pawl-kill-"));
    port = await freePort();
    server = await start();
    app = await startAppProcess({ ...setup, server, functions: FUNCTIONS });
  });

  afterEach(async () => {
    watch?.close();
    watch = undefined;
    await Promise.all([app?.child.stop(), server?.child.stop()]);
    rmSync(dir, { recursive: true, force: true });
  });

  test.runIf(isWhole)("500 events are acknowledged, then the server is killed: each has one run, and it completes", async () => {
    const keys = keysOf(SHORT_RUNS);
    const ids = await sendEvents(
      server,
      keys.map((key) => ({ name: "durable/short", data: { key } })),
    );
    await killAndRestart();
    await watching().until(
      "waiting for all runs to complete",
      all(SHORT_RUNS, ({ phase }) => phase === "completed"),
    );
    const runs = await details();
    expect(runs.map(({ run }) => run.eventId).toSorted()).toEqual(ids.toSorted());
    for (const run of runs) {
      const { proof } = JSON.parse(run.output ?? "") as { proof: string };
      expect(proofsOf(keyOf(run), "only")).toContain(proof);
      const step = run.spans.filter(({ name }) => name === "only");
      expect(step.map(({ output }) => JSON.parse(output ?? "") as unknown)).toEqual([{ proof }]);
    }
  });

  test("the server is killed while runs work, sleep, retry and wait: all complete with one result for each step", async () => {
    const keys = keysOf(LONG_RUNS);
    const isBody = (step: string) => (report: Readonly<Record<string, unknown>>) => report["step"] === step;
    await sendEvents(
      server,
      keys.map((key) => ({ name: "durable/long", data: { key } })),
    );
    await app.count("waiting for first steps", { count: LONG_RUNS / 2, matches: isBody("first") });
    await killAndRestart();
    await watching().until(
      "waiting for sleeps",
      all(LONG_RUNS, ({ phase }) => phase !== "queued" && phase !== "running"),
    );
    await killAndRestart();
    await app.count("waiting for retried steps", { count: LONG_RUNS / 2, matches: isBody("flaky") });
    await killAndRestart();
    await watching().until(
      "waiting for waits",
      all(LONG_RUNS, ({ phase, stepsDone }) => phase === "waiting" && stepsDone >= 3),
    );
    await sendEvents(
      server,
      keys.map((key, n) => ({ name: "durable/answer", data: { key, n } })),
    );
    await killAndRestart();
    await watching().until(
      "waiting for all runs to complete",
      all(LONG_RUNS, ({ phase }) => phase === "completed"),
    );
    const runs = await details();
    expect(runs.map(keyOf).toSorted()).toEqual(keys.toSorted());
    for (const run of runs) {
      const key = keyOf(run);
      const { proofs, answer } = JSON.parse(run.output ?? "") as { proofs: string[]; answer: number };
      expect(answer).toBe(keys.indexOf(key));
      for (const [index, step] of ["first", "flaky", "last"].entries()) {
        expect(proofsOf(key, step)).toContain(proofs[index]);
        const spans = run.spans.filter(({ name }) => name === step);
        expect(spans.map(({ output }) => (JSON.parse(output ?? "") as { proof: string }).proof)).toEqual([proofs[index]]);
      }
    }
  });

  test.runIf(isWhole)("the app is killed in a step's body: the step is tried again when the app is back", async () => {
    watch = await Watch.open(server);
    const [eventId = ""] = await sendEvents(server, [{ name: "durable/gated", data: {} }]);
    await app.report("waiting for the body", ({ kind }) => kind === "gate-entered");
    const appPort = Number(new URL(app.url).port);
    await app.child.kill();
    app = await startAppProcess({ ...setup, server, functions: FUNCTIONS, port: appPort });
    app.tell({ kind: "open" });
    const { output = "" } = await watch.endedRunOf(eventId);
    expect(JSON.parse(output)).toEqual({ first: "through", second: "done" });
  });

  test.runIf(isWhole)("SIGTERM: a step in progress ends, its result is kept, and the server ends in peace", async () => {
    const [eventId = ""] = await sendEvents(server, [{ name: "durable/gated", data: {} }]);
    await app.report("waiting for the body", ({ kind }) => kind === "gate-entered");
    const stopped = server.child.stop();
    app.tell({ kind: "open" });
    expect(await stopped).toEqual({ code: 0, signal: null });
    server = await start();
    watch = await Watch.open(server);
    const { output = "" } = await watch.endedRunOf(eventId);
    expect(JSON.parse(output)).toEqual({ first: "through", second: "done" });
    expect(app.reports.filter(({ kind }) => kind === "gate-entered")).toHaveLength(1);
  });

  test.runIf(isWhole)("SIGTERM: a step that takes too long is handed back, and called again at once", async () => {
    const [eventId = ""] = await sendEvents(server, [{ name: "durable/gated", data: {} }]);
    await app.report("waiting for the body", ({ kind }) => kind === "gate-entered");
    expect(await server.child.stop()).toEqual({ code: 0, signal: null });
    const again = app.count("waiting for the second call", { count: 2, matches: ({ kind }) => kind === "gate-entered" });
    server = await start();
    await again;
    watch = await Watch.open(server);
    app.tell({ kind: "open" });
    const { output = "" } = await watch.endedRunOf(eventId);
    expect(JSON.parse(output)).toEqual({ first: "through", second: "done" });
  });
});
