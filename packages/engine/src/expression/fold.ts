/**
 * Partial evaluation: replaces what is known by its value.
 *
 * I1  The folded tree has, for every binding of what was not known, the result that the original has. Failures stay as they were
 *     written and fail again; they are never turned into values.
 * I2  Only the root `event` is replaced. `async.data.event.x` is a path of `async` and stays.
 * I3  In a tree for text, every literal can be written as source text with the same type.
 */
import { compileNode } from "./compile-node.ts";
import { spendOnWhole, WorkExceeded } from "./evaluation-scope.ts";
import { type CallNode, isMissingNode, type LogicalNode, type MacroNode, MISSING_NODE, type Node } from "./syntax.ts";
import { Failure, fieldOf, isList, isMap, isTruthy, Opaque, type Outcome, Uint, type Value } from "./value.ts";

/** What is known when folding. */
export type Known = {
  /** The value of `event`; without it, `event` stays open. */
  readonly event?: Value;
  /** Whether the tree will be written as text (I3). */
  readonly isForText: boolean;
};

/** What is known, and the units of work left for the whole of folding; what is beyond them is left to evaluation. */
type Folding = Known & { workLeft: number };

/** Units of work of one folding, see `WORK_MAX`: what costs more stays in the tree. */
const FOLD_WORK_MAX = 200_000;

/** A folded node and what it still needs. `lowestSlot` is the outermost macro variable used; infinity if none. */
type Folded = { readonly node: Node; readonly isOpen: boolean; readonly lowestSlot: number };

/** Folds a tree. `isOpen`: its value still depends on something that is not known, such as `async` or the instant of evaluation. */
export function foldTree(node: Node, known: Known): { readonly node: Node; readonly isOpen: boolean } {
  return fold(node, { ...known, workLeft: FOLD_WORK_MAX });
}

/** Whether a node's value is known without evaluating anything. */
export function isConstantNode(node: Node): boolean {
  return node.kind === "literal" || isMissingNode(node);
}

/** The value of a constant node; missing for anything else. */
export function constantOf(node: Node): Value | undefined {
  return node.kind === "literal" ? node.value : undefined;
}

function fold(node: Node, known: Folding): Folded {
  switch (node.kind) {
    case "literal":
      return closed(node);
    case "local":
      return { node, isOpen: false, lowestSlot: node.slot };
    case "root":
      return foldRoot(node, known);
    case "select":
      return foldSelect(node, known);
    case "index":
    case "binary":
      return foldPair(node, known);
    case "has": {
      const target = fold(node.target, known);
      return reduce({ ...node, target: target.node }, [target], known);
    }
    case "not":
    case "negate": {
      const operand = fold(node.operand, known);
      return reduce({ ...node, operand: operand.node }, [operand], known);
    }
    case "call":
      return foldCall(node, known);
    case "logical":
      return foldLogical(node, known);
    case "conditional":
      return foldConditional(node, known);
    case "list": {
      const parts = node.items.map((item) => fold(item, known));
      return reduce({ ...node, items: parts.map((part) => part.node) }, parts, known);
    }
    case "map":
      return foldMap(node, known);
    case "macro":
      return foldMacro(node, known);
  }
}

function foldRoot(node: Node & { readonly kind: "root" }, known: Folding): Folded {
  if (node.name === "vars") return closed(MISSING_NODE);
  if (node.name === "event" && known.event !== undefined) return closed({ kind: "literal", value: known.event });
  return { node, isOpen: true, lowestSlot: Infinity };
}

/** Kept apart from the general case: a field of a JSON literal is a JSON literal, without a look at everything inside. */
function foldSelect(node: Node & { readonly kind: "select" }, known: Folding): Folded {
  const target = fold(node.target, known);
  if (isMissingNode(target.node)) return closed(MISSING_NODE);
  if (target.node.kind !== "literal") return { ...target, node: { ...node, target: target.node } };
  const value = fieldOf(target.node.value, node.field);
  return closed(value === undefined || value instanceof Failure ? MISSING_NODE : { kind: "literal", value });
}

function foldPair(node: Node & { readonly kind: "index" | "binary" }, known: Folding): Folded {
  if (node.kind === "index") {
    const parts = [fold(node.target, known), fold(node.index, known)] as const;
    return reduce({ ...node, target: parts[0].node, index: parts[1].node }, parts, known);
  }
  const parts = [fold(node.left, known), fold(node.right, known)] as const;
  return reduce({ ...node, left: parts[0].node, right: parts[1].node }, parts, known);
}

function foldCall(node: CallNode, known: Folding): Folded {
  const parts = node.args.map((argument) => fold(argument, known));
  const folded = reduce({ ...node, args: parts.map((part) => part.node) }, parts, known);
  return node.definition.isPure ? folded : { ...folded, isOpen: true };
}

function foldMap(node: Node & { readonly kind: "map" }, known: Folding): Folded {
  const entries = node.entries.map(({ key, value }) => ({ key: fold(key, known), value: fold(value, known) }));
  const parts = entries.flatMap(({ key, value }) => [key, value]);
  return reduce({ ...node, entries: entries.map(({ key, value }) => ({ key: key.node, value: value.node })) }, parts, known);
}

