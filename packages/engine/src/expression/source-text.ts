/**
 * Syntax tree back to source text.
 *
 * I1  Parsing the text gives an expression with equal results, whatever is bound. Every operation is in parentheses, so precedence
 *     cannot change a meaning.
 * I2  Text is free of control characters and lone surrogates, so that any store and any log can keep it.
 */
import { type MapEntryNode, type Node, someNode } from "./syntax.ts";
import { Bytes, Duration, isList, isMap, Opaque, Timestamp, TypeName, Uint, type Value } from "./value.ts";
import { formatDuration } from "./duration-text.ts";
import { formatTimestamp } from "./timestamp-text.ts";

/** Longest list of scalars that prints as a list; a longer one, and any nested value, prints as `json_parse("…").v`. */
const PRINTED_ITEMS_MAX = 100;

/** The names that can follow a dot. Everything else is written in brackets. */
const FIELD_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const KEYWORDS: ReadonlySet<string> = new Set(["true", "false", "null", "in"]);

/** The nodes whose text would mix with an operator beside it. */
const OPERATIONS: ReadonlySet<Node["kind"]> = new Set<Node["kind"]>(["binary", "not", "negate", "logical", "conditional"]);

/** The text of a tree. */
export function sourceText(node: Node): string {
  switch (node.kind) {
    case "literal":
      return literalText(node.value);
    case "root":
    case "local":
      return node.name;
    case "select":
      return accessText(node.target, node.field);
    case "index":
      return `${operandText(node.target)}[${sourceText(node.index)}]`;
    case "has":
      return `has(${accessText(node.target, node.field)})`;
    case "call":
      return callText(node);
    case "binary":
      return `${operandText(node.left)} ${node.operator} ${operandText(node.right)}`;
    case "not":
      return `!${operandText(node.operand)}`;
    case "negate":
      return `-${operandText(node.operand)}`;
    case "logical":
      return node.operands.map(operandText).join(` ${node.operator} `);
    case "conditional":
      return `${operandText(node.condition)} ? ${operandText(node.whenTrue)} : ${operandText(node.whenFalse)}`;
    case "list":
      return `[${node.items.map(sourceText).join(", ")}]`;
    case "map":
      return `{${node.entries.map(entryText).join(", ")}}`;
    case "macro":
      return macroText(node);
  }
}

/** Whether the literals of a tree alone take more characters than a text may have. Looks no further than it must. */
export function isLongerThan(node: Node, charsMax: number): boolean {
  let charsLeft = charsMax;
  const takesTooMuch = (value: Value): boolean => {
    charsLeft -= typeof value === "string" ? value.length : 1;
    if (charsLeft < 0) return true;
    if (isList(value)) return value.some(takesTooMuch);
    if (!isMap(value)) return false;
    return Object.entries(value).some(([key, item]) => takesTooMuch(key) || takesTooMuch(item));
  };
  return someNode(node, (part) => part.kind === "literal" && takesTooMuch(part.value));
}

/** The text of a node as part of another one. */
function operandText(node: Node): string {
  const text = sourceText(node);
  const isLoose = node.kind === "literal" ? text.startsWith("-") : OPERATIONS.has(node.kind);
  return isLoose ? `(${text})` : text;
}

function accessText(target: Node, field: string): string {
  const isName = FIELD_NAME.test(field) && !KEYWORDS.has(field);
  return operandText(target) + (isName ? `.${field}` : `[${stringText(field)}]`);
}

function callText({ definition, isMethod, args }: Node & { readonly kind: "call" }): string {
  const [receiver, ...rest] = args;
  if (!isMethod || receiver === undefined) return `${definition.name}(${args.map(sourceText).join(", ")})`;
  return `${operandText(receiver)}.${definition.name}(${rest.map(sourceText).join(", ")})`;
}

function entryText({ key, value }: MapEntryNode): string {
  return `${operandText(key)}: ${operandText(value)}`;
}

function macroText(node: Node & { readonly kind: "macro" }): string {
  const filter = node.filter === undefined ? "" : `${sourceText(node.filter)}, `;
  return `${operandText(node.target)}.${node.macro}(${node.variable}, ${filter}${sourceText(node.body)})`;
}

function literalText(value: Value): string {
  if (value === null || typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number") return doubleText(value);
  if (typeof value === "string") return stringText(value);
  if (value instanceof Opaque) return opaqueText(value);
  if (isList(value) && value.length <= PRINTED_ITEMS_MAX && !value.some((item) => isList(item) || isMap(item))) {
    return `[${value.map(literalText).join(", ")}]`;
  }
  return isMap(value) && Object.keys(value).length === 0 ? "{}" : jsonText(value);
}

/** Always with a point or an exponent, or the parser would read an int. */
function doubleText(value: number): string {
  if (Number.isNaN(value)) return `double("NaN")`;
  if (!Number.isFinite(value)) return `double("${value > 0 ? "" : "-"}Infinity")`;
  const text = Object.is(value, -0) ? "-0" : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function stringText(text: string): string {
  // A lone surrogate has no escape in the grammar; in JSON it has one.
  if (!text.isWellFormed()) return jsonText(text);
  return `"${text.replace(/[\\"]/g, "\\$&").replace(/\p{Cc}/gu, escapeControl)}"`;
}

function escapeControl(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** A JSON value as one literal, whatever its depth and length. `json_parse` gives doubles for numbers, as events have them. */
function jsonText(value: Value): string {
  return `json_parse(${stringText(`{"v":${jsonOf(value)}}`)}).v`;
}

/** As `JSON.stringify`, but keeps the sign of zero. */
function jsonOf(value: Value): string {
  if (isList(value)) return `[${value.map(jsonOf).join(",")}]`;
  if (!isMap(value)) return Object.is(value, -0) ? "-0" : JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}:${jsonOf(item)}`)
    .join(",")}}`;
}

function opaqueText(value: Opaque): string {
  if (value instanceof Uint) return `${value.value}u`;
  if (value instanceof Timestamp) return `timestamp("${formatTimestamp(value.nanos)}")`;
  if (value instanceof Duration) return `duration("${formatDuration(value.nanos)}")`;
  if (value instanceof TypeName) return value.name;
  if (!(value instanceof Bytes)) return "vars.missing";
  return `b"${[...value.octets].map((octet) => `\\x${octet.toString(16).padStart(2, "0")}`).join("")}"`;
}
