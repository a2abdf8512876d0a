import type { StepRow, UserSpan } from "@pawl/engine";
import { expect, test } from "vitest";
import { attemptSpanId, stepSpanId } from "../../tracing/span-ids.ts";
import { userSpanViews } from "./user-span-view.ts";

const STEPS = [
  { id: "step-a", attempt: 2 },
  { id: "step-b", attempt: 0 },
] as readonly StepRow[];

function span(id: string, over: Partial<UserSpan> = {}): UserSpan {
  return { id, name: id, kind: "internal", startedAt: 1, endedAt: 2, status: "unset", attributes: {}, ...over };
}

function stepsOf(...spans: readonly UserSpan[]): readonly unknown[] {
  return userSpanViews(spans, STEPS).map(({ stepId }) => stepId);
}

test("a span belongs to the step that the SDK named, that it hangs below, or that its parent belongs to", () => {
  const steps = stepsOf(
    span("named", { stepId: "step-a" }),
    span("below", { parentId: stepSpanId("step-b") }),
    span("child", { parentId: "below" }),
    span("grandchild", { parentId: "child" }),
    span("other", { parentId: "unknown" }),
    span("stranger", { stepId: "step-of-another-run", parentId: "named" }),
  );
  expect(steps).toEqual(["step-a", "step-b", "step-b", "step-b", undefined, "step-a"]);
});

test("parents in a circle end at the run", () => {
  expect(stepsOf(span("a", { parentId: "b" }), span("b", { parentId: "a" }), span("c", { parentId: "c" }))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("a parent of another step is not told: below the step, the span is the first", () => {
  const views = userSpanViews([span("call"), span("a", { parentId: "call", stepId: "step-a" }), span("b", { parentId: "a" })], STEPS);
  expect(views.map(({ parentId, stepId }) => [parentId, stepId])).toEqual([
    [undefined, undefined],
    [undefined, "step-a"],
    ["a", "step-a"],
  ]);
});

test("a parent that is no user's span is not told", () => {
  const views = userSpanViews([span("a", { parentId: "server" }), span("b", { parentId: "a", attributes: { rows: 3 } })], STEPS);
  expect(views).toMatchObject([{ id: "a" }, { id: "b", parentId: "a", attributes: '{"rows":3}' }]);
  expect(views[0]).not.toHaveProperty("parentId");
});

test("a span belongs to the attempt that the SDK named, or that it hangs below; else to none", () => {
  const views = userSpanViews(
    [
      span("named", { stepId: "step-a", attributes: { "inngest.step.attempt": 0 } }),
      span("below", { parentId: attemptSpanId("step-a", 1) }),
      span("child", { parentId: "below" }),
      span("both", { stepId: "step-a", parentId: attemptSpanId("step-a", 2) }),
      span("step", { parentId: stepSpanId("step-a") }),
      span("nonsense", { stepId: "step-b", attributes: { "inngest.step.attempt": "0" } }),
    ],
    STEPS,
  );
  expect(views.map(({ stepId, attempt, parentId }) => [stepId, attempt, parentId])).toEqual([
    ["step-a", 0, undefined],
    ["step-a", 1, undefined],
    ["step-a", 1, "below"],
    ["step-a", 2, undefined],
    ["step-a", undefined, undefined],
    ["step-b", undefined, undefined],
  ]);
});

test("a parent of another attempt is not told", () => {
  const [, child] = userSpanViews(
    [
      span("first", { parentId: attemptSpanId("step-a", 0) }),
      span("second", { parentId: "first", stepId: "step-a", attributes: { "inngest.step.attempt": 1 } }),
    ],
    STEPS,
  );
  expect(child).toMatchObject({ stepId: "step-a", attempt: 1 });
  expect(child).not.toHaveProperty("parentId");
});
