/**
 * Keys of the cells that decide whether and how an event starts a run of a function.
 *
 * I1  A key names the kind, the function, the expression and its value, and nothing else: a changed expression begins anew.
 * I2  A rate limit, an idempotency key or a singleton whose key is missing, false or failing does not apply; a debounce or a batch then
 *     shares the value `false` with all such events.
 *
 * Spec: semantics 6 (table of keys), 6.4 to 6.8.
 */
import type { FunctionRow } from "../app/app-row.ts";
import type { ExpressionEvent } from "../expression/index.ts";
import { expressionHash, keyValueOf } from "../queue/lane.ts";
import { compileOnce, evaluateCondition } from "../expression/index.ts";
import type { CellKind } from "./cell-row.ts";

export type FlowKeys = {
  readonly rateLimit?: string;
  readonly idempotency?: string;
  readonly debounce?: string;
  /** Absent also where the batch's condition does not hold for the event. */
  readonly batch?: string;
  readonly singleton?: string;
};

type KeyInput = { readonly functionId: string; readonly event: ExpressionEvent; readonly now: number };

/** Keys of a function's options for an event. */
export function flowKeysOf({ id: functionId, definition }: FunctionRow, { event, now }: Omit<KeyInput, "functionId">): FlowKeys {
  const { rateLimit, idempotency, debounce, batch, singleton } = definition;
  if (rateLimit === undefined && idempotency === undefined && debounce === undefined && batch === undefined && singleton === undefined)
    return {};
  const input = { functionId, event, now };
  const keys: { -readonly [K in keyof FlowKeys]: string | undefined } = {
    rateLimit: rateLimit && keyOf("rate", rateLimit.keyExpression, { ...input, part: "limit" }),
    idempotency: idempotency === undefined ? undefined : keyOf("rate", idempotency, { ...input, part: "idempotency" }),
    debounce: debounce && (keyOf("debounce", debounce.keyExpression, input) ?? `debounce|${functionId}|false`),
    batch:
      batch !== undefined && isBatched(batch.condition, input)
        ? (keyOf("batch", batch.keyExpression, input) ?? `batch|${functionId}|false`)
        : undefined,
    singleton: singleton && keyOf("singleton", singleton.keyExpression, input),
  };
  return Object.fromEntries(Object.entries(keys).filter(([, key]) => key !== undefined)) as FlowKeys;
}

/** The cell that tells whether the last run of a schedule without overlap goes on. */
export function overlapKeyOf(functionId: string, cron: string): string {
  return `singleton|${functionId}|cron:${expressionHash(cron)}`;
}

/** `part` tells two options of one kind apart. */
function keyOf(kind: CellKind, expression: string | undefined, input: KeyInput & { readonly part?: string }): string | undefined {
  const base = input.part === undefined ? `${kind}|${input.functionId}` : `${kind}|${input.functionId}|${input.part}`;
  if (expression === undefined) return base;
  const value = keyValueOf(expression, input);
  return value === undefined ? undefined : `${base}|${expressionHash(expression)}:${value}`;
}

/** An event whose condition is false or fails runs by itself. */
function isBatched(condition: string | undefined, { event, now }: KeyInput): boolean {
  if (condition === undefined) return true;
  const compiled = compileOnce(condition);
  if (compiled.kind === "invalid") return false;
  const result = evaluateCondition(compiled.expression, { event, now });
  return result.kind === "value" && result.value;
}
