/**
 * Expressions that search runs and events.
 *
 * I1  A search that compiles names only what is known there, and is not bound to be something else than true or false.
 * I2  What fails, or is neither true nor false, does not match.
 *
 * Spec: semantics 11.4.
 */
import { constantConditionProblem } from "./check-condition.ts";
import { type CompileResult, compileWithRoots, type Expression } from "./compile.ts";
import { evaluateCondition } from "./evaluate.ts";
import type { ExpressionEvent } from "./event-value.ts";
import { type RootName, someNode } from "./syntax.ts";
import type { JsonValue } from "./value.ts";

/** What is searched: runs know `event` (the first one), `run`, `output` and `error`; events know `event`. */
export type SearchOver = "runs" | "events";

const ROOTS: Readonly<Record<SearchOver, readonly RootName[]>> = {
  runs: ["event", "run", "output", "error"],
  events: ["event"],
};

/** A compiled search. */
export type Search = {
  readonly expression: Expression;
  /** Whether it names `event`; if not, none needs to be read. */
  readonly readsEvent: boolean;
};

/** What compiling a search gives; `message` is a sentence with the line and column. */
export type SearchResult = { readonly kind: "compiled"; readonly search: Search } | Exclude<CompileResult, { readonly kind: "compiled" }>;

/** Compiles a search. The results used last are remembered. */
export function compileSearch(source: string, over: SearchOver): SearchResult {
  const compiled = compileWithRoots(source, ROOTS[over]);
  if (compiled.kind === "invalid") return compiled;
  const { expression } = compiled;
  const message = constantConditionProblem(expression.root);
  if (message !== undefined) return { kind: "invalid", message };
  const readsEvent = someNode(expression.root, (node) => node.kind === "root" && node.name === "event");
  return { kind: "compiled", search: { expression, readsEvent } };
}

/** What a search is evaluated on; what is absent is missing. */
export type SearchInput = {
  readonly event?: ExpressionEvent | undefined;
  readonly run?: JsonValue | undefined;
  readonly output?: JsonValue | undefined;
  readonly error?: JsonValue | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
};

/** Whether something matches a search (I2). */
export function matchesSearch({ expression }: Search, { event, run, output, error, now }: SearchInput): boolean {
  const result = evaluateCondition(expression, { event, search: { run, output, error }, now });
  return result.kind === "value" && result.value;
}
