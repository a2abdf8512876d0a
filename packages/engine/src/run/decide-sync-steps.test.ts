import { hashStepId, type WireOp } from "@pawl/protocol";
import { expect, test } from "vitest";
import { after, context, environment, eventRow, functionRow, item, NOW, ofKind, op, ops, runState } from "../fixtures/fixtures.ts";
import type { Decision } from "../decision/decision.ts";
import { itemIdOf } from "../queue/item-row.ts";
import { decideReply } from "./decide-reply.ts";
import { decideSyncSteps } from "./decide-sync-steps.ts";
import { decideTimer } from "./decide-timer.ts";
import type { RunState } from "./run-state.ts";
import { startSyncRun, SYNC_MS_MAX } from "./sync-run.ts";

const RUN = "01K6000000000000000000SYNC";
const endpoint = functionRow({ definition: { endpoint: { requestVersion: 2 }, triggers: [] } });
const env = environment({ function: endpoint });
const error = { name: "Error", message: "no" };

function started(keySince = 0, idempotencyKey?: string): ReturnType<typeof startSyncRun> {
  const event = eventRow({ name: "inngest/http.request" });
  const key = idempotencyKey === undefined ? {} : { idempotencyKey };
  return startSyncRun(
    { function: endpoint, events: [event], parsed: JSON.parse(event.body) as { name: string }, runId: RUN, keySince, ...key },
    context(),
  );
}

function saved(state: RunState, ...ops: readonly WireOp[]): Decision {
  const result = decideSyncSteps(state, { ops }, env);
  if (result.kind !== "save") throw new Error(result.kind);
  return result.decision;
}

const itemsOf = ({ changes }: Decision) => ofKind(changes, "insert-item").map(({ item }) => item);
const runOf = ({ changes }: Decision) => ofKind(changes, "update-run")[0]?.run;

test("a run that the app works on runs already and has one item: the time in which it must report", () => {
  const { state, decision } = started();
  expect(state.run).toMatchObject({ id: RUN, status: "RUNNING", requestVersion: -1 });
  expect(itemsOf(decision)).toMatchObject([{ kind: "run-timeout", id: itemIdOf.timeout(RUN, "sync"), dueAt: NOW + SYNC_MS_MAX }]);
  expect(decision.guards).toEqual([{ kind: "run-absent", runId: RUN }]);
});

test("an idempotency key is guarded", () => {
  expect(started(7, "k").decision.guards).toContainEqual({ kind: "idempotency-free", functionId: "fn-1", key: "k", since: 7 });
});

test("steps are stored and the app goes on: nothing is scheduled", () => {
  const decision = saved(started().state, op({ op: "StepRun", data: 1 }));
  expect(ofKind(decision.changes, "put-step")).toMatchObject([{ step: { id: "a", status: "completed", result: '{"data":1}' } }]);
  expect(itemsOf(decision)).toEqual([]);
  expect(ofKind(decision.changes, "delete-item")).toEqual([]);
});

test.each([
  [200, "COMPLETED"],
  [404, "COMPLETED"],
  [500, "FAILED"],
])("an answer with status %i ends the run as %s and is kept", (status, expected) => {
  const decision = saved(started().state, op({ op: "RunComplete", id: "c", data: { status, body: "x" } }));
  expect(runOf(decision)).toMatchObject({ status: expected, output: `{"body":"x","status":${status}}` });
  expect(ofKind(decision.changes, "delete-run-work")).toHaveLength(1);
});

test("SyncRunComplete carries its answer one level deeper", () => {
  expect(runOf(saved(started().state, op({ op: "SyncRunComplete", id: "c", data: { data: { status: 201 } } })))).toMatchObject({
    status: "COMPLETED",
    output: '{"status":201}',
  });
  expect(runOf(saved(started().state, op({ op: "SyncRunComplete", id: "c", data: 1 })))?.status).toBe("FAILED");
});

test("an async op hands the run to the server", () => {
  const decision = saved(started().state, op({ op: "StepRun", data: 1 }), op({ op: "Sleep", id: "z", name: "1h" }));
  expect(itemsOf(decision)).toMatchObject([{ kind: "sleep" }]);
  expect(ofKind(decision.changes, "delete-item")).toEqual([{ kind: "delete-item", itemId: itemIdOf.timeout(RUN, "sync") }]);
  expect(runOf(decision)).toMatchObject({ requestVersion: 2 });
});

test("a discovery request makes the server call at once", () => {
  expect(itemsOf(saved(started().state, op({ op: "DiscoveryRequest", id: "d" })))).toMatchObject([{ kind: "discovery", dueAt: NOW }]);
});

test("a step that fails is tried again by the server, as attempt 1", () => {
  const [again, ...others] = itemsOf(saved(started().state, op({ op: "StepError", error })));
  expect(again).toMatchObject({ kind: "discovery", attempt: 1 });
  expect(again?.dueAt).toBeGreaterThan(NOW);
  expect(others).toEqual([]);
});

test("a handler that fails is tried again, and no step comes of it", () => {
  const decision = saved(started().state, op({ op: "StepRun", data: 1 }), op({ op: "StepError", id: hashStepId("complete"), error }));
  expect(itemsOf(decision)).toMatchObject([{ kind: "discovery", attempt: 1 }]);
  expect(ofKind(decision.changes, "put-step").map(({ step }) => step.id)).toEqual(["a"]);
});

