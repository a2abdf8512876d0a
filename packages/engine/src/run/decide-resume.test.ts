import { expect, test } from "vitest";
import { environment, NOW, ofKind, RUN_ID, runState, stepRow } from "../fixtures/fixtures.ts";
import type { PauseRow } from "../pause/pause-row.ts";
import { decideCancel } from "./decide-cancel.ts";
import { decideResume, type Resumption } from "./decide-resume.ts";

const pause: PauseRow = { id: `${RUN_ID}/a`, runId: RUN_ID, kind: "event", stepId: "a", createdAt: NOW, expiresAt: NOW + 1 };
const waiting = () => runState({ run: { hasPauses: true }, steps: [stepRow({ kind: "wait-for-event", status: "waiting" })] });
const resume = (resumption: Resumption) => decideResume(waiting(), { pause, resumption }, environment());

test("an event resumes with the bare event and consumes pause and time-out", () => {
  const decision = resume({ kind: "event", eventId: "e1", body: '{"name":"x"}' });
  expect(decision?.guards).toContainEqual({ kind: "pause-open", pauseId: pause.id });
  expect(ofKind(decision?.changes ?? [], "put-step")[0]?.step).toMatchObject({
    status: "completed",
    result: '{"name":"x"}',
    matchedEventId: "e1",
  });
  expect(ofKind(decision?.changes ?? [], "delete-item")).toEqual([{ kind: "delete-item", itemId: `${RUN_ID}/step/a` }]);
  expect(ofKind(decision?.changes ?? [], "delete-pause")).toHaveLength(1);
});

test.each([
  [
    { result: 7, run_id: "c" },
    { status: "completed", result: '{"data":7}', targetRunId: "c" },
  ],
  [{ run_id: "c" }, { status: "completed", result: '{"data":null}' }],
  [{ error: { name: "E", message: "m" } }, { status: "failed", result: '{"error":{"message":"m","name":"E"}}' }],
  [{ _inngest: { status: "Cancelled" }, run_id: "c" }, { status: "failed" }],
])("an invoked function that ended with %j ends the step", (finished, expected) => {
  const decision = resume({ kind: "invoke", finished });
  expect(ofKind(decision?.changes ?? [], "put-step")[0]?.step).toMatchObject(expected);
});

test("a signal's payload is wrapped with its name", () => {
  const decision = resume({ kind: "signal", signal: "ready", data: { by: "ops" } });
  expect(ofKind(decision?.changes ?? [], "put-step")[0]?.step.result).toBe('{"data":{"data":{"by":"ops"},"signal":"ready"}}');
});

test("what comes after the step has finished does nothing", () => {
  const state = runState({ steps: [stepRow({ status: "timed_out", endedAt: NOW, position: 0, result: "null" })] });
  expect(decideResume(state, { pause, resumption: { kind: "event", eventId: "e", body: "{}" } }, environment())).toBeUndefined();
});

test("cancelling ends the run with its items and pauses, and once only", () => {
  const decision = decideCancel(waiting(), { reason: "because" }, environment());
  expect(ofKind(decision?.changes ?? [], "update-run")[0]?.run).toMatchObject({ status: "CANCELLED", endReason: "because" });
  expect(ofKind(decision?.changes ?? [], "delete-run-work")).toEqual([{ kind: "delete-run-work", runId: RUN_ID, hasPauses: true }]);
  expect(ofKind(decision?.changes ?? [], "insert-event").map(({ event }) => event.name)).toEqual([
    "inngest/function.finished",
    "inngest/function.cancelled",
  ]);
  expect(decideCancel(runState({ run: { status: "COMPLETED", endedAt: NOW } }), { reason: "x" }, environment())).toBeUndefined();
});
