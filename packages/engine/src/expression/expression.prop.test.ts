import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bindEvent,
  compileExpression,
  compileResidual,
  evaluateCondition,
  type Expression,
  type ExpressionEvent,
  indexKeyOf,
  valueAtPath,
} from "./index.ts";
import { runCode } from "./evaluate.ts";
import { Failure } from "./value.ts";

const NOW = 1_769_851_815_250;

/** Few names and values, so that fields are often there and often equal. */
const NAMES = ["a", "b", "id", "event", "a b"] as const;
const scalar = fc.oneof(
  fc.constantFrom<unknown>("x", "y", "1", "", 1, 0, 2.5, -0, 1e21, true, false, null),
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    { weight: 4, arbitrary: scalar },
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie("value"), { maxKeys: 4 }),
  ),
})).value;
const event: fc.Arbitrary<ExpressionEvent> = fc.record({
  name: fc.constantFrom("x/one", "x/two"),
  id: fc.constantFrom("e1", "e2"),
  ts: fc.constant(NOW),
  data: fc.dictionary(fc.constantFrom(...NAMES), json, { maxKeys: 5 }),
});

const literal = fc.constantFrom(
  "'x'",
  "'y'",
  "'1'",
  "''",
  "1",
  "0",
  "2.5",
  "1u",
  "true",
  "false",
  "null",
  "[1, 'x']",
  "{'a': 1}",
  "[]",
  "-1",
  "1e21",
);
const field = fc.constantFrom(
  ".data",
  ".data",
  ".data.a",
  ".data.b",
  ".data.id",
  ".data['a b']",
  ".data.event.data.a",
  ".data.a[0]",
  ".data.a[event.data.b]",
  ".name",
  ".ts",
);
const operator = fc.constantFrom("==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "in", "&&", "||", "==", "&&");
const call = fc.constantFrom(
  "size(#)",
  "lowercase(#)",
  "string(#)",
  "int(#)",
  "#.contains('x')",
  "type(#) == string",
  "json_parse(#)",
  "has(#.a)",
  "!#",
  "-#",
  "dyn(#)",
  "date(#)",
  "bytes(#)",
  "[#, 1]",
  "{'a': #}",
);
const macro = fc.constantFrom(
  "#.exists(v, v == @)",
  "#.all(v, @)",
  "#.map(v, [v, @])",
  "#.filter(v, v != @)",
  "#.exists_one(event, event == @)",
  "#.map(v, v == @, @)",
);

/** Random well-formed expressions over `event` and `async`. */
const source = fc.letrec<{ text: string }>((tie) => ({
  text: fc.oneof(
    { maxDepth: 5, depthSize: "small" },
    { weight: 2, arbitrary: literal },
    { weight: 3, arbitrary: field.map((path) => `event${path}`) },
    { weight: 3, arbitrary: field.map((path) => `async${path}`) },
    { weight: 6, arbitrary: fc.tuple(tie("text"), operator, tie("text")).map(([left, op, right]) => `(${left} ${op} ${right})`) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(call, tie("text"))
        .map(([form, inner]) => `(${form.replaceAll("#", () => (form.startsWith("has") ? "event.data" : inner))})`),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(macro, tie("text"), tie("text"))
        .map(([form, list, body]) => `(${form.replace("#", () => list).replaceAll("@", () => body)})`),
    },
    fc.tuple(tie("text"), tie("text"), tie("text")).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
  ),
})).text;

/** Conditions as people write them: mostly equalities joined by `&&`. */
const condition = fc
  .array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc
          .tuple(
            field,
            fc.oneof(
              literal,
              field.map((path) => `event${path}`),
            ),
          )
          .map(([path, value]) => `async${path} == ${value}`),
      },
      source,
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join(" && "));

/** An expression that compiles; some random ones hold a literal pattern or nesting that does not. */
function compiled(text: string): Expression {
  const result = compileExpression(text);
  fc.pre(result.kind === "compiled");
  if (result.kind === "invalid") throw new Error(result.message);
  return result.expression;
}

