/**
 * Source text to a compiled expression.
 *
 * I1  Compiling never throws; what is wrong with the text is a value.
 * I2  An expression is immutable and holds no state of an evaluation: it can be kept and shared.
 *
 * Spec: semantics 2.4; ADR 0003.
 */
import { compileNode } from "./compile-node.ts";
import type { Code } from "./evaluation-scope.ts";
import { foldTree } from "./fold.ts";
import { describeProblem, ParseProblem } from "./parse-problem.ts";
import { EXPRESSION_CHARS_MAX, parseExpression, type ParseOptions, RESIDUAL_CHARS_MAX } from "./parse.ts";
import type { Node, RootName } from "./syntax.ts";

/** A compiled expression. */
export type Expression = {
  readonly source: string;
  /** The syntax tree as written. */
  readonly root: Node;
  readonly code: Code;
};

/** What compiling gives. `message` is a sentence with the line and column; `at` is the offset in the source, in UTF-16 units. */
export type CompileResult =
  | { readonly kind: "compiled"; readonly expression: Expression }
  | { readonly kind: "invalid"; readonly message: string; readonly at?: number };

/** Compiles an expression that a user wrote. Costs about 20 µs for a usual one; `compileOnce` keeps the result. */
export function compileExpression(source: string): CompileResult {
  if (source.length > EXPRESSION_CHARS_MAX) return tooLong(source, EXPRESSION_CHARS_MAX);
  return compile(source, { isStrict: true });
}

/**
 * Compiles the `source` of a residual (`bindEvent`). Residuals may hold values of an event, so they can be longer and nested deeper than
 * what a user can write, and use the reserved name `vars`.
 */
export function compileResidual(source: string): CompileResult {
  if (source.length > RESIDUAL_CHARS_MAX) return tooLong(source, RESIDUAL_CHARS_MAX);
  return compile(source, { isStrict: false });
}

/** Expressions kept by `compileOnce`. A closure tree takes a few kB; a server's functions have far fewer distinct expressions. */
const EXPRESSIONS_KEPT_MAX = 5_000;

type Kept = Map<string, CompileResult>;

const kept: Kept = new Map();
const keptSearches: Kept = new Map();

/** As `compileExpression`, remembering the results used last. For expressions out of a configuration, not for residuals. */
export function compileOnce(source: string): CompileResult {
  return remembered(kept, source, () => compileExpression(source));
}

/** Compiles the expression of a search, which knows other variables. Remembered as by `compileOnce`. */
export function compileWithRoots(source: string, roots: readonly RootName[]): CompileResult {
  if (source.length > EXPRESSION_CHARS_MAX) return tooLong(source, EXPRESSION_CHARS_MAX);
  return remembered(keptSearches, `${roots.join()}\n${source}`, () => compile(source, { isStrict: true, roots }));
}

function remembered(results: Kept, key: string, make: () => CompileResult): CompileResult {
  const known = results.get(key);
  const result = known ?? make();
  if (known !== undefined) results.delete(key);
  const oldest = results.size < EXPRESSIONS_KEPT_MAX ? undefined : results.keys().next().value;
  if (oldest !== undefined) results.delete(oldest);
  results.set(key, result);
  return result;
}

function compile(source: string, options: ParseOptions): CompileResult {
  try {
    const root = parseExpression(source, options);
    const code = compileNode(foldTree(root, { isForText: false }).node);
    return { kind: "compiled", expression: { source, root, code } };
  } catch (error) {
    if (error instanceof ParseProblem) return { kind: "invalid", message: describeProblem(source, error), at: error.at };
    if (error instanceof RangeError) return { kind: "invalid", message: "the expression is nested too deeply" };
    throw error;
  }
}

function tooLong(source: string, max: number): CompileResult {
  return { kind: "invalid", message: `an expression has at most ${max} characters, this one has ${source.length}` };
}
