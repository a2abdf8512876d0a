import { expect, test } from "vitest";
import { filtersOf } from "../runs/model.ts";
import { bulk, runRow, T0 } from "../testing/fixtures.ts";
import { bulksSentence, draftOf, draftProblem, previewPath, previewWords, progressWords, requestOf, statusesFor } from "./model.ts";
import type { BulkDraft, BulkKind } from "./model.ts";

const draft = (kind: BulkKind, query = "function=shop-pay"): BulkDraft => {
  const parameters = new URLSearchParams(query);
  return draftOf(kind, { filters: filtersOf(parameters, T0), since: parameters.get("since") });
};

test("a cancellation is for runs that live, a replay for those that have ended", () => {
  expect(statusesFor("cancel")).toEqual(["QUEUED", "RUNNING"]);
  expect(statusesFor("replay")).toEqual(["COMPLETED", "FAILED", "CANCELLED", "SKIPPED"]);
});

test.each([
  ["cancel", "", ["QUEUED", "RUNNING"]],
  ["cancel", "status=RUNNING,FAILED", ["RUNNING"]],
  ["cancel", "status=FAILED", ["QUEUED", "RUNNING"]],
  ["replay", "", ["FAILED"]],
  ["replay", "status=CANCELLED,RUNNING", ["CANCELLED"]],
] as const)("a %s with the filter %j begins with %j", (kind, query, statuses) => {
  expect(draft(kind, query).statuses).toEqual(statuses);
});

test("an operation takes over the filters of the list", () => {
  expect(requestOf({ ...draft("replay", "function=shop-pay&since=1h"), condition: " event.data.n > 1 " }, T0)).toEqual({
    kind: "replay",
    functionSlug: "shop-pay",
    statuses: ["FAILED"],
    from: T0 - 3_600_000,
    if: "event.data.n > 1",
    perSecond: 10,
  });
  expect(requestOf(draft("cancel"), T0)).toEqual({ kind: "cancel", functionSlug: "shop-pay", statuses: ["QUEUED", "RUNNING"] });
});

test("a draft says what is missing", () => {
  expect(draftProblem(draft("cancel", ""))).toBe("Choose a function.");
  expect(draftProblem({ ...draft("cancel"), statuses: [] })).toBe("Choose at least one status.");
  expect(draftProblem({ ...draft("replay"), perSecond: "0" })).toContain("from 1 to 100");
  expect(draftProblem({ ...draft("cancel"), perSecond: "0" })).toBeUndefined();
});

test("the runs that match are counted before, as far as a page goes", () => {
  expect(previewPath(draft("cancel", ""), T0)).toBeUndefined();
  expect(previewPath(draft("cancel"), T0)).toBe("/runs?function=shop-pay&status=QUEUED%2CRUNNING&limit=200");
  expect(previewWords({ items: [] })).toBe("No run matches now.");
  expect(previewWords({ items: [runRow()] })).toBe("1 run matches now.");
  expect(previewWords({ items: [runRow(), runRow()], next: "c" })).toBe("At least 2 runs match now.");
});

test("progress and the sentence count", () => {
  expect(progressWords(bulk())).toBe("");
  expect(progressWords(bulk({ status: "running", seen: 1_200, done: 7 }))).toBe("1,200 runs looked at, 7 cancelled");
  expect(progressWords(bulk({ kind: "replay", status: "ended", seen: 1, done: 1 }))).toBe("1 run looked at, 1 run again");
  expect(bulksSentence([])).toBe("No bulk operations.");
  expect(bulksSentence([bulk(), bulk({ status: "ended" })])).toBe("1 bulk operation is under way.");
  expect(bulksSentence([bulk({ status: "stopped" })])).toBe("1 bulk operation, none under way.");
});
