/**
 * Lanes: the queue of one function and one combination of its flow-control keys' values.
 *
 * I1  All items of a lane need the same slots, so whether one may go is whether any may go: nothing blocks what is behind it.
 * I2  A lane's key says everything about it: the function, and for each keyed limit the scope, the expression's hash and the value.
 *     Limits themselves come from the newest configuration; a key whose expression is no longer configured constrains nothing.
 * I3  Runs that have not started are stored in a lane of their own beside it (`startLaneOf`): throttles, limits on whole runs and pauses
 *     hold only them, and what they hold never stands in the way of runs that have started.
 *
 * Spec: semantics 6.1 to 6.3, 6.12, 9.5.
 */
import { hashStepId } from "@pawl/protocol";
import { compileOnce, evaluateKey, type ExpressionEvent } from "../expression/index.ts";
import type {
  ConcurrencyScope,
  FunctionDefinition,
  StepConcurrencyLimit,
  ThrottleDefinition,
} from "../registration/function-definition.ts";

/** A place to hold while an item is in progress: at most `limit` items hold the same key. */
export type Slot = { readonly key: string; readonly limit: number };

const SEPARATOR = "|";

/** Ends the key of a lane of runs that have not started. */
const START_SUFFIX = "|start";

/** How many runs of a throttled key may start, and when. */
export type ThrottleGate = { readonly key: string; readonly throttle: ThrottleDefinition };

/** What must be free besides the slots before a run of a lane may start. */
export type StartGates = { readonly runSlots: readonly Slot[]; readonly throttle?: ThrottleGate };

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
  const { concurrency, throttle } = input.definition;
  const addKey = (scope: string, expression: string | undefined): void => {
    if (expression !== undefined) parts.push(`${scope}:${expressionHash(expression)}:${keyValueOf(expression, input) ?? "false"}`);
  };
  for (const limit of concurrency.step) addKey(limit.scope, limit.keyExpression);
  addKey("run", concurrency.run?.keyExpression);
  addKey("throttle", throttle?.keyExpression);
  return parts.join(SEPARATOR);
}

/** The lane of runs that have not started (I3). */
export function startLaneOf(lane: string): string {
  return `${lane}${START_SUFFIX}`;
}

/** Whether a stored lane is one of runs that have not started. */
export function isStartLane(storedLane: string): boolean {
  return storedLane.endsWith(START_SUFFIX);
}

/** The lane that a stored lane belongs to. */
export function baseLaneOf(storedLane: string): string {
  return isStartLane(storedLane) ? storedLane.slice(0, -START_SUFFIX.length) : storedLane;
}

/** What holds back runs of a lane that have not started, under the newest configuration. */
export function startGatesOf(lane: string, { concurrency, throttle }: FunctionDefinition): StartGates {
  const [functionId = "", ...keyed] = lane.split(SEPARATOR);
  const keyOf = (scope: string, expression: string | undefined): string | undefined => {
    if (expression === undefined) return `${scope}:${functionId}`;
    const part = keyed.find((candidate) => candidate.startsWith(`${scope}:${expressionHash(expression)}:`));
    return part === undefined ? undefined : `${scope}:${functionId}${SEPARATOR}${part.slice(scope.length + 1)}`;
  };
  const runKey = concurrency.run === undefined ? undefined : keyOf("run", concurrency.run.keyExpression);
  const throttleKey = throttle === undefined ? undefined : keyOf("throttle", throttle.keyExpression);
  return {
    runSlots: concurrency.run === undefined || runKey === undefined ? [] : [{ key: runKey, limit: concurrency.run.limit }],
    ...(throttle === undefined || throttleKey === undefined ? {} : { throttle: { key: throttleKey, throttle } }),
  };
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

/** What a key's value stands for, for people: `fn-1|<hash>:<value>` is a keyed gate's. Undefined: the gate has no key. */
export function gateValueOf(key: string): string | undefined {
  const at = key.indexOf(SEPARATOR);
  return at < 0 ? undefined : key.slice(key.indexOf(":", at) + 1);
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

/** The value of a key for an event, itself or hashed; undefined where it is missing, false or failing. */
export function keyValueOf(
  expression: string,
  { event, now }: { readonly event: ExpressionEvent; readonly now: number },
): string | undefined {
  const compiled = compileOnce(expression);
  const result = compiled.kind === "compiled" ? evaluateKey(compiled.expression, { event, now }) : undefined;
  if (result?.kind !== "key") return undefined;
  return PLAIN_VALUE.test(result.value) ? result.value : hashStepId(result.value);
}

const hashes = new Map<string, string>();

/** Configurations have few expressions, and the hash of each is asked for at every item. */
const HASHES_KEPT_MAX = 5_000;

/** Names an expression in keys. */
export function expressionHash(expression: string): string {
  const known = hashes.get(expression);
  if (known !== undefined) return known;
  if (hashes.size >= HASHES_KEPT_MAX) hashes.clear();
  const hash = hashStepId(expression).slice(0, 12);
  hashes.set(expression, hash);
  return hash;
}
