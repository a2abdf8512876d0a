import { expect, test } from "vitest";
import { environment, item, NOW, ofKind, RUN_ID, runState, stepRow } from "../fixtures/fixtures.ts";
import { decideTimer, INVOKE_TIMEOUT_RESULT } from "./decide-timer.ts";

const timer = (kind: "sleep" | "pause-timeout") => item({ id: `${RUN_ID}/step/a`, kind, stepId: "a" });

test("a sleep that ends is memoised as null and the app is asked", () => {
  const { changes } = decideTimer(
    runState({ steps: [stepRow({ kind: "sleep", status: "sleeping" })] }),
    { item: timer("sleep"), generation: 1 },
    environment(),
  );
  expect(ofKind(changes, "put-step")[0]?.step).toMatchObject({ status: "completed", result: "null", position: 0 });
  expect(ofKind(changes, "insert-item")[0]?.item.kind).toBe("discovery");
  expect(ofKind(changes, "delete-item")).toHaveLength(1);
});

test("a wait that times out is null, and its pause goes", () => {
  const { changes } = decideTimer(
    runState({ steps: [stepRow({ kind: "wait-for-event", status: "waiting" })] }),
    { item: timer("pause-timeout"), generation: 1 },
    environment(),
  );
  expect(ofKind(changes, "put-step")[0]?.step).toMatchObject({ status: "timed_out", result: "null" });
  expect(ofKind(changes, "delete-pause")).toEqual([{ kind: "delete-pause", pauseId: `${RUN_ID}/a` }]);
});

test("an invoke that times out is an error", () => {
  const { changes } = decideTimer(
    runState({ steps: [stepRow({ kind: "invoke", status: "waiting" })] }),
    { item: timer("pause-timeout"), generation: 1 },
    environment(),
  );
  expect(ofKind(changes, "put-step")[0]?.step.result).toBe(INVOKE_TIMEOUT_RESULT);
});

test("a timer that comes after the step has finished only goes away", () => {
  const state = runState({ steps: [stepRow({ kind: "wait-for-event", status: "completed", endedAt: NOW, position: 0, result: "{}" })] });
  expect(decideTimer(state, { item: timer("pause-timeout"), generation: 1 }, environment()).changes).toEqual([
    { kind: "delete-item", itemId: `${RUN_ID}/step/a` },
  ]);
});