test("the same report again is known: after the run went to the server, and after its end", () => {
  const sleep = op({ op: "Sleep", id: "z", name: "1h" });
  const { state } = started();
  const slept = after(state, saved(state, sleep).changes);
  expect(decideSyncSteps(slept, { ops: [sleep] }, env)).toEqual({ kind: "known" });
  expect(decideSyncSteps(slept, { ops: [op({ op: "StepRun", id: "n", data: 1 })] }, env)).toMatchObject({ code: "not-sync" });
  const complete = op({ op: "RunComplete", id: "c", data: { status: 200 } });
  const other = started().state;
  const ended = after(other, saved(other, complete).changes);
  expect(decideSyncSteps(ended, { ops: [complete] }, env)).toEqual({ kind: "known" });
  expect(decideSyncSteps(ended, { ops: [op({ op: "RunComplete", id: "c", data: { status: 201 } })] }, env)).toMatchObject({
    code: "not-sync",
  });
});

test("an output that is too large is refused", () => {
  expect(decideSyncSteps(started().state, { ops: [op({ op: "StepRun", data: "x".repeat(4_194_305) })] }, env)).toMatchObject({
    kind: "refused",
    code: "too-large",
  });
});

test("an app that never reports has its run failed, an hour after its last report", () => {
  const { state, decision } = started();
  const [item] = itemsOf(decision);
  if (item === undefined) throw new Error("no item");
  const at = (now: number) => decideTimer(state, { item, generation: 1 }, environment({ function: endpoint, ctx: context({ now }) }));
  expect(runOf(at(NOW + SYNC_MS_MAX))).toMatchObject({ status: "FAILED", error: expect.stringContaining("EndpointDidNotReport") });
  after(state, saved(state, op({ op: "StepRun", data: 1 })).changes);
  expect(runOf(at(NOW + SYNC_MS_MAX - 1))?.status).toBe("RUNNING");
});

test("the timer of a run that is ordinary does nothing", () => {
  const [item] = itemsOf(started().decision);
  if (item === undefined) throw new Error("no item");
  const { changes } = decideTimer(runState({ run: { id: RUN } }), { item, generation: 1 }, env);
  expect(ofKind(changes, "delete-item")).toHaveLength(1);
});

test("what an endpoint has deferred counts also where its handler then fails, for now or for good", () => {
  const add = op({ op: "DeferAdd", id: "d", opts: { fn_slug: "shop-mail", input: {} } });
  for (const failure of ["StepError", "StepFailed"] as const) {
    const state = started().state;
    const { changes } = saved(state, add, op({ op: "StepRun", data: 1 }), op({ op: failure, id: hashStepId("complete"), error }));
    expect(ofKind(changes, "put-defer")).toMatchObject([{ defer: { id: "d", status: "after-run" } }]);
    expect(ofKind(changes, "put-step").map(({ step }) => step.id)).toEqual(["a"]);
    expect(ofKind(changes, "insert-item").map(({ item }) => item.attempt)).toEqual(failure === "StepError" ? [1] : []);
  }
});

test.each<[string, WireOp[], WireOp[]]>([
  ["a failure of the handler for good", [op({ op: "StepFailed", id: hashStepId("complete"), error })], []],
  [
    "a failure of the handler after which it was tried again",
    [op({ op: "StepError", id: hashStepId("complete"), error })],
    [op({ op: "RunComplete", id: "c" })],
  ],
  ["a request to go on", [op({ op: "DiscoveryRequest", id: "r" })], [op({ op: "RunComplete", id: "c" })]],
  [
    "something taken back",
    [
      op({ op: "DeferAdd", id: "d", opts: { fn_slug: "f" } }),
      op({ op: "DeferAbort", id: "x", opts: { target_hashed_id: "d" } }),
      op({ op: "Sleep", id: "z", name: "1h" }),
    ],
    [],
  ],
])("the same report again is known after the run has ended, or gone to the server: %s", (_what, report, later) => {
  const state = started().state;
  after(state, saved(state, ...report).changes);
  if (later.length > 0) {
    const input = { item: item({ id: itemIdOf.discovery(RUN, 0) }), generation: 1, reply: ops(...later), startedAt: NOW };
    after(state, decideReply(state, input, env).changes);
    expect(state.run.endedAt).toBeDefined();
  }
  expect(decideSyncSteps(state, { ops: report }, env)).toEqual({ kind: "known" });
});

test("the same report again is known where the signal that it waits for is another run's", () => {
  const wait = [op({ op: "WaitForSignal", id: "w", opts: { signal: "go" } }), op({ op: "Sleep", id: "z", name: "1h" })];
  const state = started().state;
  const result = decideSyncSteps(state, { ops: wait, signalHolders: new Map([["go", "other"]]) }, env);
  if (result.kind !== "save") throw new Error(result.kind);
  after(state, result.decision.changes);
  expect(state.run.status).toBe("FAILED");
  expect(decideSyncSteps(state, { ops: wait }, env)).toEqual({ kind: "known" });
});

test("when an app has reported is what our clock says, not its own", () => {
  const { state, decision } = started();
  const [timeout] = itemsOf(decision);
  if (timeout === undefined) throw new Error("no item");
  const later = environment({ function: endpoint, ctx: context({ now: NOW + 3_000_000 }) });
  const result = decideSyncSteps(state, { ops: [op({ op: "StepRun", data: 1, timing: { a: (NOW - 7_200_000) * 1e6, b: 0 } })] }, later);
  if (result.kind !== "save") throw new Error(result.kind);
  after(state, result.decision.changes);
  const at = (now: number) =>
    runOf(decideTimer(state, { item: timeout, generation: 1 }, environment({ function: endpoint, ctx: context({ now }) })));
  expect(at(NOW + SYNC_MS_MAX)?.status).toBe("RUNNING");
  expect(at(NOW + 3_000_000 + SYNC_MS_MAX)?.status).toBe("FAILED");
});