/** Operands whose effect is known are dropped; see `dropOperands`. */
function foldLogical(node: LogicalNode, known: Folding): Folded {
  const parts = node.operands.map((operand) => fold(operand, known));
  const kept = dropOperands(node.operator, parts);
  const only = kept.length === 1 ? kept[0] : undefined;
  if (only !== undefined && (isConstantNode(only.node) || isAlwaysBoolean(only.node))) return only;
  const operands = kept.map((part) => part.node);
  // A single operand that may fail keeps a chain, because a chain turns a failure into a missing value.
  const chain = only === undefined || only.node.kind === "logical" ? operands : [idleOperand(node.operator), ...operands];
  if (chain.length === 1 && only !== undefined) return only;
  return reduce({ ...node, operands: chain }, kept, known);
}

/**
 * The operands that can still decide the value of a chain. A constant that would stop the chain ends it; one that would not stop it is
 * dropped unless it is last, where it is the value of the chain. A last `true` after a bool (or `false` for `||`) changes nothing.
 */
function dropOperands(operator: "&&" | "||", parts: readonly Folded[]): readonly Folded[] {
  const stopsAt = operator === "||";
  const kept: Folded[] = [];
  for (const [at, part] of parts.entries()) {
    const isConstant = isConstantNode(part.node);
    const isStop = isConstant && isTruthy(constantOf(part.node)) === stopsAt;
    if (isConstant && !isStop && at < parts.length - 1) continue;
    kept.push(part);
    if (isStop) break;
  }
  const last = kept.at(-1)?.node;
  const beforeLast = kept.at(-2)?.node;
  const isIdle = last?.kind === "literal" && last.value === !stopsAt && beforeLast !== undefined && isAlwaysBoolean(beforeLast);
  return isIdle ? kept.slice(0, -1) : kept;
}

/** An operand that never decides a chain. */
function idleOperand(operator: "&&" | "||"): Node {
  return { kind: "literal", value: operator === "&&" };
}

/** Whether a node's result is always true or false, never missing, failed or of another type. */
function isAlwaysBoolean(node: Node): boolean {
  if (node.kind === "literal") return typeof node.value === "boolean";
  if (node.kind === "binary") return node.operator === "==" || node.operator === "!=";
  if (node.kind === "logical") return node.operands.every(isAlwaysBoolean);
  if (node.kind === "not") return isAlwaysBoolean(node.operand);
  return node.kind === "has";
}

function foldConditional(node: Node & { readonly kind: "conditional" }, known: Folding): Folded {
  const condition = fold(node.condition, known);
  if (isConstantNode(condition.node)) return fold(isTruthy(constantOf(condition.node)) ? node.whenTrue : node.whenFalse, known);
  const parts = [condition, fold(node.whenTrue, known), fold(node.whenFalse, known)] as const;
  return reduce({ ...node, condition: parts[0].node, whenTrue: parts[1].node, whenFalse: parts[2].node }, parts, known);
}

function foldMacro(node: MacroNode, known: Folding): Folded {
  const target = fold(node.target, known);
  const filter = node.filter === undefined ? undefined : fold(node.filter, known);
  const body = fold(node.body, known);
  const inner = filter === undefined ? [body] : [filter, body];
  // Inside the macro its own variable is bound; only variables of macros further out count for the whole.
  const bound = inner.map((part) => (part.lowestSlot >= node.slot ? { ...part, lowestSlot: Infinity } : part));
  const folded = { ...node, target: target.node, ...(filter === undefined ? {} : { filter: filter.node }), body: body.node };
  return reduce(folded, [target, ...bound], known);
}

/** Evaluates a node whose parts are all known, if its value can be a literal. */
function reduce(node: Node, parts: readonly Folded[], known: Folding): Folded {
  const isOpen = parts.some((part) => part.isOpen) || (node.kind === "call" && !node.definition.isPure);
  const lowestSlot = Math.min(Infinity, ...parts.map((part) => part.lowestSlot));
  if (isOpen || lowestSlot !== Infinity) return { node, isOpen, lowestSlot };
  const value = evaluateClosed(node, known);
  if (value === undefined) return closed(MISSING_NODE);
  return closed(value instanceof Failure || (known.isForText && !isWritable(value)) ? node : { kind: "literal", value });
}

function evaluateClosed(node: Node, folding: Folding): Outcome {
  const scope = { event: undefined, async: undefined, search: undefined, now: 0, locals: [], workLeft: folding.workLeft };
  try {
    const value = compileNode(node)(scope);
    spendOnWhole(scope, value);
    folding.workLeft = scope.workLeft;
    return value;
  } catch (error) {
    folding.workLeft = Math.min(folding.workLeft, Math.max(scope.workLeft, 0));
    if (error instanceof WorkExceeded || error instanceof RangeError) return new Failure(error.message);
    throw error;
  }
}

function closed(node: Node): Folded {
  return { node, isOpen: false, lowestSlot: Infinity };
}

/** Whether a value can be written as text with its type: scalars, and lists and maps as JSON has them. */
function isWritable(value: Value): boolean {
  return typeof value === "bigint" || value instanceof Uint || isJson(value);
}

function isJson(value: Value): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (isList(value)) return value.every(isJson);
  if (isMap(value)) return Object.values(value).every(isJson);
  return typeof value !== "bigint" && !(value instanceof Opaque);
}
