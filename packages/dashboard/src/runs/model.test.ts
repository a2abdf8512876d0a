import { expect, test } from "vitest";
import { openRunRow, runRow, T0 } from "../testing/fixtures.ts";
import { compareRuns, failedPath, filtersOf, isFiltered, passes, runsPath, sentenceOf, tallyPhases, toggleStatus } from "./model.ts";

const read = (query: string): ReturnType<typeof filtersOf> => filtersOf(new URLSearchParams(query), T0);

test("filters are read from the URL, and what can't be understood is left out", () => {
  expect(read("status=failed,RUNNING,nonsense&function=shop-pay&since=1h&q= abc ")).toEqual({
    statuses: ["RUNNING", "FAILED"],
    functionSlug: "shop-pay",
    from: T0 - 3_600_000,
    search: "abc",
  });
  expect(isFiltered(read("since=tomorrow&status=x"))).toBe(false);
  expect(isFiltered(read("app=shop"))).toBe(true);
});

test("filters become the server's parameters", () => {
  expect(runsPath(read("status=FAILED&app=shop"), "c1")).toBe("/runs?status=FAILED&app=shop&cursor=c1&limit=100");
});

test.each([
  ["status=FAILED", false],
  ["status=COMPLETED,FAILED", true],
  ["function=other", false],
  ["app=shop&event=shop/order.created", true],
  ["q=01run", true],
  ["q=charge", true],
  ["q=elsewhere", false],
])("with %s a completed run of the shop passes: %s", (query, isPassing) => {
  expect(passes(read(query), runRow())).toBe(isPassing);
});

test("the view of failed runs keeps the other filters", () => {
  expect(failedPath(new URLSearchParams("function=shop-pay&status=RUNNING"))).toBe("/runs?function=shop-pay&status=FAILED");
});

test("a time range keeps older runs out", () => {
  expect(passes({ statuses: [], from: T0 + 1 }, runRow())).toBe(false);
});

test("statuses are switched on and off in their own order", () => {
  expect([toggleStatus(["FAILED"], "RUNNING"), toggleStatus(["RUNNING", "FAILED"], "RUNNING"), toggleStatus(["FAILED"], "FAILED")]).toEqual(
    ["RUNNING,FAILED", "FAILED", ""],
  );
});

test("the sentence says how many failed, and of how many", () => {
  const failed = runRow({ phase: "failed" });
  expect(sentenceOf([], { hasMore: false, isFailedOnly: false })).toBe("No runs.");
  expect(sentenceOf([runRow(), failed], { hasMore: true, isFailedOnly: false })).toBe("1 of the newest 2 runs failed.");
  expect(sentenceOf([failed, failed], { hasMore: false, isFailedOnly: false })).toBe("All of 2 runs failed.");
  expect(sentenceOf([openRunRow({ phase: "retrying" }), runRow()], { hasMore: false, isFailedOnly: false })).toBe(
    "1 run is retrying; none of 2 runs failed.",
  );
  expect(sentenceOf([failed], { hasMore: true, isFailedOnly: true })).toBe("The newest 1 failed run.");
  expect(sentenceOf([runRow()], { hasMore: false, isFailedOnly: false })).toBe("All well: none of 1 run failed.");
});

test("phases are counted in their order, without the empty ones", () => {
  expect(tallyPhases([runRow(), openRunRow({ phase: "held" }), runRow()])).toEqual([
    { phase: "held", count: 1 },
    { phase: "completed", count: 2 },
  ]);
});

test("newer runs come first", () => {
  expect([runRow({ id: "a" }), runRow({ id: "c", queuedAt: T0 + 5 }), runRow({ id: "b" })].sort(compareRuns).map((row) => row.id)).toEqual([
    "c",
    "b",
    "a",
  ]);
});
