import { describe, expect, test } from "vitest";
import { after, environment, functionRow, item, NOW, ofKind, op, ops, RUN_ID, runState, stepRow } from "../fixtures/fixtures.ts";
import type { WireOp } from "@pawl/protocol";
import type { Reply } from "../reply/reply.ts";
import { decideReply, type ReplyInput } from "./decide-reply.ts";
import { STALLS_MAX } from "./draft.ts";
import type { RunState } from "./run-state.ts";

function reply(state: RunState, over: Partial<ReplyInput> & { readonly reply: Reply }, env = environment()) {
  return decideReply(state, { item: item(), generation: 7, startedAt: NOW - 5, ...over }, env);
}

const failure = (over: Partial<Extract<Reply, { kind: "failure" }>> = {}): Reply => ({
  kind: "failure",
  error: { error: "invalid status code: 500", name: "Error", message: "busy" },
  isRetryable: true,
  ...over,
});

describe("the item that was called", () => {
  test("is decided on only under its lease and the run's version", () => {
    const { guards } = reply(runState({ run: { version: 3 } }), { reply: { kind: "result", data: "1", requestVersion: 2 } });
    expect(guards).toEqual([
      { kind: "run-version", runId: RUN_ID, version: 3 },
      { kind: "item-leased", itemId: `${RUN_ID}/start`, generation: 7 },
    ]);
  });

  test("of an ended run is only dropped", () => {
    const { changes } = reply(runState({ run: { status: "CANCELLED", endedAt: NOW } }), { reply: ops(op({ op: "StepRun" })) });
    expect(changes).toEqual([{ kind: "delete-item", itemId: `${RUN_ID}/start` }]);
  });
});

describe("a result", () => {
  test("ends the run, its work, and tells of it", () => {
    const { changes, trace } = reply(runState(), { reply: { kind: "result", data: '{"ok":1}', requestVersion: 2 } });
    expect(ofKind(changes, "update-run")[0]?.run).toMatchObject({ status: "COMPLETED", output: '{"ok":1}', endedAt: NOW, version: 2 });
    expect(ofKind(changes, "delete-run-work")).toEqual([{ kind: "delete-run-work", runId: RUN_ID, hasPauses: false }]);
    const [finished] = ofKind(changes, "insert-event");
    expect(JSON.parse(finished?.event.body ?? "")).toMatchObject({
      name: "inngest/function.finished",
      data: {
        function_id: "shop-import",
        run_id: RUN_ID,
        result: { ok: 1 },
        _inngest: { status: "Completed" },
        event: { name: "shop/imported" },
      },
    });
    expect(trace.at(-1)).toMatchObject({ kind: "run-ended", status: "COMPLETED" });
  });

  test("of a run that a failure started tells nothing, so handlers can't feed themselves", () => {
    const { changes } = reply(runState({ run: { eventName: "inngest/function.failed" } }), {
      reply: { kind: "result", data: "1", requestVersion: 2 },
    });
    expect(ofKind(changes, "insert-event")).toEqual([]);
  });

  test("cancels steps that were under way", () => {
    const { changes } = reply(runState({ steps: [stepRow({ id: "b" })] }), { reply: { kind: "result", data: "1", requestVersion: 2 } });
    expect(ofKind(changes, "put-step")[0]?.step).toMatchObject({ id: "b", status: "cancelled" });
  });
});

describe("a failure of the attempt", () => {
  test("schedules the same item again with the table's delay", () => {
    const { changes } = reply(runState(), { reply: failure(), item: item({ attempt: 1 }) });
    expect(ofKind(changes, "reschedule-item")[0]?.item).toMatchObject({ attempt: 2, dueAt: NOW + 30_000 });
    expect(ofKind(changes, "insert-attempt")[0]?.attempt).toMatchObject({ stepId: "function", attempt: 1, retryAt: NOW + 30_000 });
    expect(ofKind(changes, "delete-item")).toEqual([]);
  });

  test("obeys Retry-After before the table", () => {
    const { changes } = reply(runState(), { reply: failure({ retryAfterMs: 5_000 }) });
    expect(ofKind(changes, "reschedule-item")[0]?.item.dueAt).toBe(NOW + 5_000);
  });

  test("on the last attempt fails the run", () => {
    const { changes } = reply(runState(), { reply: failure(), item: item({ attempt: 3 }) });
    expect(ofKind(changes, "update-run")[0]?.run).toMatchObject({ status: "FAILED" });
    expect(ofKind(changes, "insert-event").map(({ event }) => event.name)).toEqual([
      "inngest/function.finished",
      "inngest/function.failed",
    ]);
  });

  test("that may not be retried fails the run at once", () => {
    const { changes } = reply(runState(), { reply: failure({ isRetryable: false }) });
    expect(ofKind(changes, "update-run")[0]?.run.status).toBe("FAILED");
  });
});

