/**
 * Source text to syntax tree, with names, functions and arities checked.
 *
 * I1  Every expression that passes is evaluated without a further check of names or arities.
 * I2  Depth, length and number of nodes are bounded, so neither this nor evaluation can exhaust the stack.
 *
 * The grammar is CEL's, by a library that is used as a parser only (ADR 0003).
 */
import { type ASTNode, Environment } from "@marcbachmann/cel-js";
import { FUNCTIONS } from "./functions.ts";
import { ParseProblem, plainTokens } from "./parse-problem.ts";
import { patternProblem } from "./pattern.ts";
import type { MacroName, Node, RootName } from "./syntax.ts";
import { isInt64 } from "./arithmetic.ts";
import { Bytes, TypeName, Uint, type Value } from "./value.ts";

/** Longest expression that a user can write, in UTF-16 units. */
export const EXPRESSION_CHARS_MAX: number = 64 * 1024;

/** Longest residual, in UTF-16 units: one is stored with every waiting run. */
export const RESIDUAL_CHARS_MAX: number = 1024 * 1024;

/** Deepest nesting. Each level costs a few stack frames in the parser, in folding and in evaluation. */
export const EXPRESSION_DEPTH_MAX = 100;

/** Levels that folding can add: `json_parse("…").v` in the place of one name. */
const RESIDUAL_DEPTH_EXTRA = 3;

/**
 * Nesting in the parser. A residual is printed with every parenthesis, and a level of the tree can take a parenthesis and an access,
 * so this must be well above `EXPRESSION_DEPTH_MAX`; at about 2,000 the parser would exhaust the stack.
 */
const PARSER_DEPTH_MAX = 450;

const PARSER = new Environment({
  unlistedVariablesAreDyn: true,
  limits: { maxAstNodes: 1_000_000, maxDepth: PARSER_DEPTH_MAX, maxListElements: 10_000, maxMapEntries: 10_000, maxCallArguments: 8 },
});

/** The variables of conditions and keys. */
const ROOTS: readonly RootName[] = ["event", "async"];

const TYPES: ReadonlySet<string> = new Set(["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"]);
const TIME_TYPE = /^google\.protobuf\.(Timestamp|Duration)$/;

/** Least and greatest number of arguments of each macro. */
const MACROS: ReadonlyMap<string, readonly [min: number, max: number]> = new Map([
  ["all", [2, 2]],
  ["exists", [2, 2]],
  ["exists_one", [2, 2]],
  ["map", [2, 3]],
  ["filter", [2, 2]],
]);

type Scope = Required<ParseOptions> & { readonly names: readonly string[]; readonly depth: number };

/** How to parse. */
export type ParseOptions = {
  /**
   * Whether literal patterns of `matches` must be valid. False for residuals, where a literal may come out of an event and must
   * then fail at evaluation as it did before.
   */
  readonly isStrict: boolean;
  /** The variables that are known. Default: `event` and `async`. */
  readonly roots?: readonly RootName[];
};

/** Parses and resolves an expression. Throws `ParseProblem`. */
export function parseExpression(source: string, { isStrict, roots = ROOTS }: ParseOptions): Node {
  return resolve(parseText(source), { names: [], depth: 0, isStrict, roots });
}

function parseText(source: string): ASTNode {
  try {
    return PARSER.parse(source).ast;
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep(0);
    throw problemOf(error);
  }
}

/** The library throws its own error classes with a `summary` and a `range`. */
function problemOf(error: unknown): ParseProblem {
  const { summary, range } = error as { readonly summary?: string; readonly range?: { readonly start: number } };
  if (summary !== undefined && /^exceeded maxDepth/i.test(summary)) return tooDeep(range?.start ?? 0);
  return new ParseProblem(plainTokens(summary ?? "not an expression"), range?.start ?? 0);
}

function tooDeep(at: number): ParseProblem {
  return new ParseProblem(`nested deeper than ${EXPRESSION_DEPTH_MAX} levels`, at);
}

