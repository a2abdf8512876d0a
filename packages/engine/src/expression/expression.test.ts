import { describe, expect, test } from "vitest";
import { compileExpression, evaluateCondition, evaluateKey, evaluateNumber, type ExpressionEvent } from "./index.ts";
import { EVENT, NOW, eachFailure, eachRow, evaluate } from "./expression.fixture.ts";

describe("the bound event", () => {
  eachRow([
    ["event.name", "shop/order.paid"],
    ["event.id", "ext-1"],
    ["event.ts", NOW],
    ["event.v", undefined],
    ["event.meta", undefined],
    ["event.user.email", "Ada@Example.com"],
    ["event.receivedAt", undefined],
    ["type(event.ts) == double", true],
  ]);
  test("absent and null data count as an empty map", () => {
    expect(evaluate("size(event.data) == 0", { name: "a", data: null })).toBe(true);
    expect(evaluate("size(event.user) == 0", { name: "a" })).toBe(true);
  });
  test("version and sessions are there when set", () => {
    expect(evaluate("event.v + event.meta.sessions.cart", { name: "a", v: "2", meta: { sessions: { cart: "c" }, other: 1 } })).toBe("2c");
    expect(evaluate("event.meta.other", { name: "a", meta: { sessions: {}, other: 1 } })).toBeUndefined();
  });
  test("properties that every JavaScript object inherits are missing", () => {
    for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
      expect(evaluate(`event.data.${name} == null && event.data.list.${name} == null && !("${name}" in event.data)`)).toBe(true);
    }
  });
});

describe("access", () => {
  eachRow([
    ["event['data'].text", "hello"],
    ['event.data["map"]["a b"]', 1],
    ["event.data.list[2].id", "a"],
    ["event.data.list[1.0]", "two"],
    ["event.data.text.length", undefined],
    ["event.data['in']", "keyword"],
    ["event.data.map['nope']", undefined],
    ["event.data.list['nope'] == null", true],
    ["has(event.data.n)", true],
    ["has(event.data.nothing)", true],
    ["has(event.data.nope)", false],
    ["has(event.data.nope.deeper)", false],
    ["has(event.data['a b'])", false],
    ["// a comment\nevent.data.n == 5 // and one more\n && true", true],
    ["event.data.text == 'hello' && event.data.text == \"hello\"", true],
  ]);
});

describe("missing values", () => {
  const missing = "event.data.missing";
  eachRow([
    [missing, undefined],
    [`${missing} == null`, true],
    [`null == ${missing}`, true],
    [`${missing} == 5`, false],
    [`${missing} == ''`, false],
    [`${missing} == ${missing}`, false],
    [`${missing} == event.data.other`, false],
    [`${missing} != null`, false],
    [`${missing} != 5`, true],
    [`${missing} < 5`, true],
    [`${missing} <= 'a'`, true],
    [`${missing} > 5`, false],
    [`${missing} >= 5`, false],
    [`5 < ${missing}`, false],
    [`5 <= ${missing}`, false],
    [`5 > ${missing}`, true],
    [`5 >= ${missing}`, true],
    [`'a' + ${missing}`, "a"],
    [`${missing} + 'a'`, "a"],
    [`size(${missing})`, 0n],
    [`${missing}.size() == 0`, true],
    [`${missing}.contains('a')`, false],
    [`${missing}.startsWith('a')`, false],
    [`${missing}.endsWith('a')`, false],
    [`${missing}.matches('a')`, false],
    [`'a' in ${missing}`, false],
    [`${missing} in ['a']`, false],
    [`${missing}.exists(x, true)`, false],
    [`${missing}.all(x, true)`, false],
    [`lowercase(${missing}) == 'a'`, false],
    [`int(${missing}) + 1`, undefined],
    [`!${missing}`, true],
    [`!${missing}.contains('a')`, true],
    [`${missing}.deeper[0]['x'] == null`, true],
    ["event.data.list[9] == 'x'", false],
    ["event.data.list[9] == null", true],
    ["event.data.missing.filter(x, x.id == 1) == null", true],
    ["(1 / 0) == null", true],
  ]);
  eachFailure([
    ["event.data.list[9]", /out of range/],
    ["!'str'", /operator ! needs a bool/],
    ["!event.data.nothing", /operator ! needs a bool/],
  ]);
});

