/**
 * What the store costs a run of one step: `node --conditions=pawl-source packages/store-sqlite/src/one-step-run.bench.ts [file]`.
 *
 * Measures CPU and wall time of all change sets and claims of such a run, made in groups of 1, 50 and 500 runs that go side by side, on a
 * file with `normal` and `full`. It does not measure reads of runs, decisions, HTTP, nor a file larger than the page cache.
 * The last lines are the time from a lone `apply` to its answer.
 */
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { itemIdOf, type Change, type EventRow, type Guard, type ItemRow, type RunRow, type StepRow } from "@pawl/engine";
import type { Store } from "@pawl/store";
import { openSqliteStore } from "./open-sqlite-store.ts";

const RUNS = 20_000;
const FUNCTION_ID = "7a7c1b5e-1f2f-5f3e-9d51-0123456789ab";
const STEP_ID = "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3";
const BODY = JSON.stringify({ data: { order: "o-1", note: "n".repeat(300) }, id: "e", name: "shop/order.placed", ts: 1, user: {} });

function ulidOf(prefix: string, n: number): string {
  return `01JD${prefix}${String(n).padStart(21, "0")}`;
}

function eventOf(n: number, isInternal: boolean): EventRow {
  const id = ulidOf(isInternal ? "F" : "E", n);
  const name = isInternal ? "inngest/function.finished" : "shop/order.placed";
  return { id, externalId: id, name, ts: n, receivedAt: n, body: BODY, isInternal, isProcessed: false };
}

function runOf(n: number): RunRow {
  return {
    id: ulidOf("R", n),
    functionId: FUNCTION_ID,
    appId: FUNCTION_ID,
    functionVersion: 1,
    status: "QUEUED",
    version: 1,
    requestVersion: -1,
    eventIds: [ulidOf("E", n)],
    eventName: "shop/order.placed",
    queuedAt: n,
    lane: FUNCTION_ID,
    score: n,
    stateBytes: BODY.length,
    stepsDone: 0,
    stalls: 0,
    hasFannedOut: false,
    hasPauses: false,
  };
}

function itemOf(run: RunRow, id: string): ItemRow {
  const { id: runId, functionId, lane, score } = run;
  return { id, runId, functionId, kind: "start", dueAt: run.queuedAt, score, lane, attempt: 0, attemptsMax: 5 };
}

function stepOf(run: RunRow): StepRow {
  const times = { queuedAt: run.queuedAt, startedAt: run.queuedAt, endedAt: run.queuedAt };
  const what = { kind: "run", name: "charge", userlandId: "charge", status: "completed", mode: "wait" } as const;
  const result = JSON.stringify({ data: { receipt: "r".repeat(60) } });
  return { runId: run.id, id: STEP_ID, ...what, position: 0, result, options: "{}", itemId: itemIdOf.start(run.id), attempt: 0, ...times };
}

async function commit(store: Store, guards: readonly Guard[], changes: readonly Change[]): Promise<void> {
  const result = await store.apply({ guards, changes });
  if (result.kind !== "applied") throw new Error(`conflict: ${JSON.stringify(result.guard)}`);
}

async function leaseGuards(store: Store, run: RunRow, itemId: string): Promise<readonly Guard[]> {
  const [claim] = await store.claimItems([itemId]);
  if (claim === undefined) throw new Error(`no claim for ${itemId}`);
  return [
    { kind: "item-leased", ...claim },
    { kind: "run-version", runId: run.id, version: run.version },
  ];
}

/** Event, run, one step, end, and the event about the end. */
async function oneStepRun(store: Store, n: number): Promise<void> {
  const run = runOf(n);
  const [start, next] = [itemIdOf.start(run.id), itemIdOf.discovery(run.id, 1)];
  const event = eventOf(n, false);
  await commit(store, [], [{ kind: "insert-event", event }]);
  await commit(
    store,
    [{ kind: "event-unprocessed", eventId: event.id }],
    [
      { kind: "mark-event-processed", eventId: event.id },
      { kind: "insert-run", run },
      { kind: "insert-item", item: itemOf(run, start) },
    ],
  );
  const running: RunRow = { ...run, status: "RUNNING", version: 2, requestVersion: 2, startedAt: n, stepsDone: 1 };
  await commit(store, await leaseGuards(store, run, start), [
    { kind: "update-run", run: running },
    { kind: "put-step", step: stepOf(run) },
    { kind: "delete-item", itemId: start },
    { kind: "insert-item", item: itemOf(run, next) },
  ]);
  const finished = eventOf(n, true);
  await commit(store, await leaseGuards(store, running, next), [
    { kind: "update-run", run: { ...running, status: "COMPLETED", version: 3, endedAt: n, output: '{"ok":true}' } },
    { kind: "insert-event", event: finished },
    { kind: "delete-run-work", runId: run.id, hasPauses: false },
  ]);
  await commit(store, [{ kind: "event-unprocessed", eventId: finished.id }], [{ kind: "mark-event-processed", eventId: finished.id }]);
}

async function measureGroups(store: Store, size: number, first: number): Promise<string> {
  const runs = size === 1 ? RUNS / 10 : RUNS;
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  for (let n = 0; n < runs; n += size) await Promise.all(Array.from({ length: size }, (_, index) => oneStepRun(store, first + n + index)));
  const { user, system } = process.cpuUsage(cpu);
  const wallUs = ((performance.now() - startedAt) * 1_000) / runs;
  return `groups of ${String(size).padStart(3)}: ${((user + system) / runs).toFixed(1)} µs CPU, ${wallUs.toFixed(1)} µs in all per run`;
}

async function measureLone(store: Store): Promise<string> {
  const times: number[] = [];
  for (let n = 0; n < 2_000; n += 1) {
    const startedAt = performance.now();
    await commit(store, [], [{ kind: "insert-event", event: eventOf(5_000_000 + n, false) }]);
    times.push(performance.now() - startedAt);
  }
  times.sort((a, b) => a - b);
  const percentile = (p: number): string => `${((times[Math.floor(times.length * p)] ?? 0) * 1_000).toFixed(0)} µs`;
  return `lone apply: p50 ${percentile(0.5)}, p99 ${percentile(0.99)}, p99.9 ${percentile(0.999)}`;
}

const path = process.argv[2] ?? join(tmpdir(), `pawl-bench-${process.pid}.db`);
for (const synchronous of ["normal", "full"] as const) {
  const store = await openSqliteStore({ path, synchronous });
  const memory = process.memoryUsage().heapUsed;
  for (const [index, size] of [500, 50, 1].entries()) {
    console.log(synchronous, await measureGroups(store, size, (index + 1) * 1_000_000));
  }
  console.log(synchronous, await measureLone(store));
  console.log(synchronous, `heap grew by ${((process.memoryUsage().heapUsed - memory) / 1_048_576).toFixed(1)} MiB`);
  await store.close();
  for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
}
