/**
 * The syntax tree of an expression, after names are resolved.
 *
 * I1  Chains of `&&` and of `||` are one node each, so that long conditions are not deep.
 * I2  A variable bound by a macro is a slot: the number of macros that enclose the one that binds it.
 */
import type { ArithmeticOperator } from "./arithmetic.ts";
import type { OrderOperator } from "./compare.ts";
import type { ExpressionFunction } from "./function-type.ts";
import type { Value } from "./value.ts";

/** The variables that an expression can name: `run`, `output` and `error` in searches only. `vars` is reserved and never bound. */
export type RootName = "event" | "async" | "vars" | SearchRoot;

/** The variables that only searches know. */
export type SearchRoot = "run" | "output" | "error";

/** The operators with two operands, other than `&&` and `||`. */
export type BinaryOperator = "==" | "!=" | "in" | OrderOperator | ArithmeticOperator;

/** The macros over lists and maps. */
export type MacroName = "all" | "exists" | "exists_one" | "map" | "filter";

/** A node of the tree. */
export type Node =
  | { readonly kind: "literal"; readonly value: Value }
  | { readonly kind: "root"; readonly name: RootName }
  | LocalNode
  | SelectNode
  | { readonly kind: "index"; readonly target: Node; readonly index: Node }
  | { readonly kind: "has"; readonly target: Node; readonly field: string }
  | CallNode
  | { readonly kind: "binary"; readonly operator: BinaryOperator; readonly left: Node; readonly right: Node }
  | { readonly kind: "not"; readonly operand: Node }
  | { readonly kind: "negate"; readonly operand: Node }
  | LogicalNode
  | ConditionalNode
  | { readonly kind: "list"; readonly items: readonly Node[] }
  | { readonly kind: "map"; readonly entries: readonly MapEntryNode[] }
  | MacroNode;

/** A variable bound by a macro. */
export type LocalNode = { readonly kind: "local"; readonly slot: number; readonly name: string };

/** `target.field`. */
export type SelectNode = { readonly kind: "select"; readonly target: Node; readonly field: string };

/** `f(x)` or `x.f()`; the receiver is the first argument. */
export type CallNode = {
  readonly kind: "call";
  readonly definition: ExpressionFunction;
  readonly isMethod: boolean;
  readonly args: readonly Node[];
};

/** `a && b && c` or `a || b || c`; at least two operands. */
export type LogicalNode = { readonly kind: "logical"; readonly operator: "&&" | "||"; readonly operands: readonly Node[] };

/** `condition ? whenTrue : whenFalse`. */
export type ConditionalNode = { readonly kind: "conditional"; readonly condition: Node; readonly whenTrue: Node; readonly whenFalse: Node };

/** One entry of a map literal. */
export type MapEntryNode = { readonly key: Node; readonly value: Node };

/** `target.exists(x, body)` and the like. `filter` is the middle argument of `map(x, filter, body)`. */
export type MacroNode = {
  readonly kind: "macro";
  readonly macro: MacroName;
  readonly target: Node;
  readonly slot: number;
  readonly variable: string;
  readonly filter?: Node;
  readonly body: Node;
};

/** Stands for a missing value in residual expressions: `vars` is never bound. */
export const MISSING_NODE: SelectNode = { kind: "select", target: { kind: "root", name: "vars" }, field: "missing" };

/** Whether a node is a missing value whatever is bound. */
export function isMissingNode(node: Node): boolean {
  if (node.kind === "root") return node.name === "vars";
  return node.kind === "select" && isMissingNode(node.target);
}

/** The nodes directly below a node, in the order of the source. */
function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case "literal":
    case "root":
    case "local":
      return [];
    case "select":
    case "has":
      return [node.target];
    case "index":
      return [node.target, node.index];
    case "call":
      return node.args;
    case "binary":
      return [node.left, node.right];
    case "not":
    case "negate":
      return [node.operand];
    case "logical":
      return node.operands;
    case "conditional":
      return [node.condition, node.whenTrue, node.whenFalse];
    case "list":
      return node.items;
    case "map":
      return node.entries.flatMap(({ key, value }) => [key, value]);
    case "macro":
      return node.filter === undefined ? [node.target, node.body] : [node.target, node.filter, node.body];
  }
}

/** How many nodes a tree has. */
export function countNodes(node: Node): number {
  return childrenOf(node).reduce((count, child) => count + countNodes(child), 1);
}

/** Whether a node or any node below it satisfies a condition. */
export function someNode(node: Node, holds: (node: Node) => boolean): boolean {
  return holds(node) || childrenOf(node).some((child) => someNode(child, holds));
}
