/** Expressions evaluated for one event. */
import { expect, test } from "vitest";
import { compileExpression, type ExpressionEvent } from "./index.ts";
import { Failure, type Outcome } from "./value.ts";
import { runCode } from "./evaluate.ts";

/** 2026-01-31T09:30:15.250Z, a Saturday. */
export const NOW = 1_769_851_815_250;

export const EVENT: ExpressionEvent = {
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

export function evaluate(source: string, event: ExpressionEvent = EVENT): Outcome {
  const result = compileExpression(source);
  if (result.kind === "invalid") throw new Error(`${source}: ${result.message}`);
  return runCode(result.expression.code, { event, now: NOW });
}

/** Rows of [expression, value]; `undefined` is missing. */
export type Rows = readonly (readonly [source: string, value: unknown])[];

export function eachRow(rows: Rows): void {
  test.each(rows)("%s", (source, value) => {
    const outcome = evaluate(source);
    if (outcome instanceof Failure) throw new Error(outcome.message);
    expect(outcome).toEqual(value);
  });
}

export function eachFailure(rows: readonly (readonly [source: string, message: RegExp])[]): void {
  test.each(rows)("%s", (source, message) => {
    const outcome = evaluate(source);
    expect(outcome).toBeInstanceOf(Failure);
    expect((outcome as Failure).message).toMatch(message);
  });
}

export function problemOf(source: string): string {
  const result = compileExpression(source);
  if (result.kind === "compiled") throw new Error(`${source} compiles`);
  return result.message;
}
