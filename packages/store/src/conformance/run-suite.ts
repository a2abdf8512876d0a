/** Runs, steps and attempts: what decisions write and read back. */
import { describe, expect, test } from "vitest";
import type { RunRow, StepRow } from "@pawl/engine";
import { fixtures, idOf } from "./fixtures.ts";
import { commit, conflict, openForTest, type OpenStore } from "./harness.ts";

const FULL_RUN: RunRow = fixtures.run({
  eventIds: [idOf(1), idOf(3), idOf(2)],
  idempotencyKey: "order ☂ 😀",
  startedAt: 1_100,
  endedAt: 1_200,
  status: "FAILED",
  output: "null",
  error: '{"name":"Error"}',
  endReason: "because",
  score: -12.5,
  correlationId: "parent.step",
  rerunOf: idOf(7),
  cron: "TZ=Europe/Berlin * * * * *",
  requestVersion: 2,
  stateBytes: 33_554_432,
  stepsDone: 3,
  stalls: 1,
  hasFannedOut: true,
  hasPauses: true,
  finishBy: 4_102_444_800_000,
});

const FULL_STEP: StepRow = fixtures.step({
  userlandId: "charge ☂",
  userlandIndex: 2,
  status: "completed",
  position: 0,
  result: '{"data":null}',
  options: '{"a":1}',
  inputOverride: "[1]",
  startedAt: 1_010,
  endedAt: 1_020,
  until: 5_000,
  target: "shop-refund",
  targetRunId: idOf(8),
  matchedEventId: idOf(9),
});

export function describeRuns(open: OpenStore): void {
  describe("runs", () => {
    test("a run reads back as it was written, with its steps and the bodies of its events in order", async () => {
      const { store } = await openForTest(open);
      for (const n of [1, 2, 3])
        await commit(store, [{ kind: "insert-event", event: fixtures.event({ id: idOf(n), body: `{"n":${n}}` }) }]);
      await commit(store, [
        { kind: "insert-run", run: FULL_RUN },
        { kind: "put-step", step: FULL_STEP },
      ]);
      const state = await store.loadRun(FULL_RUN.id);
      expect(state).toEqual({
        run: FULL_RUN,
        steps: new Map([[FULL_STEP.id, FULL_STEP]]),
        unfinished: new Set(),
        defers: new Map(),
        events: ['{"n":1}', '{"n":3}', '{"n":2}'],
      });
      expect(await store.loadRun(idOf(2))).toBeUndefined();
    });

    test("a run of no event, or of one that is gone, reads back", async () => {
      const { store } = await openForTest(open);
      await commit(store, [
        { kind: "insert-run", run: fixtures.run({ eventIds: [] }) },
        { kind: "insert-run", run: fixtures.run({ id: idOf(2), eventIds: [idOf(77)] }) },
      ]);
      expect(await store.loadRun(idOf(1))).toMatchObject({ run: fixtures.run({ eventIds: [] }), events: [] });
      expect(await store.loadRun(idOf(2))).toMatchObject({ run: { eventIds: [idOf(77)] }, events: [] });
    });

    test("the first of two runs with one id wins", async () => {
      const { store } = await openForTest(open);
      await commit(store, [{ kind: "insert-run", run: fixtures.run() }]);
      await conflict(store, [{ kind: "run-absent", runId: idOf(1) }]);
      await commit(store, [{ kind: "insert-run", run: fixtures.run({ version: 9, eventIds: [idOf(5), idOf(6)] }) }]);
      expect((await store.loadRun(idOf(1)))?.run).toEqual(fixtures.run());
      expect(await store.history.runsOfEvents([idOf(6)])).toEqual([]);
    });

    describeRunUpdates(open);
    describeIdempotency(open);
    describeSteps(open);
  });
}

function describeRunUpdates(open: OpenStore): void {
  test("an update sets and clears the changing columns and keeps what the run was scheduled with", async () => {
    const { store } = await openForTest(open);
    const scheduled = fixtures.run({ id: FULL_RUN.id, eventIds: FULL_RUN.eventIds });
    await commit(store, [{ kind: "insert-run", run: scheduled }]);
    await commit(store, [{ kind: "update-run", run: { ...FULL_RUN, version: 2 } }], [{ kind: "run-version", runId: idOf(1), version: 1 }]);
    const { idempotencyKey: _k, correlationId: _c, rerunOf: _r, cron: _cron, score: _s, ...changed } = FULL_RUN;
    expect((await store.loadRun(idOf(1)))?.run).toEqual({ ...changed, score: scheduled.score, version: 2 });
    await commit(store, [{ kind: "update-run", run: { ...scheduled, version: 3 } }]);
    expect((await store.loadRun(idOf(1)))?.run).toEqual({ ...scheduled, version: 3 });
  });

  test("a version that is not the run's is a conflict, and so is that of no run", async () => {
    const { store } = await openForTest(open);
    await conflict(store, [{ kind: "run-version", runId: idOf(1), version: 1 }]);
    await commit(store, [{ kind: "insert-run", run: fixtures.run() }], [{ kind: "run-absent", runId: idOf(1) }]);
    await conflict(store, [{ kind: "run-version", runId: idOf(1), version: 2 }]);
    await commit(store, [], [{ kind: "run-version", runId: idOf(1), version: 1 }]);
  });

  test("changes of rows that do not exist do nothing", async () => {
    const { store } = await openForTest(open);
    await commit(store, [
      { kind: "update-run", run: fixtures.run() },
      { kind: "delete-step", runId: idOf(1), stepId: "step-a" },
      { kind: "reschedule-item", item: fixtures.item() },
      { kind: "delete-item", itemId: fixtures.item().id },
      { kind: "delete-pause", pauseId: fixtures.pause().id },
      { kind: "delete-run-work", runId: idOf(1), hasPauses: true },
      { kind: "mark-event-processed", eventId: idOf(1) },
      { kind: "delete-app", appId: "app-a" },
    ]);
    expect(await store.loadRun(idOf(1))).toBeUndefined();
    expect(await store.itemsOfRun(idOf(1))).toEqual([]);
  });
}

