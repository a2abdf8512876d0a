/**
 * Binding the event that started a run, so that only the later event is open: what is stored with a wait or a cancellation.
 *
 * I1  For every later event, the residual gives what the original gives; if the original fails, the residual fails.
 * I2  The equalities are necessary: an event for which one does not hold cannot make the residual true.
 * I3  A residual is at most `RESIDUAL_CHARS_MAX` long and compiles with `compileResidual`.
 *
 * Nothing is ever replaced inside the text: the event is a value in the tree, so no path, quote or `in` of the expression can be misread
 * (the reference system drops clauses; semantics 5.2, complaint 7).
 *
 * Spec: semantics 5.2, 7.1, 10.3.
 */
import type { Expression } from "./compile.ts";
import { compileNode } from "./compile-node.ts";
import { runCode } from "./evaluate.ts";
import { PATH_CHARS_MAX, type PathSegment, pathText, type PathValue, valueText } from "./event-path.ts";
import { eventValue, type ExpressionEvent } from "./event-value.ts";
import { constantOf, foldTree, isConstantNode } from "./fold.ts";
import { RESIDUAL_CHARS_MAX } from "./parse.ts";
import { isLongerThan, sourceText } from "./source-text.ts";
import type { Node } from "./syntax.ts";

/** An expression in which only `async` is open. */
export type Residual = {
  readonly kind: "residual";
  /** Text for `compileResidual`. */
  readonly source: string;
  /** The parts `async.<path> == <literal>` that must all hold. */
  readonly equalities: readonly PathValue[];
};

/**
 * `never`: no later event can match, because the result is constantly false, missing, failing or not a boolean. `always`: every one does.
 * `error`: the event's values in the expression are too large to be stored with it.
 */
export type Binding =
  | { readonly kind: "never" }
  | { readonly kind: "always" }
  | Residual
  | { readonly kind: "error"; readonly message: string };

/** Binds `event`; see `Binding`. */
export function bindEvent(expression: Expression, event: ExpressionEvent): Binding {
  try {
    const { node, isOpen } = foldTree(expression.root, { event: eventValue(event), isForText: true });
    if (!isOpen) return { kind: isTrue(node) ? "always" : "never" };
    if (isLongerThan(node, RESIDUAL_CHARS_MAX)) return tooLarge();
    const source = sourceText(node);
    return source.length > RESIDUAL_CHARS_MAX ? tooLarge() : { kind: "residual", source, equalities: equalitiesOf(node) };
  } catch (error) {
    if (error instanceof RangeError) return tooLarge();
    throw error;
  }
}

/**
 * The equality by which to store and look up a pause; undefined if it has none. The choice depends on the form of the expression and
 * not on its values where possible, so that the pauses of one function use one path: text before numbers before booleans, names that
 * end in `id` or `key` first, then by path.
 */
export function indexKeyOf(residual: Pick<Residual, "equalities">): PathValue | undefined {
  return residual.equalities.toSorted((a, b) => rankOf(a) - rankOf(b) || (a.path < b.path ? -1 : Number(a.path > b.path)))[0];
}

function rankOf({ path, value }: PathValue): number {
  const type = value.startsWith('"') ? 0 : value === "true" || value === "false" ? 4 : 2;
  return type + (/(?:id|key)(?:"\])?$/i.test(path) ? 0 : 1);
}

/** A node without open parts that is not a constant fails, or was too costly to fold. */
function isTrue(node: Node): boolean {
  return (isConstantNode(node) ? constantOf(node) : runCode(compileNode(node), { now: 0 })) === true;
}

function equalitiesOf(node: Node): readonly PathValue[] {
  if (node.kind === "logical" && node.operator === "&&") return node.operands.flatMap(equalitiesOf);
  if (node.kind !== "binary" || node.operator !== "==") return [];
  const equality = equalityOf(node.left, node.right) ?? equalityOf(node.right, node.left);
  return equality === undefined ? [] : [equality];
}

function equalityOf(side: Node, other: Node): PathValue | undefined {
  const value = other.kind === "literal" ? valueText(other.value) : undefined;
  const segments = value === undefined ? undefined : segmentsOf(side);
  if (value === undefined || segments === undefined || segments.length === 0) return undefined;
  const path = pathText(segments);
  return path.length > PATH_CHARS_MAX ? undefined : { path, value };
}

function segmentsOf(node: Node): readonly PathSegment[] | undefined {
  if (node.kind === "root") return node.name === "async" ? [] : undefined;
  if (node.kind !== "select" && node.kind !== "index") return undefined;
  const segment = node.kind === "select" ? node.field : segmentOf(node.index);
  const before = segment === undefined ? undefined : segmentsOf(node.target);
  return segment === undefined || before === undefined ? undefined : [...before, segment];
}

function segmentOf(index: Node): PathSegment | undefined {
  if (index.kind !== "literal") return undefined;
  if (typeof index.value === "string") return index.value;
  return typeof index.value === "bigint" && index.value >= 0n && index.value < 1_000_000n ? Number(index.value) : undefined;
}

function tooLarge(): Binding {
  const message = `the values of the event that the condition reads take more than ${RESIDUAL_CHARS_MAX} characters; compare smaller fields`;
  return { kind: "error", message };
}
