import { expect, test } from "vitest";
import { context, eventRow, functionRow, NOW, ofKind, op, ops, runRow, stepRow } from "../fixtures/fixtures.ts";
import { flowPlanOf } from "../flow/flow-plan.ts";
import { planStart } from "../flow/plan-start.ts";
import { decideReply } from "./decide-reply.ts";
import { memoOf, type RerunFrom } from "./rerun-from.ts";

const finished = (id: string, position: number, at: number) =>
  stepRow({
    id,
    name: `step ${id}`,
    status: "completed",
    position,
    startedAt: at,
    endedAt: at + 1,
    queuedAt: at,
    result: `{"data":"${id}"}`,
  });

const STEPS = [finished("a", 0, NOW), finished("b", 1, NOW + 1), finished("c", 2, NOW + 2)];

function rerun(from: RerunFrom) {
  const memo = memoOf(runRow(), STEPS, from);
  if (typeof memo === "string") throw new Error(memo);
  const plan = flowPlanOf(context(), new Map());
  const event = eventRow();
  planStart(plan, { function: functionRow(), events: [event], parsed: JSON.parse(event.body), memo });
  return plan;
}

test("a run from a step begins with the results of the steps before it", () => {
  const { changes, runs } = rerun({ stepId: "c" });
  expect(ofKind(changes, "put-step").map(({ step }) => [step.id, step.position, step.result])).toEqual([
    ["a", 0, '{"data":"a"}'],
    ["b", 1, '{"data":"b"}'],
  ]);
  expect(ofKind(changes, "insert-run")[0]?.run).toMatchObject({ stepsDone: 2, requestVersion: 2 });
  expect([...(runs[0]?.state.steps.keys() ?? [])]).toEqual(["a", "b"]);
});

test("the step is named by its hash or by a name that is unique", () => {
  expect(memoOf(runRow(), STEPS, { stepId: "step b" })).toMatchObject({ target: { id: "b" } });
  expect(memoOf(runRow(), STEPS, { stepId: "nope" })).toBe("step-not-found");
  expect(memoOf(runRow(), [...STEPS, stepRow({ id: "d", name: "step b" })], { stepId: "step b" })).toBe("step-ambiguous");
  expect(memoOf(runRow(), [stepRow({ id: "s", kind: "sleep" })], { stepId: "s", input: [] })).toBe("step-has-no-input");
});

test("new arguments are sent with the first call and end with the step, found in place or planned first", () => {
  const { runs, changes } = rerun({ stepId: "b", input: [{ n: 1 }] });
  const state = runs[0]?.state;
  const item = ofKind(changes, "insert-item")[0]?.item;
  if (state === undefined || item === undefined) throw new Error("no run");
  expect(state.steps.get("b")).toMatchObject({ inputOverride: '[{"n":1}]', itemId: item.id });
  const env = { ctx: context(), function: functionRow() };
  const decide = (reply: ReturnType<typeof ops>) => decideReply(state, { item, generation: 1, reply, startedAt: NOW }, env);
  const done = ofKind(decide(ops(op({ op: "StepRun", id: "b", data: 1 }))).changes, "put-step")[0]?.step;
  expect(done).toMatchObject({ status: "completed", position: 1 });
  const planned = decide(ops(op({ op: "StepPlanned", id: "b" }))).changes;
  expect(ofKind(planned, "put-step")[0]?.step).toMatchObject({ status: "planned", inputOverride: '[{"n":1}]' });
  expect(ofKind(planned, "insert-item")[0]?.item).toMatchObject({ kind: "planned-step", stepId: "b" });
  expect(ofKind(planned, "delete-step")).toEqual([]);
});