/** What a condition comes to, as far as matching goes; messages of failures may differ. */
function verdict(expression: Expression, events: { event?: ExpressionEvent; async: ExpressionEvent }): unknown {
  const result = evaluateCondition(expression, { ...events, now: NOW });
  return result.kind === "value" ? result.value : "error";
}

const RUNS = { numRuns: 3_000 };

test("property: compiling never throws on any text", () => {
  const noise = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string(),
    fc
      .array(
        fc.constantFrom(
          "event",
          ".",
          "data",
          "(",
          ")",
          "[",
          "]",
          "{",
          "}",
          "'",
          '"',
          "&&",
          "!",
          "-",
          "1",
          "?",
          ":",
          ",",
          " ",
          "exists",
          "\\",
          "u",
          "\n",
          "//",
          "has",
          "=",
          "in",
        ),
        { maxLength: 40 },
      )
      .map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(noise, event, (text, bound) => {
      const result = compileExpression(text);
      if (result.kind === "invalid") expect(result.message).not.toBe("");
      else runCode(result.expression.code, { event: bound, now: NOW });
    }),
    RUNS,
  );
});

test("property: binding an event and then evaluating gives what the original gives", () => {
  fc.assert(
    fc.property(fc.oneof(source, condition), event, event, (text, bound, async) => {
      const expression = compiled(text);
      const binding = bindEvent(expression, bound);
      const expected = verdict(expression, { event: bound, async });
      if (binding.kind === "always") expect(expected).toBe(true);
      else if (binding.kind === "never") expect(expected).not.toBe(true);
      else if (binding.kind === "residual") {
        const residual = compileResidual(binding.source);
        if (residual.kind === "invalid") throw new Error(`${binding.source}: ${residual.message}`);
        expect([binding.source, verdict(residual.expression, { async })]).toEqual([binding.source, expected]);
      } else throw new Error(binding.message);
    }),
    RUNS,
  );
});

test("property: every value of a residual is the original's, not only conditions", () => {
  fc.assert(
    fc.property(source, event, event, (text, bound, async) => {
      const expression = compiled(text);
      const binding = bindEvent(expression, bound);
      fc.pre(binding.kind === "residual");
      const residual = compileResidual(binding.kind === "residual" ? binding.source : "");
      if (residual.kind === "invalid") throw new Error(residual.message);
      const actual = runCode(residual.expression.code, { async, now: NOW });
      const expected = runCode(expression.code, { event: bound, async, now: NOW });
      if (expected instanceof Failure) expect(actual).toBeInstanceOf(Failure);
      else expect(actual).toEqual(expected);
    }),
    RUNS,
  );
});

test("property: every pause that matches is among those that a store finds by its equality", () => {
  const scalarField = fc.constantFrom(".id", ".name", ".ts", ".data.a", ".data.id", ".data['a b']");
  // Half of the runs were started by an event like the later one, and half compare a field with itself, so that many pauses match.
  const mirrored = fc
    .array(scalarField, { minLength: 1, maxLength: 3 })
    .map((paths) => paths.map((path) => `async${path} == event${path}`).join(" && "));
  const pauses = fc.array(fc.tuple(fc.oneof(condition, mirrored), fc.option(event, { nil: undefined, freq: 2 })), { maxLength: 8 });
  let matchCount = 0;
  fc.assert(
    fc.property(pauses, event, (all, async) => {
      for (const [text, bound] of all) {
        const binding = bindEvent(compiled(text), bound ?? async);
        if (binding.kind !== "residual") continue;
        const residual = compileResidual(binding.source);
        if (residual.kind === "invalid") throw new Error(residual.message);
        const key = indexKeyOf(binding);
        if (verdict(residual.expression, { async }) !== true) continue;
        // As stores find pauses: those without an equality, and those whose equality holds for the event.
        if (key !== undefined) expect(valueAtPath(async, key.path)).toBe(key.value);
        matchCount += key === undefined ? 0 : 1;
      }
    }),
    { numRuns: 1_000 },
  );
  expect(matchCount).toBeGreaterThan(100);
});
