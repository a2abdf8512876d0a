import type { UiUserSpan } from "@pawl/protocol";
import { expect, test } from "vitest";
import { userSpanRows } from "./user-spans.ts";

function span(id: string, [startedAt, endedAt]: readonly [number, number], over: Partial<UiUserSpan> = {}): UiUserSpan {
  return { id, name: id, kind: "internal", startedAt, endedAt, status: "unset", attributes: "{}", ...over };
}

test("those of a step, children below their parents, with their places in the whole", () => {
  const spans = [
    span("load", [100, 200], { stepId: "s" }),
    span("parse", [180, 200], { stepId: "s", parentId: "load" }),
    span("query", [110, 160], { stepId: "s", parentId: "load" }),
    span("other", [0, 900]),
    span("save", [250, 300], { stepId: "s", parentId: "of another step" }),
  ];
  expect(userSpanRows(spans, "s").map(({ span: { id }, depth, left, width }) => [id, depth, left, width])).toEqual([
    ["load", 0, 0, 0.5],
    ["parse", 1, 0.4, 0.1],
    ["query", 1, 0.05, 0.25],
    ["save", 0, 0.75, 0.25],
  ]);
});

test("an instant fills its row; none are no rows", () => {
  expect(userSpanRows([span("a", [5, 5])], undefined)).toMatchObject([{ left: 0, width: 1 }]);
  expect([userSpanRows(undefined, undefined), userSpanRows([], "s")]).toEqual([[], []]);
});