describe("a finished step", () => {
  test("is stored as data and the app is asked again at once", () => {
    const { changes } = reply(runState(), { reply: ops(op({ op: "StepRun", data: { b: 1, a: 2 } })) });
    expect(ofKind(changes, "put-step")[0]?.step).toMatchObject({
      id: "a",
      status: "completed",
      position: 0,
      result: '{"data":{"a":2,"b":1}}',
    });
    expect(ofKind(changes, "insert-item")[0]?.item).toMatchObject({ kind: "discovery", dueAt: NOW, attempt: 0 });
    expect(ofKind(changes, "delete-item")).toHaveLength(1);
  });

  test.each([
    [
      { a: 1_760_000_000_000_400_000, b: 1_700_000 },
      { startedAt: 1_760_000_000_000, endedAt: 1_760_000_000_002 },
    ],
    [
      { a: 1e300, b: 1 },
      { startedAt: NOW - 5, endedAt: NOW },
    ],
    [
      { a: 1_760_000_000_000_400_000, b: -5e9 },
      { startedAt: NOW - 5, endedAt: NOW },
    ],
  ])("has whole milliseconds for times, and ours where the app's %j make no sense", (timing, expected) => {
    const { changes } = reply(runState(), { reply: ops(op({ op: "StepRun", timing })) });
    expect(ofKind(changes, "put-step")[0]?.step).toMatchObject(expected);
  });

  test("keeps its first value whatever comes later", () => {
    const state = runState({
      run: { stepsDone: 1 },
      steps: [stepRow({ status: "completed", endedAt: NOW, position: 0, result: '{"data":1}' })],
    });
    const { changes } = reply(state, { reply: ops(op({ op: "StepRun", data: 2 })) });
    expect(ofKind(changes, "put-step")).toEqual([]);
  });

  test("with the run's end in the same answer takes one decision and no further call", () => {
    const { changes } = reply(runState(), { reply: ops(op({ op: "StepRun", data: 1 }), op({ op: "RunComplete", id: "c", data: 3 })) });
    expect(ofKind(changes, "update-run")[0]?.run).toMatchObject({ status: "COMPLETED", output: "3", stepsDone: 1 });
    expect(ofKind(changes, "insert-item")).toEqual([]);
  });
});

describe("a step error", () => {
  const error = { name: "TypeError", message: "no card" };

  test("with attempts left memoises nothing and keeps the item", () => {
    const { changes } = reply(runState(), { reply: ops(op({ op: "StepError", error })) });
    expect(ofKind(changes, "put-step")[0]?.step).toMatchObject({ status: "retrying", attempt: 1, until: NOW + 15_000 });
    expect(ofKind(changes, "put-step")[0]?.step.result).toBeUndefined();
    expect(ofKind(changes, "reschedule-item")[0]?.item).toMatchObject({ attempt: 1 });
    expect(ofKind(changes, "delete-item")).toEqual([]);
  });

  test("on the last attempt is memoised so that the function can catch it", () => {
    const { changes } = reply(runState(), { reply: ops(op({ op: "StepError", error })), item: item({ attempt: 3 }) });
    expect(ofKind(changes, "put-step")[0]?.step).toMatchObject({
      status: "failed",
      result: '{"error":{"message":"no card","name":"TypeError"}}',
    });
    expect(ofKind(changes, "insert-item")[0]?.item.kind).toBe("discovery");
  });

  test("marked as not to be retried is final at once", () => {
    const { changes } = reply(runState(), { reply: { ...ops(op({ op: "StepError", error })), noRetry: true } });
    expect(ofKind(changes, "put-step")[0]?.step.status).toBe("failed");
  });

  test("that succeeds on the next attempt finishes the step that was retrying", () => {
    const state = runState();
    after(state, reply(state, { reply: ops(op({ op: "StepError", error })) }).changes);
    const { changes } = reply(state, { reply: ops(op({ op: "StepRun", data: 1 })), item: item({ attempt: 1 }) });
    expect(ofKind(changes, "put-step")[0]?.step).toMatchObject({ status: "completed", attempt: 1 });
  });
});

