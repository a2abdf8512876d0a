/**
 * Functions of strings, and `size`.
 *
 * I1  `b64decode` and `json_parse` never fail on a string: invalid input gives the part that could be read.
 *
 * Spec: semantics 2.4.
 */
import { decodeBase64, decodeUtf8 } from "./bytes.ts";
import { spend } from "./evaluation-scope.ts";
import { type CallContext, type ExpressionFunction, unary, wrongArgument } from "./function-type.ts";
import { matchesPattern, patternCost } from "./pattern.ts";
import { Bytes, isList, isMap, type Outcome, type Value, type ValueMap } from "./value.ts";

/** The functions of strings. */
export const TEXT_FUNCTIONS: readonly ExpressionFunction[] = [
  {
    name: "size",
    style: "either",
    arity: [1, 1],
    whenAbsent: 0n,
    isPure: true,
    call: ([value], context) => sizeOf(value ?? null, context),
  },
  predicate("contains", (text, part) => text.includes(part)),
  predicate("startsWith", (text, part) => text.startsWith(part)),
  predicate("endsWith", (text, part) => text.endsWith(part)),
  { ...predicate("matches", matches), style: "either" },
  onText("lowercase", (text) => text.toLowerCase()),
  onText("uppercase", (text) => text.toUpperCase()),
  onText("b64decode", (text) => decodeUtf8(decodeBase64(text))),
  onText("json_parse", parseJsonObject),
];

type Predicate = (text: string, part: string, context: CallContext) => Outcome;

function predicate(name: string, holds: Predicate): ExpressionFunction {
  const call = ([text, part]: readonly Value[], context: CallContext): Outcome => {
    if (typeof text !== "string") return wrongArgument(name, "a string to look in", text ?? null);
    return typeof part === "string" ? holds(text, part, context) : wrongArgument(name, "a string to look for", part ?? null);
  };
  return { name, style: "method", arity: [2, 2], whenAbsent: false, isPure: true, call };
}

function onText(name: string, change: (text: string) => Value): ExpressionFunction {
  return unary(name, (value) => (typeof value === "string" ? change(value) : wrongArgument(name, "a string", value)));
}

function matches(text: string, pattern: string, context: CallContext): Outcome {
  spend(context, patternCost(text, pattern));
  return matchesPattern(text, pattern);
}

/** Code points of a string, octets of bytes, items of a list, entries of a map. */
function sizeOf(value: Value, context: CallContext): Outcome {
  if (typeof value === "string") return BigInt(countCodePoints(value));
  if (isList(value)) return BigInt(value.length);
  if (value instanceof Bytes) return BigInt(value.octets.length);
  if (!isMap(value)) return wrongArgument("size", "a string, bytes, a list or a map", value);
  const count = Object.keys(value).length;
  spend(context, count);
  return BigInt(count);
}

function countCodePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function parseJsonObject(text: string): ValueMap {
  try {
    const value = JSON.parse(text) as Value;
    return isMap(value) ? value : {};
  } catch {
    return {};
  }
}
