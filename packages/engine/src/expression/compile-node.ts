/**
 * Syntax tree to closures.
 *
 * I1  A compiled node never throws, except `WorkExceeded`.
 * I2  A field of `event` or `async` costs one property read per segment; comparing it with a literal scalar costs one comparison more.
 *
 * Spec: semantics 2.4.
 */
import { calculate, negate } from "./arithmetic.ts";
import { areEqual, areEqualValues, inOrder } from "./compare.ts";
import { compileMacro } from "./compile-macro.ts";
import { type Code, type EvaluationScope, spend, spendOnWhole } from "./evaluation-scope.ts";
import {
  type BinaryOperator,
  type CallNode,
  type ConditionalNode,
  countNodes,
  type LogicalNode,
  type MacroNode,
  type MapEntryNode,
  type Node,
  type RootName,
  type SelectNode,
} from "./syntax.ts";
import { Failure, fieldOf, isAbsent, isList, isMap, isNumeric, isTruthy, type Outcome, typeNameOf, Uint, type Value } from "./value.ts";

/** Compiles a node and everything below it. */
export function compileNode(node: Node): Code {
  switch (node.kind) {
    case "literal":
      return constant(node.value);
    case "root":
      return ROOT[node.name];
    case "local":
      return (scope) => scope.locals[node.slot];
    case "select":
      return compileSelect(node);
    case "index":
      return compileBoth(node.target, node.index, itemOf);
    case "has":
      return compileHas(node);
    case "call":
      return compileCall(node);
    case "binary":
      return compileBinary(node);
    case "not":
      return compileOne(node.operand, not);
    case "negate":
      return compileOne(node.operand, negate);
    case "logical":
      return compileLogical(node);
    case "conditional":
      return compileConditional(node);
    case "list":
      return compileList(node.items);
    case "map":
      return compileMap(node.entries);
    case "macro":
      return compileMacroNode(node);
  }
}

const ROOT: Readonly<Record<RootName, Code>> = {
  event: (scope) => scope.event,
  async: (scope) => scope.async,
  vars: () => undefined,
  run: ({ search }) => search?.run,
  output: ({ search }) => search?.output,
  error: ({ search }) => search?.error,
};

/** `target[index]`. A key that is not there is missing; a position that is not there is a failure. */
function itemOf(target: Outcome, index: Outcome): Outcome {
  if (isAbsent(target)) return target;
  if (isAbsent(index)) return index;
  if (isList(target)) return itemAt(target, index);
  if (isMap(target)) return typeof index === "string" ? fieldOf(target, index) : undefined;
  return undefined;
}

function itemAt(list: readonly Value[], index: Value): Outcome {
  const position = isNumeric(index) ? Number(index instanceof Uint ? index.value : index) : Number.NaN;
  if (!Number.isInteger(position)) return new Failure(`a list is indexed by an int, got ${typeNameOf(index)}`);
  const item = list[position];
  return item === undefined ? new Failure(`index ${position} is out of range: the list has ${list.length} items`) : item;
}

/** `!missing` is true, so that `!event.data.deleted` says what it reads as (ADR 0003). */
function not(operand: Outcome): Outcome {
  if (operand === undefined) return true;
  if (typeof operand === "boolean") return !operand;
  return operand instanceof Failure ? operand : new Failure(`operator ! needs a bool, got ${typeNameOf(operand)}`);
}

function constant(value: Outcome): Code {
  return () => value;
}

function compileOne(operand: Node, apply: (operand: Outcome) => Outcome): Code {
  const code = compileNode(operand);
  return (scope) => apply(code(scope));
}

function compileBoth(left: Node, right: Node, apply: (left: Outcome, right: Outcome) => Outcome): Code {
  const leftCode = compileNode(left);
  const rightCode = compileNode(right);
  return (scope) => apply(leftCode(scope), rightCode(scope));
}

function compileSelect(node: SelectNode): Code {
  const fields = [node.field];
  let target = node.target;
  for (; target.kind === "select"; target = target.target) fields.unshift(target.field);
  const base = compileNode(target);
  return (scope) => {
    let value = base(scope);
    for (const field of fields) value = fieldOf(value, field);
    return value;
  };
}

function compileHas(node: Node & { readonly kind: "has" }): Code {
  return compileOne(node.target, (target) => isMap(target) && fieldOf(target, node.field) !== undefined);
}

function compileCall({ definition, args }: CallNode): Code {
  const codes = args.map(compileNode);
  return (scope) => {
    const values: Value[] = [];
    for (const code of codes) {
      const value = code(scope);
      if (isAbsent(value)) return definition.whenAbsent ?? value;
      if (typeof value === "string") spendOnWhole(scope, value);
      values.push(value);
    }
    return definition.call(values, scope);
  };
}

