/**
 * F4: a million runs that sleep: what they cost on disk and in memory, and how long the server takes to start with them.
 * F5: a million runs that have ended and 100,000 that wait to be started: how long the server takes to start with them.
 *
 * The rows are written by the store itself, as the engine writes them, in large transactions; then the server is started on the file.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServerProcess } from "@pawl/conformance";
import type { Change, FunctionRow, RunRow } from "@pawl/engine";
import type { Store } from "@pawl/store";
import { openSqliteStore } from "@pawl/store-sqlite";
import { type Figures, type LoneScenario, type LoneSetup, pause } from "./scenario.ts";

const RUNS = 1_000_000;
const PENDING = 100_000;
const PER_COMMIT = 500;
const SLEEP_MS = 20 * 86_400_000;
/** After the server answers: what it reads at its start has been read. */
const SETTLE_MS = 5_000;

export const millionSleepers: LoneScenario = {
  id: "F4",
  title: `${RUNS} sleeping runs on disk, and a server started on them`,
  goals: { healthyMs: { atMost: 5_000 }, serverRssMb: { atMost: 300 } },
  measureAlone: (setup) =>
    onStore(setup, async (store) => {
      await fill(store, RUNS, (n) => sleepingRun(n, Date.now()));
      return RUNS;
    }),
};

export const startUp: LoneScenario = {
  id: "F5",
  title: `a server started on ${RUNS} ended runs and ${PENDING} queued ones`,
  goals: { healthyMs: { atMost: 5_000 }, serverRssMb: { atMost: 300 } },
  measureAlone: (setup) =>
    onStore(setup, async (store) => {
      await fill(store, RUNS, (n) => endedRun(n, Date.now()));
      await fill(store, PENDING, (n) => queuedRun(RUNS + n, Date.now()));
      return RUNS + PENDING;
    }),
};

/** Fills a store, starts a server on it and reads what it takes. */
async function onStore({ mode, code }: LoneSetup, write: (store: Store) => Promise<number>): Promise<Figures> {
  const dir = mkdtempSync(join(tmpdir(), "pawl-bench-"));
  const app = await silentApp();
  try {
    const file = join(dir, mode === "start" ? "pawl.db" : "dev.db");
    const store = await openSqliteStore({ path: file, synchronous: "normal" });
    await store.apply({
      guards: [],
      changes: [
        { kind: "put-app", app: appRow(app.url) },
        { kind: "put-function", function: functionRow(app.url) },
      ],
    });
    const runs = await write(store);
    await store.close();
    const server = await startServerProcess({ dir, mode, code, drainTimeoutS: 0 });
    await pause(SETTLE_MS);
    const figures = { healthyMs: server.healthyMs, serverRssMb: server.child.rssKb() / 1_024, bytesPerRun: statSync(file).size / runs };
    await server.child.stop();
    return figures;
  } finally {
    await app.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function fill(store: Store, count: number, changesOf: (n: number) => readonly Change[]): Promise<void> {
  for (let from = 0; from < count; from += PER_COMMIT)
    await store.apply({ guards: [], changes: Array.from({ length: PER_COMMIT }, (_, n) => changesOf(from + n)).flat() });
}

function idOf(n: number): string {
  return `01K7${String(n).padStart(22, "0")}`;
}

function eventOf(n: number, now: number): Change {
  const id = idOf(n);
  const body = JSON.stringify({ data: { n, plan: "pro" }, id, name: "bench/large", ts: now, user: {} });
  return {
    kind: "insert-event",
    event: { id, externalId: id, name: "bench/large", ts: now, receivedAt: now, body, isInternal: false, isProcessed: true },
  };
}

function runOf(n: number, now: number, over: Partial<RunRow>): RunRow {
  return {
    id: idOf(n),
    functionId: "fn-large",
    appId: "app-large",
    functionVersion: 1,
    status: "QUEUED",
    version: 1,
    requestVersion: 2,
    eventIds: [idOf(n)],
    eventName: "bench/large",
    queuedAt: now,
    lane: "fn-large",
    score: now,
    stateBytes: 100,
    stepsDone: 0,
    stalls: 0,
    hasFannedOut: false,
    hasPauses: false,
    ...over,
  };
}

function itemOf(n: number, over: Pick<Extract<Change, { kind: "insert-item" }>["item"], "id" | "kind" | "dueAt" | "lane">): Change {
  const base = { runId: idOf(n), functionId: "fn-large", score: over.dueAt, attempt: 0, attemptsMax: 5 };
  return { kind: "insert-item", item: { ...base, ...over, ...(over.kind === "sleep" ? { stepId: "nap" } : {}) } };
}

function sleepingRun(n: number, now: number): readonly Change[] {
  const runId = idOf(n);
  const itemId = `${runId}/step/nap`;
  const until = now + SLEEP_MS + n;
  const step = {
    runId,
    id: "nap",
    kind: "sleep",
    name: "nap",
    status: "sleeping",
    mode: "wait",
    itemId,
    attempt: 0,
    queuedAt: now,
    until,
  } as const;
  return [
    eventOf(n, now),
    { kind: "insert-run", run: runOf(n, now, { status: "RUNNING", startedAt: now }) },
    { kind: "put-step", step },
    itemOf(n, { id: itemId, kind: "sleep", dueAt: until, lane: "fn-large" }),
  ];
}

function endedRun(n: number, now: number): readonly Change[] {
  const runId = idOf(n);
  const done = { status: "completed", position: 0, result: '{"data":{"ok":true}}', startedAt: now, endedAt: now + 1 } as const;
  return [
    eventOf(n, now),
    {
      kind: "insert-run",
      run: runOf(n, now, { status: "COMPLETED", startedAt: now, endedAt: now + 2, output: '{"ok":true}', stepsDone: 1 }),
    },
    {
      kind: "put-step",
      step: { runId, id: "a", kind: "run", name: "a", mode: "wait", itemId: `${runId}/start`, attempt: 0, queuedAt: now, ...done },
    },
  ];
}

function queuedRun(n: number, now: number): readonly Change[] {
  return [
    eventOf(n, now),
    { kind: "insert-run", run: runOf(n, now, {}) },
    itemOf(n, { id: `${idOf(n)}/start`, kind: "start", dueAt: now, lane: "fn-large|start" }),
  ];
}

function appRow(url: string): Extract<Change, { kind: "put-app" }>["app"] {
  const times = { createdAt: Date.now(), syncedAt: Date.now() };
  return { id: "app-large", name: "large", url, sdk: "js:v1.0.0", framework: "node", method: "serve", checksum: "c", ...times };
}

function functionRow(url: string): FunctionRow {
  return {
    id: "fn-large",
    appId: "app-large",
    slug: "large-f",
    name: "f",
    version: 1,
    config: "{}",
    createdAt: Date.now(),
    definition: {
      slug: "large-f",
      name: "f",
      url: `${url}?fnId=large-f`,
      attemptsMax: 5,
      triggers: [{ kind: "event", event: "bench/large" }],
      concurrency: { step: [{ limit: 10, scope: "fn" }] },
      cancelOn: [],
      timeouts: {},
    },
  };
}

/** An app that takes calls and never answers, so that the queue stays as it is. */
async function silentApp(): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server: Server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${String(port)}/api`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
