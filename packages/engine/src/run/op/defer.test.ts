import { expect, test } from "vitest";
import type { WireOp } from "@pawl/protocol";
import { callBody } from "../../call/call-body.ts";
import { after, context, functionRow, item, NOW, ofKind, op, ops, RUN_ID, runState } from "../../fixtures/fixtures.ts";
import type { Reply } from "../../reply/reply.ts";
import { decideCheckpoint } from "../decide-checkpoint.ts";
import { decideReply } from "../decide-reply.ts";
import type { RunState } from "../run-state.ts";

const env = { ctx: context(), function: functionRow() };
const add = (id: string, opts: WireOp["opts"] = { fn_slug: "shop-mail", input: { n: 1 } }) => op({ op: "DeferAdd", id, opts });
const reply = (state: RunState, answer: Reply) =>
  decideReply(state, { item: item(), generation: 1, reply: answer, startedAt: NOW }, env).changes;
const statuses = (state: RunState) => [...state.defers.values()].map(({ id, status, reason }) => [id, status, reason]);

function with_(...list: readonly WireOp[]): RunState {
  const state = runState();
  return after(state, reply(state, ops(...list, op({ op: "StepRun", id: "s", data: 1 }))));
}

test("what was deferred is started when the run ends, however it ends, and is told to the app until then", () => {
  const state = with_(add("d"));
  expect(JSON.parse(callBody(state, { item: item(), generation: 1, requestId: "r" })).defers).toEqual({ d: { abortable: true } });
  for (const end of [
    { kind: "result", data: "1" },
    { kind: "failure", isRetryable: false, error: { error: "x", name: "Error", message: "x" } },
  ] as const) {
    const events = ofKind(reply(state, end as Reply), "insert-event").filter(({ event }) => event.name === "inngest/deferred.schedule");
    expect(JSON.parse(events[0]?.event.body ?? "{}").data).toMatchObject({
      n: 1,
      _inngest: { fn_slug: "shop-mail", parent_run_id: RUN_ID, parent_fn_slug: "shop-import" },
    });
  }
});

test("a note of null is none", () => {
  expect(statuses(with_(add("d", { fn_slug: "f", input: {}, meta: null })))).toEqual([["d", "after-run", undefined]]);
});

test("an aborted one is not started, and stays aborted", () => {
  const state = with_(add("d"), op({ op: "DeferAbort", id: "x", opts: { target_hashed_id: "d" } }), add("d"));
  expect(statuses(state)).toEqual([["d", "aborted", undefined]]);
  expect(ofKind(reply(state, { kind: "result", data: "1" } as Reply), "insert-event").map(({ event }) => event.name)).not.toContain(
    "inngest/deferred.schedule",
  );
});

test("what breaks a limit is rejected with the reason, and the run goes on", () => {
  const big = "x".repeat(3 * 1024 * 1024);
  const state = with_(
    add("no-slug", { input: {} }),
    add("no-object", { fn_slug: "f", input: [1] }),
    add("a", { fn_slug: "f", input: { big } }),
    add("b", { fn_slug: "f", input: { big } }),
    add("c", { fn_slug: "f", input: { big: big + big } }),
    ...Array.from({ length: 20 }, (_, n) => add(`n${String(n)}`)),
  );
  expect(state.run.endedAt).toBeUndefined();
  expect(statuses(state).filter(([, status]) => status === "rejected")).toEqual([
    ["no-slug", "rejected", "invalid_opts"],
    ["no-object", "rejected", "invalid_opts"],
    ["b", "rejected", "aggregate_size"],
    ["c", "rejected", "per_defer_size"],
    ...Array.from({ length: 5 }, (_, n) => [`n${String(15 + n)}`, "rejected", "per_run_count"]),
  ]);
});

test("a checkpoint defers too", () => {
  const result = decideCheckpoint(runState(), { ops: [add("d")], item: item(), startedAt: NOW }, env);
  expect(result.kind === "save" && ofKind(result.decision.changes, "put-defer")[0]?.defer.status).toBe("after-run");
});

test("metadata of ops is kept with the step or the run; what is invalid is left out", () => {
  const update = (scope: string, kind: string) => ({ kind, scope, op: "merge", values: { a: 1 } });
  const metadata = [update("step", "inngest.experiment"), update("run", "userland.x"), update("step", "other")];
  const rows = ofKind(reply(runState(), ops(op({ op: "StepRun", id: "s", data: 1, metadata }))), "put-metadata");
  expect(rows.map(({ metadata: { stepId, kind, values } }) => [stepId, kind, values])).toEqual([
    ["s", "inngest.experiment", '{"op":"merge","values":{"a":1}}'],
    ["", "userland.x", '{"op":"merge","values":{"a":1}}'],
  ]);
});

test.each(["x", { kind: "userland.x" }, [null, 1, "x"]])("metadata that is no list of updates is left out: %j", (odd) => {
  const step = op({ op: "StepRun", id: "s", data: 1, metadata: odd as unknown as NonNullable<WireOp["metadata"]> });
  expect(ofKind(reply(runState(), ops(step)), "put-metadata")).toEqual([]);
});
