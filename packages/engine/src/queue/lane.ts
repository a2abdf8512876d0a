/**
 * Lanes: the queue of one function and one combination of its concurrency keys' values.
 *
 * I1  All items of a lane need the same slots, so whether one may go is whether any may go: nothing blocks what is behind it.
 * I2  A lane's key says everything about it: the function, and for each keyed limit the scope, the expression's hash and the value.
 *     Limits themselves come from the newest configuration; a key whose expression is no longer configured constrains nothing.
 *
 * Spec: semantics 6.1, 9.5.
 */
import { hashStepId } from "@pawl/protocol";
import { compileOnce, evaluateKey, type ExpressionEvent } from "../expression/index.ts";
import type { ConcurrencyScope, FunctionDefinition, StepConcurrencyLimit } from "../registration/function-definition.ts";

/** A place to hold while an item is in progress: at most `limit` items hold the same key. */
export type Slot = { readonly key: string; readonly limit: number };

const SEPARATOR = "|";

/** Values that stand for themselves in a lane's key; others are hashed. */
const PLAIN_VALUE = /^[\w.:@+-]{1,64}$/;

/** The lane of a run, from the event that starts it. A key that is missing, false or failing shares the value `false` with all such. */
export function laneOf(input: {
  readonly functionId: string;
  readonly definition: FunctionDefinition;
  readonly event: ExpressionEvent;
  readonly now: number;
}): string {
  const parts = [input.functionId];
  for (const limit of input.definition.concurrency.step) {
    if (limit.keyExpression !== undefined)
      parts.push(`${limit.scope}:${expressionHash(limit.keyExpression)}:${valueOf(limit.keyExpression, input)}`);
  }
  return parts.join(SEPARATOR);
}

/** Function of a lane. */
export function functionOfLane(lane: string): string {
  const end = lane.indexOf(SEPARATOR);
  return end < 0 ? lane : lane.slice(0, end);
}

/** The slots that an item of a lane needs, under the newest configuration. */
export function slotsOf(lane: string, definition: FunctionDefinition): readonly Slot[] {
  const [functionId = "", ...keyed] = lane.split(SEPARATOR);
  const slots: Slot[] = [];
  for (const limit of definition.concurrency.step) {
    const key = slotKey(limit, { functionId, keyed });
    if (key !== undefined) slots.push({ key, limit: limit.limit });
  }
  return slots;
}

/** What a slot's key stands for: whose calls it counts and, for a keyed limit, the expression and its value (or the value's hash). */
export type SlotMeaning = { readonly scope: ConcurrencyScope; readonly keyExpression?: string; readonly value?: string };

/** Reads a slot's key back (I2); undefined where the definition has no such limit any more. For people; nothing is decided by it. */
export function slotMeaning(key: string, definition: FunctionDefinition): SlotMeaning | undefined {
  const part = key.slice(key.indexOf(SEPARATOR) + 1);
  for (const { keyExpression, scope } of definition.concurrency.step) {
    if (keyExpression === undefined) {
      if (key.startsWith("fn:") && !key.includes(SEPARATOR)) return { scope };
      continue;
    }
    const prefix = `${scope}:${expressionHash(keyExpression)}:`;
    if (part.startsWith(prefix)) return { scope, keyExpression, value: part.slice(prefix.length) };
  }
  return undefined;
}

function slotKey(
  limit: StepConcurrencyLimit,
  { functionId, keyed }: { readonly functionId: string; readonly keyed: readonly string[] },
): string | undefined {
  if (limit.keyExpression === undefined) return `fn:${functionId}`;
  const prefix = `${limit.scope}:${expressionHash(limit.keyExpression)}:`;
  const part = keyed.find((candidate) => candidate.startsWith(prefix));
  if (part === undefined) return undefined;
  return limit.scope === "fn" ? `fn:${functionId}|${part}` : part;
}

function valueOf(expression: string, { event, now }: { readonly event: ExpressionEvent; readonly now: number }): string {
  const compiled = compileOnce(expression);
  const result = compiled.kind === "compiled" ? evaluateKey(compiled.expression, { event, now }) : undefined;
  const value = result?.kind === "key" ? result.value : "false";
  return PLAIN_VALUE.test(value) ? value : hashStepId(value);
}

const hashes = new Map<string, string>();

/** Configurations have few expressions, and the hash of each is asked for at every item. */
const HASHES_KEPT_MAX = 5_000;

function expressionHash(expression: string): string {
  const known = hashes.get(expression);
  if (known !== undefined) return known;
  if (hashes.size >= HASHES_KEPT_MAX) hashes.clear();
  const hash = hashStepId(expression).slice(0, 12);
  hashes.set(expression, hash);
  return hash;
}