function describeIdempotency(open: OpenStore): void {
  test("a key is found from its instant on, for its function only", async () => {
    const { store } = await openForTest(open);
    const query = { functionId: "function-a", key: "k ☂", since: 1_000 };
    await commit(store, [], [{ kind: "idempotency-free", ...query }]);
    await commit(store, [
      { kind: "insert-run", run: fixtures.run({ id: idOf(1), idempotencyKey: "k ☂", queuedAt: 1_000 }) },
      { kind: "insert-run", run: fixtures.run({ id: idOf(2), queuedAt: 2_000 }) },
    ]);
    expect(await store.runByIdempotencyKey(query)).toBe(idOf(1));
    await conflict(store, [{ kind: "idempotency-free", ...query }]);
    for (const free of [{ since: 1_001 }, { key: "other" }, { functionId: "function-b" }]) {
      expect(await store.runByIdempotencyKey({ ...query, ...free })).toBeUndefined();
      await commit(store, [], [{ kind: "idempotency-free", ...query, ...free }]);
    }
  });

  test("the newest run with a key is the one that is found", async () => {
    const { store } = await openForTest(open);
    for (const [n, queuedAt] of [
      [1, 3_000],
      [2, 5_000],
      [3, 4_000],
    ] as const) {
      await commit(store, [{ kind: "insert-run", run: fixtures.run({ id: idOf(n), idempotencyKey: "k", queuedAt }) }]);
    }
    expect(await store.runByIdempotencyKey({ functionId: "function-a", key: "k", since: 0 })).toBe(idOf(2));
  });
}

function describeSteps(open: OpenStore): void {
  test("a step is inserted, replaced in its place, and deleted", async () => {
    const { store } = await openForTest(open);
    await commit(store, [
      { kind: "insert-run", run: fixtures.run() },
      { kind: "put-step", step: { ...FULL_STEP, queuedAt: 1_000 } },
      { kind: "put-step", step: fixtures.step({ id: "step-b", queuedAt: 1_000 }) },
      { kind: "put-step", step: fixtures.step({ id: "step-0", queuedAt: 999 }) },
    ]);
    const replaced = fixtures.step({ id: FULL_STEP.id, queuedAt: 1_000, status: "retrying", attempt: 1 });
    await commit(store, [{ kind: "put-step", step: replaced }]);
    const detail = await store.history.runDetail(idOf(1));
    expect(detail?.steps.map(({ id }) => id)).toEqual(["step-0", "step-a", "step-b"]);
    expect(detail?.steps[1]).toEqual(replaced);
    expect((await store.loadRun(idOf(1)))?.unfinished).toEqual(new Set(["step-0", "step-a", "step-b"]));
    await commit(store, [
      { kind: "delete-step", runId: idOf(1), stepId: "step-b" },
      { kind: "delete-step", runId: idOf(2), stepId: "step-a" },
    ]);
    expect(Array.from((await store.loadRun(idOf(1)))?.steps.keys() ?? []).sort()).toEqual(["step-0", "step-a"]);
  });

  test("attempts are kept once, oldest first, also when an attempt's number comes again", async () => {
    const { store } = await openForTest(open);
    const attempts = [
      fixtures.attempt({ stepId: "function", startedAt: 3_000 }),
      fixtures.attempt({ stepId: "function", startedAt: 1_000, httpStatus: 500, retryAt: 2_000 }),
      fixtures.attempt({ stepId: "step-a", startedAt: 2_000 }),
    ];
    await commit(store, [{ kind: "insert-run", run: fixtures.run() }]);
    for (const attempt of attempts) await commit(store, [{ kind: "insert-attempt", attempt }]);
    await commit(store, [{ kind: "insert-attempt", attempt: fixtures.attempt({ stepId: "step-a", startedAt: 2_000, error: "{}" }) }]);
    expect((await store.history.runDetail(idOf(1)))?.attempts).toEqual([attempts[1], attempts[2], attempts[0]]);
  });
}
