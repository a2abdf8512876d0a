import { describe, expect, test } from "vitest";
import { after, environment, functionRow, item, NOW, ofKind, op, ops, RUN_ID, runState, stepRow } from "../../fixtures/fixtures.ts";
import type { Reply } from "../../reply/reply.ts";
import { decideReply, type ReplyInput } from "../decide-reply.ts";
import type { RunState } from "../run-state.ts";

function reply(state: RunState, over: Partial<ReplyInput> & { readonly reply: Reply }, env = environment()) {
  return decideReply(state, { item: item(), generation: 7, startedAt: NOW - 5, ...over }, env);
}

const error = { name: "CardError", message: "declined" };
const unreachable: Reply = { kind: "failure", error: { error: "refused", name: "Error", message: "refused" }, isRetryable: true };
const patient = { attempts: 9, backoff: { kind: "constant", min: "1m", jitter: 0 } };
const planned = (attempt: number, attemptsMax: number) =>
  item({ id: `${RUN_ID}/step/a`, kind: "planned-step", stepId: "a", attempt, attemptsMax });

describe("a step with retries of its own", () => {
  test("is tried more often than its function says, also where the call itself fails", () => {
    const last = item({ attempt: 3, attemptsMax: 4 });
    const { changes, trace } = reply(runState(), { reply: ops(op({ op: "StepError", error, opts: { retry: patient } })), item: last });
    const again = ofKind(changes, "reschedule-item")[0]?.item;
    expect(again).toMatchObject({ attempt: 4, attemptsMax: 10, dueAt: NOW + 60_000 });
    expect(trace.at(-1)).toMatchObject({ kind: "step-retrying", attempt: 4, attemptsMax: 10 });
    expect(again && ofKind(reply(runState(), { reply: unreachable, item: again }).changes, "reschedule-item")).toHaveLength(1);
  });

  test("is tried less often than its function says; the function itself is not", () => {
    const once = { op: "StepError", error, opts: { retry: { attempts: 1 } } } as const;
    const first = reply(runState(), { reply: ops(op(once)) });
    expect(ofKind(first.changes, "reschedule-item")[0]?.item).toMatchObject({ attempt: 1, attemptsMax: 4 });
    const second = reply(runState(), { reply: ops(op(once)), item: item({ attempt: 1 }) });
    expect(ofKind(second.changes, "put-step")[0]?.step).toMatchObject({ status: "failed", attempt: 0 });
    expect(second.trace.find(({ kind }) => kind === "step-failed")).toMatchObject({ attemptsMax: 2 });
  });

  test("has them on its item where it is planned", () => {
    const { changes } = reply(runState(), { reply: ops(op({ op: "StepPlanned", opts: { retry: patient } })) });
    expect(ofKind(changes, "insert-item")[0]?.item).toMatchObject({ kind: "planned-step", attempt: 0, attemptsMax: 10 });
  });

  test("waits as it says where the call for it fails", () => {
    const state = runState({ steps: [stepRow({ options: JSON.stringify({ retry: patient }) })] });
    const { changes } = reply(state, { reply: unreachable, item: planned(0, 10) });
    expect(ofKind(changes, "reschedule-item")[0]?.item).toMatchObject({ attempt: 1, dueAt: NOW + 60_000 });
  });

  test("goes on with its attempts when it gets an item of its own, and has at least one left", () => {
    const state = runState();
    after(
      state,
      reply(state, { reply: ops(op({ op: "StepError", error, opts: { retry: patient } })), item: item({ attempt: 2 }) }).changes,
    );
    const plan = (attempts: number) =>
      reply(state, { reply: ops(op({ op: "StepPlanned", opts: { retry: { attempts } } })), item: item({ attempt: 3 }) });
    expect(ofKind(plan(9).changes, "insert-item")[0]?.item).toMatchObject({ attempt: 3, attemptsMax: 10 });
    expect(ofKind(plan(1).changes, "insert-item")[0]?.item).toMatchObject({ attempt: 1, attemptsMax: 2 });
  });
});

test("a step without retries of its own has its function's", () => {
  const retry = { kind: "linear", minMs: 2_000, maxMs: 9_000, factor: 1, jitter: 0 } as const;
  const env = environment({ function: functionRow({ definition: { retry } }) });
  const { changes } = reply(runState(), { reply: ops(op({ op: "StepError", error })), item: item({ attempt: 1 }) }, env);
  expect(ofKind(changes, "reschedule-item")[0]?.item).toMatchObject({ attempt: 2, attemptsMax: 4, dueAt: NOW + 4_000 });
});

describe("an output is measured in bytes", () => {
  test.each([
    ["€".repeat(1_398_100), "completed"],
    ["€".repeat(1_398_101), "failed"],
    ["😀".repeat(1_048_575), "completed"],
    ["😀".repeat(1_048_576), "failed"],
  ] as const)("%#: %s", (data, status) => {
    const { changes } = reply(runState(), { reply: ops(op({ op: "StepRun", data })) });
    const step = ofKind(changes, "put-step")[0]?.step;
    expect(step?.status).toBe(status);
    if (status === "failed") expect(step?.result).toContain("bytes; at most 4194304 can be stored");
  });

  test("and counts for as many in the run's state", () => {
    const state = after(runState(), reply(runState(), { reply: ops(op({ op: "StepRun", data: "é€😀" })) }).changes);
    expect(state.run.stateBytes).toBe(20);
  });
});
