import { describe, expect, test } from "vitest";
import { compileExpression } from "./index.ts";
import type { Failure } from "./value.ts";
import { evaluate, problemOf } from "./expression.fixture.ts";

describe("expressions that do not compile", () => {
  test.each([
    ["", /line 1, column 1: an expression must not be empty/],
    ["   ", /must not be empty/],
    ["event.data.a === 1", /line 1, column 16: compare with ==/],
    ["event.data.a = 1", /compare with ==/],
    ["event.data.a and true", /write && for and/],
    ["event.data.a or true", /write \|\| for or/],
    ["{{ event.data.a }}", /templates with {{ }} are not supported/],
    ["nope.x == 1", /line 1, column 1: unknown variable `nope`; expected event or async/],
    ["event.data.a == 1 &&\n  steps.x == 2", /line 2, column 3: unknown variable `steps`/],
    ["vars.a == 1", /`vars` is reserved/],
    ["event.data.text.charAt(0)", /unknown function `charAt`/],
    ["'a'.format([1])", /unknown function `format`/],
    ["'a'.lowerAscii()", /unknown function `lowerAscii`; write lowercase\(text\)/],
    ["math.greatest(1, 2)", /unknown function/],
    ["event.?data", /got \?/],
    ["optional.of(1)", /unknown function/],
    ["size()", /size\(\) takes 1 argument, got 0/],
    ["contains('a', 'b')", /contains is called as x.contains\(\)/],
    ["'a'.now()", /now is called as now\(x\)|now\(\) takes/],
    ["has(1)", /has\(\) takes a field/],
    ["[1].exists(1, true)", /line 1, column 12: .*variable/],
    ["event.data.text.matches('(')", /RE2/],
    ["9223372036854775808", /an int must fit 64 bits/],
    ["'open", /line 1/],
  ])("%s", (source, message) => {
    const result = compileExpression(source);
    expect(result.kind).toBe("invalid");
    expect(problemOf(source)).toMatch(message);
  });
  test("depth and length are bounded", () => {
    expect(problemOf(`${"!".repeat(200)}true`)).toMatch(/nested deeper than 100 levels/);
    expect(problemOf(`${"(".repeat(5_000)}true${")".repeat(5_000)}`)).toMatch(/nested deeper than 100 levels/);
    expect(problemOf(`'${"x".repeat(70_000)}'`)).toMatch(/at most 65536 characters, this one has 70002/);
  });
  test("long chains are not deep", () => {
    expect(evaluate(Array.from({ length: 3_000 }, () => "event.data.no").join(" || "))).toBe(false);
  });
});

/** Small in memory, because the copies are shared, and a million times as large when read. */
const DOUBLED_20_TIMES = ".map(a, [a, a])".repeat(20);

describe("work is bounded", () => {
  const items = Array.from({ length: 30_000 }, (_, n) => `item-${n}`);
  const event = { name: "a", data: { items, long: "x".repeat(1_000_000), maps: items.map((id) => ({ id })) } };
  test.each([
    "event.data.items.all(a, event.data.items.exists(b, b == a + '!') || true)",
    "event.data.items.all(a, !(a + '!' in event.data.items))",
    "event.data.items.exists(a, event.data.long.contains(a))",
    "event.data.items.exists(a, event.data.long.matches('[a-z]{1,900}' + a))",
    "event.data.items.exists(a, event.data.maps == event.data.maps + [a])",
    "event.data.items.exists(a, {'id': a + '!'} in event.data.maps)",
    "event.data.items.map(a, event.data.items) == 1",
    "event.data.items.exists(a, json_parse(event.data.long) == {'a': a})",
    "event.data.items.exists(a, size(event.data.long + a) == 0)",
    `[event.data.items]${DOUBLED_20_TIMES} == 1`,
    `string([event.data.items]${DOUBLED_20_TIMES}) == ''`,
  ])("%s", (source) => {
    const outcome = evaluate(source, event);
    expect((outcome as Failure).message).toMatch(/too much work/);
  });
  test("usual work over a large event is allowed", () => {
    expect(evaluate("event.data.maps.exists(m, m.id == 'item-29999') && 'item-29999' in event.data.items", event)).toBe(true);
  });
  test("a value nested too deeply is an error and not a crash", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 200_000; level += 1) deep = [deep];
    const outcome = evaluate("string(event.data.deep) == 'x'", { name: "a", data: { deep } });
    expect((outcome as Failure).message).toMatch(/nested too deeply/);
  });
});
