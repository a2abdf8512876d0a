import { expect, test } from "vitest";
import { environment, item, NOW, ofKind, op, RUN_ID, runState, stepRow } from "../fixtures/fixtures.ts";
import { type CheckpointInput, decideCheckpoint } from "./decide-checkpoint.ts";
import type { RunState } from "./run-state.ts";

const save = (state: RunState, over: Partial<CheckpointInput> & Pick<CheckpointInput, "ops">) =>
  decideCheckpoint(state, { item: item(), generation: 3, startedAt: NOW, ...over }, environment());

test("steps are stored in order and nothing is scheduled: the call goes on", () => {
  const result = save(runState(), { ops: [op({ op: "StepRun", id: "a", data: 1 }), op({ op: "StepRun", id: "b", data: 2 })] });
  if (result.kind !== "save") throw new Error(result.message);
  expect(ofKind(result.decision.changes, "put-step").map(({ step: { id, position } }) => [id, position])).toEqual([
    ["a", 0],
    ["b", 1],
  ]);
  expect(ofKind(result.decision.changes, "insert-item")).toEqual([]);
  expect(ofKind(result.decision.changes, "delete-item")).toEqual([]);
  expect(result.decision.guards).toContainEqual({ kind: "item-leased", itemId: `${RUN_ID}/start`, generation: 3 });
});

test("a step that is stored already is left alone", () => {
  const state = runState({
    run: { stepsDone: 1 },
    steps: [stepRow({ status: "completed", endedAt: NOW, position: 0, result: '{"data":1}' })],
  });
  const result = save(state, { ops: [op({ op: "StepRun", id: "a", data: 2 })] });
  expect(result.kind === "save" && ofKind(result.decision.changes, "put-step")).toEqual([]);
});

test("progress resets the attempts of the call's item", () => {
  const result = save(runState(), { ops: [op({ op: "StepRun", data: 1 })], item: item({ attempt: 2 }) });
  expect(result.kind === "save" && ofKind(result.decision.changes, "amend-item")[0]?.item.attempt).toBe(0);
});

test.each([
  ["Sleep", "async-op"],
  ["StepFailed", "other-op"],
  ["RunComplete", "other-op"],
] as const)("%s is refused, with everything that came with it", (opcode, code) => {
  expect(
    save(runState(), { ops: [op({ op: "StepRun", id: "b", data: 1 }), op({ op: opcode, error: { name: "E", message: "m" } })] }),
  ).toMatchObject({ kind: "refused", code });
});

test("an ended run takes nothing", () => {
  expect(save(runState({ run: { status: "CANCELLED", endedAt: NOW } }), { ops: [] })).toMatchObject({ kind: "refused", code: "run-ended" });
});

test("an output over 4 MiB is refused", () => {
  expect(save(runState(), { ops: [op({ op: "StepRun", data: "x".repeat(4 * 1024 * 1024 + 1) })] })).toMatchObject({
    kind: "refused",
    code: "too-large",
  });
  expect(save(runState(), { ops: [op({ op: "StepRun", data: "€".repeat(1_398_101) })] })).toMatchObject({ code: "too-large" });
});
