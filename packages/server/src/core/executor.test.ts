import { type RunRow, type RunState, runStateOf, type StepRow } from "@pawl/engine";
import { expect, test } from "vitest";
import { isStillTrue } from "./executor.ts";

function stateWith(...results: readonly string[]): RunState {
  const steps = results.map((result, position) => ({ id: `s${position}`, position, result, endedAt: 1 }) as unknown as StepRow);
  return runStateOf({ id: "run-1", stepsDone: results.length } as RunRow, steps, []);
}

test("what an app was told is still true on the same state, and on a newer one that has the same results", () => {
  const told = { state: stateWith("1", "2"), stepsDone: 2 };
  expect(isStillTrue(told, told.state)).toBe(true);
  expect(isStillTrue(told, stateWith("1", "2", "3"))).toBe(true);
});

test("what an app was told is not true any more where a result was lost, or came out otherwise (simulator seed 1302)", () => {
  const told = { state: stateWith("1", "2"), stepsDone: 2 };
  expect(isStillTrue(told, stateWith("1"))).toBe(false);
  expect(isStillTrue(told, stateWith("1", "3"))).toBe(false);
});

test("steps that finished after the call do not matter", () => {
  expect(isStillTrue({ state: stateWith("1", "2"), stepsDone: 1 }, stateWith("1"))).toBe(true);
});