describe("logic with JavaScript-like truth", () => {
  eachRow([
    ["event.data.missing || event.data.text", "hello"],
    ["event.data.missing || event.data.no", false],
    ["event.data.empty || event.data.zero || 'last'", "last"],
    ["event.data.n && event.data.text", "hello"],
    ["event.data.zero && event.data.text", 0],
    ["event.data.missing && true", undefined],
    ["event.data.emptyList && true", true],
    ["event.data.emptyMap && true", true],
    ["0u || 'x'", "x"],
    ["(1 / 0) || 'x'", "x"],
    ["true || (1 / 0)", true],
    ["(1 / 0) || true", true],
    ["false && (1 / 0)", false],
    ["(1 / 0) && true", undefined],
    ["event.data.text ? 1 : 2", 1n],
    ["event.data.missing ? 1 : 2", 2n],
    ["(1 / 0) ? 1 : 2", 2n],
    ["event.data.nothing ? 1 : 2", 2n],
    ["true && false || true", true],
  ]);
});

describe("macros", () => {
  eachRow([
    ["event.data.tags.exists(t, t == 'y')", true],
    ["event.data.tags.all(t, t in ['x', 'y', 'z'])", true],
    ["event.data.tags.exists_one(t, t == 'x')", true],
    ["event.data.tags.map(t, t + '!')", ["x!", "y!"]],
    ["[1, 2, 3].map(n, n > 1, n * 2)", [4n, 6n]],
    ["event.data.tags.filter(t, t != 'x')", ["y"]],
    ["event.data.map.exists(key, key == 'name')", true],
    ["event.data.list.exists(item, item.id == 'a')", true],
    ["[[1], [2, 3]].exists(inner, inner.exists(n, n == 3))", true],
    [
      "[1, 2].map(a, [10, 20].map(b, a * b))",
      [
        [10n, 20n],
        [20n, 40n],
      ],
    ],
    ["['event'].exists(event, event == 'event')", true],
    ["event.data.emptyList.all(x, false)", true],
  ]);
  eachFailure([["event.data.n.exists(x, true)", /exists\(\) needs a list or a map, got double/]]);
});

describe("results", () => {
  const run = <Result>(
    source: string,
    evaluateAs: (expression: never, input: { event: ExpressionEvent; now: number }) => Result,
  ): Result => {
    const result = compileExpression(source);
    if (result.kind === "invalid") throw new Error(result.message);
    return evaluateAs(result.expression as never, { event: EVENT, now: NOW });
  };
  test.each([
    ["event.data.yes", { kind: "value", value: true }],
    ["event.data.missing", { kind: "value", value: false }],
    ["event.data.missing && event.data.yes", { kind: "value", value: false }],
    ["event.data.n", { kind: "error", message: "a condition must be true or false, but the expression gave a value of type double" }],
    [
      "event.data.nothing",
      { kind: "error", message: "a condition must be true or false, but the expression gave a value of type null_type" },
    ],
    ["event.data.text > 5", { kind: "error", message: "the expression failed: no order between string and int (operator >)" }],
  ])("condition %s", (source, expected) => expect(run(source, evaluateCondition)).toEqual(expected));
  test.each([
    ["event.data.text", { kind: "key", value: "hello" }],
    ["event.data.n", { kind: "key", value: "5" }],
    ["'5'", { kind: "key", value: "5" }],
    ["int(event.data.n)", { kind: "key", value: "5" }],
    ["event.data.yes", { kind: "key", value: "true" }],
    ["event.data.empty", { kind: "key", value: "" }],
    ["event.data.zero", { kind: "key", value: "0" }],
    ["[event.data.n, event.data.text]", { kind: "key", value: '[5,"hello"]' }],
    ["{'b': 1, 'a': event.data.tags}", { kind: "key", value: '{"a":["x","y"],"b":1}' }],
    ["event.data.missing || event.data.text", { kind: "key", value: "hello" }],
    ["event.data.missing", { kind: "none" }],
    ["event.data.no", { kind: "none" }],
    ["event.data.nothing", { kind: "none" }],
    ["event.data.text - 1", { kind: "error", message: "the expression failed: operator - does not take string and int" }],
  ])("key %s", (source, expected) => expect(run(source, evaluateKey)).toEqual(expected));
  test.each([
    ["event.data.yes ? 120 : 0", { kind: "number", value: 120 }],
    ["event.data.half", { kind: "number", value: 2.5 }],
    ["event.data.missing", { kind: "none" }],
    ["event.data.no", { kind: "none" }],
    ["event.data.text", { kind: "error", message: "the result must be a finite number, but the expression gave a value of type string" }],
    ["1.0 / 0.0", { kind: "error", message: "the result must be a finite number, but the expression gave a value of type double" }],
  ])("number %s", (source, expected) => expect(run(source, evaluateNumber)).toEqual(expected));
});