function resolve(ast: ASTNode, outer: Scope): Node {
  if (outer.depth > EXPRESSION_DEPTH_MAX + (outer.isStrict ? 0 : RESIDUAL_DEPTH_EXTRA)) throw tooDeep(ast.start);
  const scope = { ...outer, depth: outer.depth + 1 };
  switch (ast.op) {
    case "value":
      return { kind: "literal", value: literalOf(ast.args, ast.start) };
    case "id":
      return resolveName(ast.args, ast.start, scope);
    case ".":
      return typeDenotedBy(ast) ?? { kind: "select", target: resolve(ast.args[0], scope), field: ast.args[1] };
    case "[]":
      return { kind: "index", target: resolve(ast.args[0], scope), index: resolve(ast.args[1], scope) };
    case "call":
      return ast.args[0] === "has" ? resolveHas(ast, scope) : resolveCall(ast, scope);
    case "rcall":
      return MACROS.has(ast.args[0]) ? resolveMacro(ast, scope) : resolveCall(ast, scope);
    case "list":
      return { kind: "list", items: ast.args.map((item) => resolve(item, scope)) };
    case "map":
      return { kind: "map", entries: ast.args.map(([key, value]) => ({ key: resolve(key, scope), value: resolve(value, scope) })) };
    case "?:":
      return {
        kind: "conditional",
        condition: resolve(ast.args[0], scope),
        whenTrue: resolve(ast.args[1], scope),
        whenFalse: resolve(ast.args[2], scope),
      };
    case "||":
    case "&&":
      return { kind: "logical", operator: ast.op, operands: operandsOf(ast).map((operand) => resolve(operand, scope)) };
    case "!_":
      return { kind: "not", operand: resolve(ast.args, scope) };
    case "-_":
      return resolveNegation(ast, scope);
    case ".?":
    case "[?]":
      throw new ParseProblem("optional access is not supported", ast.start);
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
    case "in":
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
      return { kind: "binary", operator: ast.op, left: resolve(ast.args[0], scope), right: resolve(ast.args[1], scope) };
  }
}

/** Operands of a left-leaning chain, by a loop because a chain can be thousands long. */
function operandsOf(ast: ASTNode & { readonly op: "||" | "&&" }): readonly ASTNode[] {
  const operands: ASTNode[] = [];
  let rest: ASTNode = ast;
  while (rest.op === ast.op) {
    operands.push(rest.args[1]);
    rest = rest.args[0];
  }
  operands.push(rest);
  return operands.toReversed();
}

function literalOf(value: unknown, at: number, sign: bigint = 1n): Value {
  if (typeof value === "bigint") {
    if (!isInt64(sign * value)) throw new ParseProblem("an int must fit 64 bits", at);
    return sign * value;
  }
  if (value instanceof Uint8Array) return new Bytes(value);
  // The library's class of unsigned integers is not exported; it is the only object left.
  if (typeof value === "object" && value !== null) return new Uint((value as { readonly value: bigint }).value);
  return value as Value;
}

function resolveNegation(ast: ASTNode & { readonly op: "-_" }, scope: Scope): Node {
  const operand = ast.args;
  if (operand.op !== "value") return { kind: "negate", operand: resolve(operand, scope) };
  if (typeof operand.args === "bigint") return { kind: "literal", value: literalOf(operand.args, operand.start, -1n) };
  if (typeof operand.args === "number") return { kind: "literal", value: -operand.args };
  return { kind: "negate", operand: resolve(operand, scope) };
}

function resolveName(name: string, at: number, scope: Scope): Node {
  const slot = scope.names.lastIndexOf(name);
  if (slot >= 0) return { kind: "local", slot, name };
  if (name === "vars" && !scope.isStrict) return { kind: "root", name };
  if (name === "vars") throw new ParseProblem(`\`vars\` is reserved; expected ${choice(scope.roots)}`, at);
  const root = scope.roots.find((known) => known === name);
  if (root !== undefined) return { kind: "root", name: root };
  if (TYPES.has(name)) return { kind: "literal", value: new TypeName(name) };
  throw new ParseProblem(`unknown variable \`${name}\`; expected ${choice(scope.roots)}`, at);
}

/** `event, run, output or error`. */
function choice(names: readonly string[]): string {
  const [last = "", ...others] = names.toReversed();
  return others.length === 0 ? last : `${others.toReversed().join(", ")} or ${last}`;
}

/** `google.protobuf.Timestamp` and `google.protobuf.Duration` name types. */
function typeDenotedBy(ast: ASTNode & { readonly op: "." }): Node | undefined {
  if (ast.args[1] !== "Timestamp" && ast.args[1] !== "Duration") return undefined;
  const parts = [ast.args[1]];
  let rest = ast.args[0];
  for (; rest.op === "."; rest = rest.args[0]) parts.unshift(rest.args[1]);
  if (rest.op !== "id") return undefined;
  const name = [rest.args, ...parts].join(".");
  return TIME_TYPE.test(name) ? { kind: "literal", value: new TypeName(name) } : undefined;
}

