import { describe, expect, test } from "vitest";
import { compileExpression, evaluateCondition, evaluateKey, evaluateNumber, type ExpressionEvent } from "./index.ts";
import { Failure, type Outcome, Timestamp } from "./value.ts";
import { runCode } from "./evaluate.ts";

/** 2026-01-31T09:30:15.250Z, a Saturday. */
const NOW = 1_769_851_815_250;

const EVENT: ExpressionEvent = {
  name: "shop/order.paid",
  id: "ext-1",
  ts: NOW,
  data: {
    n: 5,
    half: 2.5,
    zero: 0,
    text: "hello",
    empty: "",
    yes: true,
    no: false,
    nothing: null,
    big: 9_007_199_254_740_992,
    list: [1, "two", { id: "a" }],
    tags: ["x", "y"],
    emptyList: [],
    map: { name: "pawl", "a b": 1 },
    emptyMap: {},
    json: '{"k":[1]}',
    base64: "aGVsbG8=",
    in: "keyword",
  },
  user: { email: "Ada@Example.com" },
};

function evaluate(source: string, event: ExpressionEvent = EVENT): Outcome {
  const result = compileExpression(source);
  if (result.kind === "invalid") throw new Error(`${source}: ${result.message}`);
  return runCode(result.expression.code, { event, now: NOW });
}

/** Rows of [expression, value]; `undefined` is missing. */
type Rows = readonly (readonly [source: string, value: unknown])[];

function eachRow(rows: Rows): void {
  test.each(rows)("%s", (source, value) => {
    const outcome = evaluate(source);
    if (outcome instanceof Failure) throw new Error(outcome.message);
    expect(outcome).toEqual(value);
  });
}

function eachFailure(rows: readonly (readonly [source: string, message: RegExp])[]): void {
  test.each(rows)("%s", (source, message) => {
    const outcome = evaluate(source);
    expect(outcome).toBeInstanceOf(Failure);
    expect((outcome as Failure).message).toMatch(message);
  });
}

function problemOf(source: string): string {
  const result = compileExpression(source);
  if (result.kind === "compiled") throw new Error(`${source} compiles`);
  return result.message;
}

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

describe("type rules", () => {
  eachRow([
    ["event.data.n == 5", true],
    ["event.data.n == 5.0", true],
    ["event.data.n == 5u", true],
    ["5 == 5.0", true],
    ["event.data.n > 4", true],
    ["4 < 4.5", true],
    ["'200' == 200", false],
    ["'200' != 200", true],
    ["true == 1", false],
    ["[1, 2] == [1.0, 2.0]", true],
    ["event.data.map == {'name': 'pawl', 'a b': 1}", true],
    ["event.data.list == [1, 'two', {'id': 'a'}]", true],
    ["event.data.list == [1, 'two', {'id': 'b'}]", false],
    ["3.1 > null", true],
    ["null > 0", false],
    ["0 <= null", true],
    ["null < 'a'", true],
    ["null >= false", true],
    ["null <= null", true],
    ["'b' > 'a'", true],
    ["'\u{1F600}' > '\uFFFD'", true],
    ["event.data.big == 9007199254740993", false],
    ["'hi-' + 9.1", "hi-9.1"],
    ["'hi-' + event.data.n", "hi-5"],
    ["'x' + true", "xtrue"],
    ["'l' + [3, 'ok?', true]", "l[3 ok? true]"],
    ["'m' + {'name': 'inngest'}", "mmap[name:inngest]"],
    ["'a' + null", "a"],
    ["[1] + [2]", [1n, 2n]],
  ]);
  eachFailure([
    ["'a' > 5", /no order between string and int/],
    ["true > 0", /no order between bool and int/],
    ["event.data.list < event.data.list", /no order/],
    ["event.data.yes - 1", /operator -/],
  ]);
});

