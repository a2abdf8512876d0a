import { describe, expect, test } from "vitest";
import {
  bindEvent,
  compileExpression,
  compileResidual,
  evaluateCondition,
  type Expression,
  type ExpressionEvent,
  indexKeyOf,
} from "./index.ts";

const NOW = 1_769_851_815_250;

const EVENT: ExpressionEvent = {
  name: "shop/order.placed",
  id: "e1",
  ts: NOW,
  data: {
    id: "o_1",
    n: 5,
    total: 2.5,
    yes: true,
    nothing: null,
    list: ["a", "b"],
    items: [{ id: "i1" }],
    quote: 'say "hi"\n\\\u0000',
    map: { a: 1 },
  },
};

function compiled(source: string): Expression {
  const result = compileExpression(source);
  if (result.kind === "invalid") throw new Error(result.message);
  return result.expression;
}

function bind(source: string): ReturnType<typeof bindEvent> {
  return bindEvent(compiled(source), EVENT);
}

function holds(source: string, async: ExpressionEvent): boolean {
  const result = compileResidual(source);
  if (result.kind === "invalid") throw new Error(`${source}: ${result.message}`);
  const outcome = evaluateCondition(result.expression, { async, now: NOW });
  return outcome.kind === "value" && outcome.value;
}

describe("binding the event", () => {
  test.each([
    ["async.data.id == event.data.id", 'async.data.id == "o_1"', [{ path: "data.id", value: '"o_1"' }]],
    ["event.data.id == async.data.id", '"o_1" == async.data.id', [{ path: "data.id", value: '"o_1"' }]],
    ["async.data.n == event.data.n", "async.data.n == 5.0", [{ path: "data.n", value: "5" }]],
    ["async.data.n == 5", "async.data.n == 5", [{ path: "data.n", value: "5" }]],
    ["async.data.n == '5'", 'async.data.n == "5"', [{ path: "data.n", value: '"5"' }]],
    ["async.data.yes == true", "async.data.yes == true", [{ path: "data.yes", value: "true" }]],
    ["async.data['a b'][0].id == 'x'", 'async.data["a b"][0].id == "x"', [{ path: 'data["a b"][0].id', value: '"x"' }]],
    ["async.data.x == event.data.missing", "async.data.x == vars.missing", []],
    ["async.data.x == event.data.nothing", "async.data.x == null", []],
    ["async.data.id != event.data.id", 'async.data.id != "o_1"', []],
    ["async.data.id in event.data.list", 'async.data.id in ["a", "b"]', []],
    ["event.data.n > 3 && async.data.id == event.data.id", 'async.data.id == "o_1"', [{ path: "data.id", value: '"o_1"' }]],
    ["async.data.id == event.data.id && event.data.yes", 'async.data.id == "o_1"', [{ path: "data.id", value: '"o_1"' }]],
    ["async.data.id == event.data.id || event.data.n > 9", 'async.data.id == "o_1"', [{ path: "data.id", value: '"o_1"' }]],
    ["async.data.ok && event.data.yes", "async.data.ok && true", []],
    ["event.data.yes && async.data.ok", "true && async.data.ok", []],
    [
      "async.data.a == 1 && (async.data.b == 'x' && async.data.c > 2)",
      '(async.data.a == 1) && ((async.data.b == "x") && (async.data.c > 2))',
      [
        { path: "data.a", value: "1" },
        { path: "data.b", value: '"x"' },
      ],
    ],
    ["async.data.a == 1 || async.data.b == 2", "(async.data.a == 1) || (async.data.b == 2)", []],
    ["!(async.data.a == 1)", "!(async.data.a == 1)", []],
    ["event.data.list.exists(x, x == async.data.x)", '["a", "b"].exists(x, x == async.data.x)', []],
    ["event.data.list.exists(x, x == 'a') && async.data.x == 1", "async.data.x == 1", [{ path: "data.x", value: "1" }]],
    ["async.ts > now_minus('1h').getHours()", 'async.ts > now_minus("1h").getHours()', []],
    ["event.data.n > 3 ? async.data.a == 1 : async.data.b == 1", "async.data.a == 1", [{ path: "data.a", value: "1" }]],
    [
      "async.data.q == event.data.quote",
      'async.data.q == "say \\"hi\\"\\u000a\\\\\\u0000"',
      [{ path: "data.q", value: JSON.stringify('say "hi"\n\\\u0000') }],
    ],
  ])("%s", (source, residual, equalities) => {
    expect(bind(source)).toEqual({ kind: "residual", source: residual, equalities });
    expect(compileResidual(residual).kind).toBe("compiled");
  });

  test.each(["true", "event.data.id == 'o_1'", "event.data.n == 5 || async.data.x == 1", "has(event.data.id)"])("always: %s", (source) => {
    expect(bind(source)).toEqual({ kind: "always" });
  });

  test.each([
    "false",
    "event.data.id == 'o_2' && async.data.x == 1",
    "event.data.missing",
    "event.data.missing && async.data.x == 1",
    "event.data.id > 5",
    "event.data.n",
    "'text'",
    "null",
  ])("never: %s", (source) => expect(bind(source)).toEqual({ kind: "never" }));

  test("regression #3907: a clause with `in` beside a path that contains `event.` is kept", () => {
    const bound = bind('async.data.event.data.x == event.data.n && async.data.function_id in ["a", "b"]');
    if (bound.kind !== "residual") throw new Error(bound.kind);
    expect(bound.source).toBe('(async.data.event.data.x == 5.0) && (async.data.function_id in ["a", "b"])');
    const event = (functionId: string): ExpressionEvent => ({ name: "x", data: { event: { data: { x: 5 } }, function_id: functionId } });
    expect(holds(bound.source, event("a"))).toBe(true);
    expect(holds(bound.source, event("c"))).toBe(false);
  });

  test("a failure over the event stays a failure and never matches", () => {
    const bound = bind("async.data.x == 1 && event.data.id > 5");
    if (bound.kind !== "residual") throw new Error(bound.kind);
    expect(holds(bound.source, { name: "x", data: { x: 1 } })).toBe(false);
  });

  test("values too large to store are an error", () => {
    const event = { name: "x", data: { list: Array.from({ length: 200_000 }, (_, n) => `item ${n}`) } };
    expect(bindEvent(compiled("async.data.x in event.data.list"), event).kind).toBe("error");
    const many = Array.from({ length: 200 }, (_, n) => `async.data.x${n} == event.data.long`).join(" && ");
    expect(bindEvent(compiled(many), { name: "x", data: { long: "x".repeat(10_000) } }).kind).toBe("error");
  });

  test("nested chains do not grow the residual", () => {
    const nested = Array.from({ length: 40 }).reduce<string>((inner) => `size(event.data.yes && ${inner})`, "async.data.x");
    const bound = bind(`${nested} == 1`);
    if (bound.kind !== "residual") throw new Error(bound.kind);
    expect(bound.source.length).toBeLessThan(2_000);
  });
});

describe("the key of a residual", () => {
  const keyOf = (source: string): unknown => {
    const bound = bind(source);
    return bound.kind === "residual" ? indexKeyOf(bound) : bound.kind;
  };
  test("text goes before numbers, numbers before booleans", () => {
    expect(keyOf("async.data.ok == true && async.data.n == 1 && async.data.name == 'x'")).toEqual({ path: "data.name", value: '"x"' });
    expect(keyOf("async.data.ok == true && async.data.n == 1")).toEqual({ path: "data.n", value: "1" });
  });
  test("ids go first, then the order of paths, whatever the order in the source", () => {
    expect(keyOf("async.data.kind == 'k' && async.data.userId == 'u'")).toEqual({ path: "data.userId", value: '"u"' });
    expect(keyOf("async.data.bId == 'b' && async.data.aId == 'a'")).toEqual({ path: "data.aId", value: '"a"' });
  });
  test("without an equality there is none", () => expect(keyOf("async.data.n > 1")).toBeUndefined());
});