function resolveHas(ast: ASTNode & { readonly op: "call" }, scope: Scope): Node {
  const [argument, ...extra] = ast.args[1];
  if (argument === undefined || extra.length > 0) throw new ParseProblem(`has() takes 1 argument, got ${ast.args[1].length}`, ast.start);
  const field = argument.op === "." ? argument.args[1] : indexedField(argument);
  if (field === undefined || (argument.op !== "." && argument.op !== "[]")) {
    throw new ParseProblem("has() takes a field, such as has(event.data.id)", argument.start);
  }
  return { kind: "has", target: resolve(argument.args[0], scope), field };
}

function indexedField(ast: ASTNode): string | undefined {
  if (ast.op !== "[]") return undefined;
  const index = ast.args[1];
  return index.op === "value" && typeof index.args === "string" ? index.args : undefined;
}

function resolveMacro(ast: ASTNode & { readonly op: "rcall" }, scope: Scope): Node {
  const [macro, receiver, args] = ast.args;
  checkArity(macro, { got: args.length, arity: MACROS.get(macro) ?? [0, 0], at: ast.pos });
  const variable = args[0];
  const body = args.at(-1);
  if (variable?.op !== "id" || body === undefined) throw new ParseProblem(`${macro}() takes a variable name first`, ast.pos);
  if (variable.args === "vars") throw new ParseProblem("`vars` is reserved; choose another variable name", variable.start);
  const inner = { ...scope, names: [...scope.names, variable.args] };
  const filter = args.length === 3 ? args[1] : undefined;
  return {
    kind: "macro",
    macro: macro as MacroName,
    target: resolve(receiver, scope),
    slot: scope.names.length,
    variable: variable.args,
    ...(filter === undefined ? {} : { filter: resolve(filter, inner) }),
    body: resolve(body, inner),
  };
}

function resolveCall(ast: ASTNode & { readonly op: "call" | "rcall" }, scope: Scope): Node {
  const isMethod = ast.op === "rcall";
  const name = ast.args[0];
  const definition = FUNCTIONS.get(name);
  if (definition === undefined) throw new ParseProblem(unknownFunction(name, isMethod), ast.pos);
  if (definition.style !== "either" && (definition.style === "method") !== isMethod) {
    throw new ParseProblem(`${name} is called as ${isMethod ? `${name}(x)` : `x.${name}()`}`, ast.pos);
  }
  const args = ast.op === "rcall" ? [ast.args[1], ...ast.args[2]] : ast.args[1];
  const receivers = isMethod ? 1 : 0;
  const arity = [definition.arity[0] - receivers, definition.arity[1] - receivers] as const;
  checkArity(name, { got: args.length - receivers, arity, at: ast.pos });
  if (scope.isStrict && name === "matches") checkPattern(args[1]);
  return { kind: "call", definition, isMethod, args: args.map((argument) => resolve(argument, scope)) };
}

function checkPattern(pattern: ASTNode | undefined): void {
  if (pattern?.op !== "value" || typeof pattern.args !== "string") return;
  const problem = patternProblem(pattern.args);
  if (problem !== undefined) throw new ParseProblem(problem, pattern.start);
}

/** What to write for functions of other languages. */
const FUNCTIONS_MEANT: Readonly<Record<string, string>> = {
  lowerAscii: "lowercase(text)",
  toLowerCase: "lowercase(text)",
  upperAscii: "uppercase(text)",
  toUpperCase: "uppercase(text)",
  length: "size(x)",
  len: "size(x)",
  includes: "text.contains(part), or item in list",
  indexOf: "text.contains(part), or item in list",
  match: "text.matches(pattern)",
  test: "text.matches(pattern)",
};

function unknownFunction(name: string, isMethod: boolean): string {
  if (name === "has" || MACROS.has(name))
    return isMethod ? `${name} is called as ${name}(x.field)` : `${name} is called as list.${name}(item, …)`;
  const meant = Object.hasOwn(FUNCTIONS_MEANT, name) ? FUNCTIONS_MEANT[name] : undefined;
  if (meant !== undefined) return `unknown function \`${name}\`; write ${meant}`;
  return `unknown function \`${name}\`; known are ${[...FUNCTIONS.keys()].sort().join(", ")}, has, ${[...MACROS.keys()].join(", ")}`;
}

function checkArity(
  name: string,
  call: { readonly got: number; readonly arity: readonly [min: number, max: number]; readonly at: number },
): void {
  const [min, max] = call.arity;
  if (call.got >= min && call.got <= max) return;
  const expected = min === max ? `${min} argument${min === 1 ? "" : "s"}` : `${min} to ${max} arguments`;
  throw new ParseProblem(`${name}() takes ${expected}, got ${call.got}`, call.at);
}