describe("parallel steps", () => {
  const planned = ops(op({ op: "StepPlanned", id: "a" }), op({ op: "StepPlanned", id: "b" }));

  test("are each called for", () => {
    const { changes } = reply(runState(), { reply: planned });
    expect(ofKind(changes, "insert-item").map(({ item: { kind, stepId } }) => [kind, stepId])).toEqual([
      ["planned-step", "a"],
      ["planned-step", "b"],
    ]);
    expect(ofKind(changes, "update-run")[0]?.run.hasFannedOut).toBe(true);
  });

  test("in wait mode ask the app only after the last one", () => {
    const state = runState();
    after(state, reply(state, { reply: planned }).changes);
    const first = reply(state, {
      reply: ops(op({ op: "StepRun", id: "a", data: 1 })),
      item: item({ id: `${RUN_ID}/step/a`, kind: "planned-step", stepId: "a" }),
    });
    expect(ofKind(first.changes, "insert-item")).toEqual([]);
    after(state, first.changes);
    const second = reply(state, {
      reply: ops(op({ op: "StepRun", id: "b", data: 2 })),
      item: item({ id: `${RUN_ID}/step/b`, kind: "planned-step", stepId: "b" }),
    });
    expect(ofKind(second.changes, "insert-item").map(({ item: { kind } }) => kind)).toEqual(["discovery"]);
    expect(ofKind(second.changes, "put-step")[0]?.step.position).toBe(1);
  });

  test("in race mode ask the app after the first, a moment later so that siblings can join", () => {
    const state = runState();
    const race = { parallelMode: "race" };
    after(
      state,
      reply(state, { reply: ops(op({ op: "StepPlanned", id: "a", opts: race }), op({ op: "StepPlanned", id: "b", opts: race })) }).changes,
    );
    const { changes } = reply(state, {
      reply: ops(op({ op: "StepRun", id: "a", data: 1, opts: race })),
      item: item({ id: `${RUN_ID}/step/a`, kind: "planned-step", stepId: "a" }),
    });
    expect(ofKind(changes, "insert-item")[0]?.item).toMatchObject({ kind: "discovery", dueAt: NOW + 10 });
  });

  test("ask once where a discovery waits in the queue already", () => {
    const state = runState({ steps: [stepRow({ id: "a", mode: "race" }), stepRow({ id: "b", mode: "race" })] });
    const queuedDiscovery = item({ id: "d", kind: "discovery", dueAt: NOW + 10 });
    const input = {
      reply: ops(op({ op: "StepRun", id: "a", data: 1, opts: { parallelMode: "race" } })),
      item: item({ id: `${RUN_ID}/step/a`, kind: "planned-step", stepId: "a" }),
    };
    expect(ofKind(reply(state, input, environment({ queuedDiscovery })).changes, "insert-item")).toEqual([]);
  });

  test("planned again while under way are not doubled", () => {
    const state = runState();
    after(state, reply(state, { reply: planned }).changes);
    const { changes } = reply(state, { reply: planned, item: item({ id: "d", kind: "discovery" }) });
    expect(ofKind(changes, "insert-item")).toEqual([]);
    expect(ofKind(changes, "put-step")).toEqual([]);
  });
});

