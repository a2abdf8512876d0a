/**
 * Whether an expression can stand where a configuration puts it.
 *
 * I1  An expression that passes compiles, names only what is bound in its place, and is not bound to fail on every event.
 * I2  Conditions of `cancelOn` keep to the wire protocol's policy, so that a configuration accepted here is accepted by other servers.
 *
 * Spec: semantics 2.4 (places, validation policy); ADR 0003.
 */
import { compileOnce } from "./compile.ts";
import { constantOf, foldTree, isConstantNode } from "./fold.ts";
import { type Node, someNode } from "./syntax.ts";
import { isAbsent, isNumeric, typeNameOf } from "./value.ts";

/** Where an expression stands. `key` is any key of flow control. */
export type ExpressionPlace = "trigger" | "wait" | "cancel" | "batch" | "key" | "priority";

/** What is wrong with an expression, in a sentence. */
export type ExpressionProblem = { readonly message: string };

/** Checks an expression for its place; undefined if nothing is wrong. */
export function checkCondition(source: string, place: ExpressionPlace): ExpressionProblem | undefined {
  const result = compileOnce(source);
  if (result.kind === "invalid") return { message: result.message };
  const { root } = result.expression;
  const message = nameProblem(root, place) ?? (place === "cancel" ? policyProblem(root) : undefined) ?? constantProblem(root, place);
  return message === undefined ? undefined : { message };
}

function nameProblem(root: Node, place: ExpressionPlace): string | undefined {
  const hasAsync = someNode(root, (node) => node.kind === "root" && node.name === "async");
  if (!hasAsync || place === "wait" || place === "cancel") return undefined;
  return "`async` is the later event of a wait or a cancellation; here only `event` is known";
}

const ARITHMETIC: ReadonlySet<string> = new Set(["+", "-", "*", "/", "%"]);
const POLICY_FUNCTIONS: ReadonlySet<string> = new Set(["int", "uint", "double"]);

function policyProblem(root: Node): string | undefined {
  let problem: string | undefined;
  someNode(root, (node) => {
    problem = nodePolicyProblem(node);
    return problem !== undefined;
  });
  return problem === undefined
    ? undefined
    : `${problem} can't be used in a condition of cancelOn; compare fields with ==, !=, <, <=, >, >=, in, && and ||`;
}

function nodePolicyProblem(node: Node): string | undefined {
  if (node.kind === "macro") return `${node.macro}()`;
  if (node.kind === "has") return "has()";
  if (node.kind === "call" && !POLICY_FUNCTIONS.has(node.definition.name)) return `${node.definition.name}()`;
  if (node.kind === "negate") return "arithmetic (-)";
  return node.kind === "binary" && ARITHMETIC.has(node.operator) ? `arithmetic (${node.operator})` : undefined;
}

/** What is wrong with a condition that is the same whatever it is evaluated on. */
export function constantConditionProblem(root: Node): string | undefined {
  return constantProblem(root, "trigger");
}

/** A constant of the wrong type would fail on every event. A constant key is odd but works. */
function constantProblem(root: Node, place: ExpressionPlace): string | undefined {
  const { node } = foldTree(root, { isForText: false });
  const value = isConstantNode(node) ? constantOf(node) : undefined;
  if (isAbsent(value) || place === "key") return undefined;
  if (place === "priority")
    return isNumeric(value) || value === null || value === false
      ? undefined
      : `a priority is a number of seconds, but this is always a ${typeNameOf(value)}`;
  return typeof value === "boolean" ? undefined : `a condition is true or false, but this is always a ${typeNameOf(value)}`;
}
