import { describe, expect, test } from "vitest";
import { compileSearch, matchesSearch, type SearchInput, type SearchOver } from "./search.ts";

const NOW = 1_760_000_000_000;

function matches(source: string, input: Omit<SearchInput, "now">, over: SearchOver = "runs"): boolean {
  const compiled = compileSearch(source, over);
  if (compiled.kind === "invalid") throw new Error(compiled.message);
  return matchesSearch(compiled.search, { ...input, now: NOW });
}

function problemOf(source: string, over: SearchOver = "runs"): string {
  const compiled = compileSearch(source, over);
  return compiled.kind === "invalid" ? compiled.message : "";
}

const EVENT = { name: "shop/order", data: { total: 250, items: ["a", "b"] }, ts: NOW - 5_000 };

describe("a search over events", () => {
  test.each([
    ["event.data.total > 200", true],
    ["event.name == 'shop/order' && 'b' in event.data.items", true],
    ["event.data.items.exists(i, i.startsWith('c'))", false],
    ["event.data.missing > 1", false],
    ["date(event.ts) < now()", true],
  ])("%s: %s", (source, expected) => {
    expect(matches(source, { event: EVENT }, "events")).toBe(expected);
  });
});

describe("a search over runs", () => {
  test.each([
    ["output.n == 3", true],
    ["output == 3", false],
    ["error == null", true],
    ["error.message.contains('stock')", false],
    ["run.status == 'FAILED' || output.n > 2", true],
    ["event.data.total == 250 && run.endedAt - run.queuedAt > 1000", true],
    ["has(run.startedAt)", false],
  ])("%s: %s", (source, expected) => {
    const run = { status: "COMPLETED", queuedAt: NOW - 3_000, endedAt: NOW };
    expect(matches(source, { event: EVENT, run, output: { n: 3 } })).toBe(expected);
  });

  test("a variable of a macro may have the name of one of the search", () => {
    expect(matches("output.list.exists(run, run == 2)", { output: { list: [1, 2] } })).toBe(true);
  });
});

test("whether the event is read is known beforehand", () => {
  const reads = (source: string): boolean => {
    const compiled = compileSearch(source, "runs");
    return compiled.kind === "compiled" && compiled.search.readsEvent;
  };
  expect([reads("run.status == 'FAILED'"), reads("output.event == 1"), reads("run.id != event.id")]).toEqual([false, false, true]);
});

test.each([
  ["async.data.x == 1", "runs", "unknown variable `async`; expected event, run, output or error"],
  ["steps.a == 1", "runs", "unknown variable `steps`; expected event, run, output or error"],
  ["vars.x == 1", "runs", "`vars` is reserved; expected event, run, output or error"],
  ["run.status == 'FAILED'", "events", "unknown variable `run`; expected event"],
  ["run.status = 'FAILED'", "runs", ""],
  ["'FAILED'", "runs", "a condition is true or false, but this is always a string"],
  ["", "runs", ""],
] as const)("%s over %s does not compile", (source, over, message) => {
  const problem = problemOf(source, over);
  expect(problem).not.toBe("");
  expect(problem).toContain(message);
});

test("several lines and comments are one expression", () => {
  expect(problemOf("event.data.x == 1\n&& run.status == 'FAILED' // only those")).toBe("");
});

test.each(["output.n", "event.data.total > 'a'", "1 / 0 == 1"])("%s is neither true nor false: it does not match", (source) => {
  expect(matches(source, { event: EVENT, output: { n: 3 } })).toBe(false);
});