describe("nothing gets stuck", () => {
  test("a step that its item did not bring is forgotten and found again", () => {
    const state = runState({ steps: [stepRow({ id: "a" })] });
    const { changes } = reply(state, { reply: ops(), item: item({ id: `${RUN_ID}/step/a`, kind: "planned-step", stepId: "a" }) });
    expect(ofKind(changes, "delete-step")).toEqual([{ kind: "delete-step", runId: RUN_ID, stepId: "a" }]);
    expect(ofKind(changes, "insert-item")[0]?.item.kind).toBe("discovery");
  });

  test("an answer that was overtaken by another call asks nothing", () => {
    const state = runState({ steps: [stepRow({ id: "a", mode: "race", status: "completed" })] });
    const { changes } = reply(state, { reply: ops(op({ op: "StepPlanned", id: "a" })) }, environment({ isDiscovering: true }));
    expect(ofKind(changes, "insert-item")).toEqual([]);
    expect(ofKind(changes, "update-run")[0]?.run.stalls).toBe(0);
  });

  test("an app that answers nothing is asked again, but not for ever", () => {
    const state = runState();
    for (let round = 0; round < STALLS_MAX; round++) {
      const { changes } = reply(state, { reply: ops() });
      expect(ofKind(changes, "insert-item")[0]?.item.kind).toBe("discovery");
      after(state, changes);
    }
    const { changes } = reply(state, { reply: ops() });
    expect(ofKind(changes, "update-run")[0]?.run).toMatchObject({ status: "FAILED" });
    expect(ofKind(changes, "update-run")[0]?.run.error).toContain("without progress");
  });
});

describe("waiting", () => {
  test("a sleep is one item at its end", () => {
    const { changes } = reply(runState(), { reply: ops(op({ op: "Sleep", name: "1m" })) });
    expect(ofKind(changes, "insert-item").map(({ item: { kind, dueAt } }) => [kind, dueAt])).toEqual([["sleep", NOW + 60_000]]);
    expect(ofKind(changes, "put-step")[0]?.step).toMatchObject({ status: "sleeping", until: NOW + 60_000 });
  });

  test("a sleep of more than a year fails the run", () => {
    const { changes } = reply(runState(), { reply: ops(op({ op: "Sleep", name: "367d" })) });
    expect(ofKind(changes, "update-run")[0]?.run.error).toContain("InngestErrTimeoutTooLong");
  });

  test("a wait stores its pause and its time-out together, with the run's event bound", () => {
    const state = runState({ events: ['{"data":{"order":9},"id":"e","name":"shop/imported","ts":1,"user":{}}'] });
    const { changes } = reply(state, {
      reply: ops(op({ op: "WaitForEvent", name: "order/approved", opts: { timeout: "1h", if: "event.data.order == async.data.order" } })),
    });
    expect(ofKind(changes, "insert-pause")[0]?.pause).toMatchObject({
      kind: "event",
      eventName: "order/approved",
      matchPath: "data.order",
      matchValue: "9",
      expiresAt: NOW + 3_600_000,
    });
    expect(ofKind(changes, "insert-item")[0]?.item).toMatchObject({ kind: "pause-timeout", dueAt: NOW + 3_600_000 });
    expect(ofKind(changes, "update-run")[0]?.run.hasPauses).toBe(true);
  });

  test("a wait has its event's or signal's name among its options, also where the op has it as its name", () => {
    const stored = (what: Parameters<typeof op>[0]) =>
      JSON.parse(ofKind(reply(runState(), { reply: ops(op(what)) }).changes, "put-step")[0]?.step.options ?? "");
    expect(stored({ op: "WaitForEvent", name: "x", opts: { timeout: "1h" } })).toEqual({ event: "x", timeout: "1h" });
    expect(stored({ op: "WaitForEvent", name: "x", opts: { timeout: "1h", events: ["x", "y"] } })).toMatchObject({ event: "x" });
    expect(stored({ op: "WaitForSignal", name: "go", opts: { timeout: "1h" } })).toEqual({ signal: "go", timeout: "1h" });
  });

  test("a wait whose condition does not compile fails the run", () => {
    const { changes } = reply(runState(), { reply: ops(op({ op: "WaitForEvent", name: "x", opts: { timeout: "1h", if: "a ==" } })) });
    expect(ofKind(changes, "update-run")[0]?.run.error).toContain("InvalidExpression");
    expect(ofKind(changes, "insert-pause")).toEqual([]);
  });

  test("an invoke stores pause, time-out and event in one decision", () => {
    const opts = { function_id: "shop-score", payload: { data: { order: 9 } }, timeout: "10m" };
    const { changes } = reply(runState(), { reply: ops(op({ op: "InvokeFunction", opts })) });
    expect(ofKind(changes, "insert-pause")[0]?.pause).toMatchObject({ kind: "invoke", correlationId: `${RUN_ID}.a` });
    const body = JSON.parse(ofKind(changes, "insert-event")[0]?.event.body ?? "");
    expect(body).toMatchObject({
      name: "inngest/function.invoked",
      data: { order: 9, _inngest: { fn_id: "shop-score", correlation_id: `${RUN_ID}.a` } },
    });
  });

  test("a signal that another run holds fails this run unless it replaces", () => {
    const wait = op({ op: "WaitForSignal", opts: { signal: "ready", timeout: "1h" } });
    const signalHolders = new Map([["ready", "other/x"]]);
    expect(ofKind(reply(runState(), { reply: ops(wait), signalHolders }).changes, "update-run")[0]?.run.error).toContain("Signal conflict");
    const replacing = op({ op: "WaitForSignal", opts: { signal: "ready", timeout: "1h", conflict: "replace" } });
    expect(ofKind(reply(runState(), { reply: ops(replacing), signalHolders }).changes, "delete-pause")).toEqual([
      { kind: "delete-pause", pauseId: "other/x" },
    ]);
  });
});