function compileBinary(node: Node & { readonly kind: "binary" }): Code {
  if (node.operator === "==" && node.right.kind === "literal") return compileEqualsLiteral(node.left, node.right.value);
  if (node.operator === "==" && node.left.kind === "literal") return compileEqualsLiteral(node.right, node.left.value);
  return compileOperator(node);
}

/** Operands that are texts, lists or maps are paid for; numbers and booleans are free. */
function compileOperator(node: Node & { readonly kind: "binary" }): Code {
  const apply = BINARY[node.operator];
  const left = compileNode(node.left);
  const right = compileNode(node.right);
  const pay = node.operator === "in" ? payForSearch : payForBoth;
  return (scope) => {
    const leftValue = left(scope);
    const rightValue = right(scope);
    pay(scope, leftValue, rightValue);
    return apply(leftValue, rightValue);
  };
}

function payForBoth(scope: EvaluationScope, left: Outcome, right: Outcome): void {
  if (typeof left === "number" || typeof right === "number") return;
  spendOnWhole(scope, left);
  spendOnWhole(scope, right);
}

/** Only the items of the list matter, unless the item is itself a list or a map. */
function payForSearch(scope: EvaluationScope, item: Outcome, container: Outcome): void {
  if (isList(item) || isMap(item)) spendOnWhole(scope, container);
  else if (isList(container)) spend(scope, container.length >> 2);
}

function compileEqualsLiteral(operand: Node, literal: Value): Code {
  const code = compileNode(operand);
  if (typeof literal === "string" || typeof literal === "boolean") return (scope) => code(scope) === literal;
  return (scope) => {
    const value = code(scope);
    if (typeof value === "object") spendOnWhole(scope, value);
    return areEqual(value, literal);
  };
}

const BINARY: Readonly<Record<BinaryOperator, (left: Outcome, right: Outcome) => Outcome>> = {
  "==": areEqual,
  "!=": (left, right) => !areEqual(left, right),
  in: isIn,
  "<": (left, right) => inOrder("<", left, right),
  "<=": (left, right) => inOrder("<=", left, right),
  ">": (left, right) => inOrder(">", left, right),
  ">=": (left, right) => inOrder(">=", left, right),
  "+": (left, right) => calculate("+", left, right),
  "-": (left, right) => calculate("-", left, right),
  "*": (left, right) => calculate("*", left, right),
  "/": (left, right) => calculate("/", left, right),
  "%": (left, right) => calculate("%", left, right),
};

function isIn(item: Outcome, container: Outcome): Outcome {
  if (isAbsent(item) || isAbsent(container)) return false;
  if (isList(container)) return container.some((candidate) => areEqualValues(item, candidate));
  if (isMap(container)) return typeof item === "string" && Object.hasOwn(container, item);
  return new Failure(`operator in needs a list or a map, got ${typeNameOf(container)}`);
}

/** `&&` is its first falsy operand, `||` its first truthy one, else the last. A failed operand counts as missing. */
function compileLogical({ operator, operands }: LogicalNode): Code {
  const codes = operands.map(compileNode);
  const stopsAt = operator === "||";
  return (scope) => {
    let value: Outcome;
    for (const code of codes) {
      value = code(scope);
      if (isTruthy(value) === stopsAt) break;
    }
    return value instanceof Failure ? undefined : value;
  };
}

function compileConditional(node: ConditionalNode): Code {
  const condition = compileNode(node.condition);
  const whenTrue = compileNode(node.whenTrue);
  const whenFalse = compileNode(node.whenFalse);
  return (scope) => (isTruthy(condition(scope)) ? whenTrue(scope) : whenFalse(scope));
}

function compileList(items: readonly Node[]): Code {
  const codes = items.map(compileNode);
  return (scope) => {
    const values: Value[] = [];
    for (const code of codes) {
      const value = code(scope);
      if (value instanceof Failure) return value;
      values.push(value ?? null);
    }
    return values;
  };
}

function compileMap(entries: readonly MapEntryNode[]): Code {
  const codes = entries.map(({ key, value }) => ({ key: compileNode(key), value: compileNode(value) }));
  return (scope) => {
    const pairs: (readonly [string, Value])[] = [];
    for (const { key, value } of codes) {
      const name = key(scope);
      const content = value(scope);
      if (content instanceof Failure) return content;
      if (typeof name !== "string") return new Failure(`a map key must be a string, got ${isAbsent(name) ? "nothing" : typeNameOf(name)}`);
      pairs.push([name, content ?? null]);
    }
    return Object.fromEntries(pairs);
  };
}

function compileMacroNode(node: MacroNode): Code {
  return compileMacro({
    macro: node.macro,
    target: compileNode(node.target),
    slot: node.slot,
    ...(node.filter === undefined ? {} : { filter: compileNode(node.filter) }),
    body: compileNode(node.body),
    turnCost: countNodes(node.body) + (node.filter === undefined ? 0 : countNodes(node.filter)),
  });
}
