import { hashStepId } from "@pawl/protocol";
import { expect, test } from "vitest";
import { NO_FLOW } from "./generate-flow.ts";
import type { Program, Statement } from "./program.ts";
import { replay } from "./replay.ts";

function run(id: string): Statement {
  return { kind: "run", id, bodyMs: 0, failures: 0, isRetryable: true, catches: false };
}

function programOf(...body: readonly Statement[]): Program {
  return {
    slug: "f",
    body,
    attemptsMax: 1,
    requestVersion: 2,
    checkpointSteps: 0,
    checkpointsRetries: false,
    endsByOp: true,
    flow: NO_FLOW,
  };
}

/** Finishes steps in this order. */
function after(program: Program, ids: readonly string[]): ReturnType<typeof replay> {
  const stack = ids.map((id) => hashStepId(id));
  return replay(program, { memo: { steps: Object.fromEntries(stack.map((hash) => [hash, { data: 1 }])), stack }, throwsNow: () => false });
}

const found = ({ found: steps }: ReturnType<typeof replay>): readonly string[] => steps.map(({ statement }) => statement.id);

test("a sequence finds one step after the other", () => {
  const program = programOf(run("a"), run("b"));
  expect(found(after(program, []))).toEqual(["a"]);
  expect(found(after(program, ["a"]))).toEqual(["b"]);
  expect(after(program, ["a", "b"]).outcome).toEqual({ kind: "returned" });
});

test("a fork goes on when all branches are through, a race when the first is", () => {
  const branches = [[run("a"), run("b")], [run("c")]];
  const all = programOf({ kind: "parallel", mode: "wait", branches }, run("d"));
  expect(found(after(all, ["c"]))).toEqual(["a"]);
  expect(found(after(all, ["c", "a", "b"]))).toEqual(["d"]);
  const race = programOf({ kind: "parallel", mode: "race", branches }, run("d"));
  expect(found(after(race, ["c"]))).toEqual(["a", "d"]);
});

test("a memoised failure is thrown where it is not caught", () => {
  const steps = { [hashStepId("a")]: { error: { name: "Error", message: "no" } } };
  const { outcome } = replay(programOf(run("a")), { memo: { steps, stack: [hashStepId("a")] }, throwsNow: () => false });
  expect(outcome).toMatchObject({ kind: "threw", message: "step a failed", isRetryable: false });
});