test("two waits for one signal in one answer conflict as two runs would", () => {
  const wait = (id: string, conflict: string) => op({ op: "WaitForSignal", id, opts: { signal: "s", timeout: "1h", conflict } });
  const failing = reply(runState(), { reply: ops(wait("a", "fail"), wait("b", "fail")) });
  expect(ofKind(failing.changes, "update-run")[0]?.run.error).toContain("Signal conflict");
  const replacing = reply(runState(), { reply: ops(wait("a", "replace"), wait("b", "replace")) });
  expect(ofKind(replacing.changes, "delete-pause")).toEqual([{ kind: "delete-pause", pauseId: `${RUN_ID}/a` }]);
});

test("the first answer with ops sets the run's request version, later ones don't", () => {
  const state = runState({ run: { requestVersion: -1 } });
  after(state, reply(state, { reply: ops(op({ op: "StepRun", data: 1 })) }).changes);
  expect(state.run.requestVersion).toBe(2);
  after(state, reply(state, { reply: { ...ops(op({ op: "StepRun", id: "b", data: 1 })), requestVersion: 1 } }).changes);
  expect(state.run.requestVersion).toBe(2);
});

test("the newest configuration decides how often a step is tried", () => {
  const { changes } = reply(
    runState(),
    { reply: ops(op({ op: "StepPlanned" })) },
    environment({ function: functionRow({ definition: { attemptsMax: 2 } }) }),
  );
  expect(ofKind(changes, "insert-item")[0]?.item.attemptsMax).toBe(2);
});

describe("waits for several events, and waits that look back", () => {
  const wait = (opts: WireOp["opts"]) => decideReplyOf(op({ op: "WaitForEvent", id: "w", opts: { timeout: "1h", ...opts } }));
  const decideReplyOf = (...list: readonly WireOp[]) =>
    decideReply(runState(), { item: item(), generation: 1, reply: ops(...list), startedAt: NOW }, environment());

  test("each event has a pause, with its own condition or the common one", () => {
    const pauses = ofKind(
      wait({ events: ["a", { event: "b", if: "async.data.x == 'y'" }], if: "async.data.n == 1" }).changes,
      "insert-pause",
    );
    expect(pauses.map(({ pause }) => [pause.id, pause.eventName, pause.matchPath])).toEqual([
      [`${RUN_ID}/w`, "a", "data.n"],
      [`${RUN_ID}/w/1`, "b", "data.x"],
    ]);
  });

  test.each([[[]], [[""]], [[{ event: 1 }]], [Array.from({ length: 11 }, () => "a")], ["a"]])("events %j fail the run", (events) => {
    const run = ofKind(wait({ events }).changes, "update-run")[0]?.run;
    expect(run).toMatchObject({ status: "FAILED" });
  });

  test("a look-back moves the pause's beginning, and searches at once", () => {
    const { changes } = wait({ event: "a", lookBack: "5m" });
    expect(ofKind(changes, "insert-pause")[0]?.pause.createdAt).toBe(NOW - 300_000);
    expect(ofKind(changes, "insert-item").map(({ item: { kind, dueAt } }) => [kind, dueAt])).toContainEqual(["look-back", NOW]);
    expect(ofKind(wait({ event: "a", lookBack: "2d" }).changes, "update-run")[0]?.run.status).toBe("FAILED");
  });
});