describe("arithmetic works between JSON numbers and whole literals", () => {
  eachRow([
    ["event.data.n + 1", 6],
    ["event.data.n - 1", 4],
    ["event.data.n * 2", 10],
    ["event.data.n / 2", 2.5],
    ["event.data.n % 3", 2],
    ["event.data.half + 1.0", 3.5],
    ["7 / 2", 3n],
    ["-7 % 3", -1n],
    ["int(event.data.n) + 1", 6n],
    ["2u + 1u == 3u", true],
    ["-event.data.n", -5],
  ]);
  eachFailure([
    ["1 / 0", /division by zero/],
    ["event.data.n / 0", /division by zero/],
    ["9223372036854775807 + 1", /overflow/],
    ["int('x')", /int\(\) cannot read/],
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

describe("functions", () => {
  eachRow([
    ["size('h\u00e9llo')", 5n],
    ["size('\u{1F600}')", 1n],
    ["event.data.tags.size()", 2n],
    ["size(event.data.map)", 2n],
    ["event.data.text.contains('ell')", true],
    ["event.data.text.startsWith('he')", true],
    ["event.data.text.endsWith('lo')", true],
    ["event.data.text.matches('^h.*o$')", true],
    ["matches(event.data.text, 'l{2}')", true],
    ["'x' in event.data.tags", true],
    ["'name' in event.data.map", true],
    ["event.data.n in [1, 5]", true],
    ["lowercase(event.user.email)", "ada@example.com"],
    ["uppercase('stra\u00dfe')", "STRASSE"],
    ["b64decode(event.data.base64)", "hello"],
    ["b64decode('aGVs*junk')", "hel"],
    ["json_parse(event.data.json).k[0]", 1],
    ["json_parse('[1]') == {}", true],
    ["json_parse('nonsense') == {}", true],
    ["int(2.9)", 2n],
    ["int('42')", 42n],
    ["double('2.5')", 2.5],
    ["uint(3) == 3u", true],
    ["string(event.data.n)", "5"],
    ["string(12.5)", "12.5"],
    ["bool('true')", true],
    ["string(bytes('abc'))", "abc"],
    ["type('a') == string", true],
    ["type(1) == int && type(1.0) == double && type(null) == null_type", true],
    ["type(now()) == google.protobuf.Timestamp", true],
  ]);
  eachFailure([
    ["lowercase(5)", /lowercase\(\) needs a string/],
    ["event.data.n.contains('a')", /contains\(\) needs a string/],
    ["event.data.text.matches(event.data.text + '(')", /RE2/],
  ]);
});

describe("time", () => {
  eachRow([
    ["string(now())", "2026-01-31T09:30:15.25Z"],
    ["string(now_plus('1w2d3h'))", "2026-02-09T12:30:15.25Z"],
    ["string(now_minus('90m'))", "2026-01-31T08:00:15.25Z"],
    ["date(event.ts) == now()", true],
    ["date(int(event.ts)) == now()", true],
    ["string(date(1769851815))", "2026-01-31T09:30:15Z"],
    ["string(date(1769851815250000000))", "2026-01-31T09:30:15.25Z"],
    ["string(date('2026-01-31'))", "2026-01-31T00:00:00Z"],
    ["string(date('2026-01-31T09:30:15'))", "2026-01-31T09:30:15Z"],
    ["string(date('2026-01-31T09:30:15.5+02:00'))", "2026-01-31T07:30:15.5Z"],
    ["string(date('Sat, 31 Jan 2026 09:30:15 GMT'))", "2026-01-31T09:30:15Z"],
    ["string(date('31 Jan 26 09:30 UTC'))", "2026-01-31T09:30:00Z"],
    ["string(date('31 Jan 26 09:30 -0700'))", "2026-01-31T16:30:00Z"],
    ["string(date('Saturday, 31-Jan-26 09:30:15 UTC'))", "2026-01-31T09:30:15Z"],
    ["string(date('Sat Jan 31 09:30:15 -0700 2026'))", "2026-01-31T16:30:15Z"],
    ["string(date('Sat Jan 31 09:30:15 UTC 2026'))", "2026-01-31T09:30:15Z"],
    ["string(date('Sat Jan  3 09:30:15 2026'))", "2026-01-03T09:30:15Z"],
    ["string(date('2026-01-31 09:30:15.25 +0000 UTC'))", "2026-01-31T09:30:15.25Z"],
    ["string(date('Jan  3 09:30:15'))", "0000-01-03T09:30:15Z"],
    ["timestamp('2026-01-31T09:30:15Z').getFullYear()", 2026n],
    ["now().getMonth()", 0n],
    ["now().getDayOfMonth() + 1", 31n],
    ["now().getDate()", 31n],
    ["now().getDayOfWeek()", 6n],
    ["now().getDayOfYear()", 30n],
    ["now().getHours()", 9n],
    ["now().getHours('Europe/Berlin')", 10n],
    ["now().getHours('-02:30')", 7n],
    ["now().getMinutes() == 30 && now().getSeconds() == 15 && now().getMilliseconds() == 250", true],
    ["duration('1h30m').getMinutes()", 90n],
    ["now() - duration('1h') < now()", true],
    ["string(now() - (now() - duration('90s')))", "90s"],
    ["date(event.ts) > now_minus('5m')", true],
  ]);
  eachFailure([
    ["date(5)", /year 2000/],
    ["date('tomorrow')", /date\(\) cannot read/],
    ["now_plus('5 minutes')", /needs a duration/],
    ["now().getHours('Mars/Base')", /unknown time zone/],
  ]);
  test("a timestamp is a value of its own type", () => expect(evaluate("now()")).toBeInstanceOf(Timestamp));
});

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
