/**
 * Concurrency limits in all their shapes: `5`, `{limit, key?, scope?}`, a list of those, or `{fn: […], step: […]}`.
 *
 * I1  A limit without a key of 0 means no limit and is left out. One with a key is refused: it would hold its runs for ever.
 *
 * Spec: wire-protocol 4.4.9; semantics 6.1, 6.2.
 */
import { FUNCTION_CONCURRENCY_LIMITS_MAX, STEP_CONCURRENCY_LIMITS_MAX } from "@pawl/protocol";
import { compact } from "./compact.ts";
import { isObject, itemsOf, type Option, OptionReader, type ProblemList, readInteger } from "./config-reader.ts";
import type { ConcurrencyDefinition, ConcurrencyScope, RunConcurrencyLimit, StepConcurrencyLimit } from "./function-definition.ts";

/** Problems of concurrency have a code of their own. */
const CODE = "concurrency_limit_invalid";

const SCOPES: readonly ConcurrencyScope[] = ["fn", "env", "account"];

const SPLIT_KEYS: ReadonlySet<string> = new Set(["fn", "step"]);

/** Reads `concurrency`. */
export function parseConcurrency(config: OptionReader, list: ProblemList): ConcurrencyDefinition {
  const option = config.option("concurrency", CODE);
  if (option === undefined) return { step: [] };
  const reader = isObject(option.value) ? OptionReader.of(option, list) : undefined;
  // Null is none of them, and still says which shape it is.
  const isSplit = isObject(option.value) && Object.keys(option.value).some((key) => SPLIT_KEYS.has(key.toLowerCase()));
  const run = isSplit ? parseLimits(reader?.option("fn", CODE), list, FUNCTION_CONCURRENCY_LIMITS_MAX)[0] : undefined;
  const steps = parseLimits(isSplit ? reader?.option("step", CODE) : option, list, STEP_CONCURRENCY_LIMITS_MAX);
  if (run !== undefined && run.scope !== "fn")
    list.add({ path: `${option.path}.fn[0].scope`, code: CODE, message: `must be fn, got ${run.scope}` });
  return compact({ step: steps.toSorted((a, b) => a.limit - b.limit), run: run === undefined ? undefined : runLimit(run) });
}

function runLimit({ limit, keyExpression }: StepConcurrencyLimit): RunConcurrencyLimit {
  return compact({ limit, keyExpression });
}

function parseLimits(option: Option | undefined, list: ProblemList, countMax: number): readonly StepConcurrencyLimit[] {
  if (option === undefined) return [];
  const items = Array.isArray(option.value) ? itemsOf(option) : [option];
  if (items.length > countMax) {
    list.add({
      path: option.path,
      code: CODE,
      message: `must have at most ${countMax} limit${countMax === 1 ? "" : "s"}, got ${items.length}`,
    });
    return [];
  }
  return items.map((item) => parseLimit(item, list)).filter((limit) => limit !== undefined);
}

function parseLimit(item: Option, list: ProblemList): StepConcurrencyLimit | undefined {
  if (typeof item.value === "number") {
    const limit = readInteger(item, { min: 0 }, list);
    return limit === undefined || limit === 0 ? undefined : { limit, scope: "fn" };
  }
  const reader = OptionReader.of(item, list);
  if (reader === undefined) return undefined;
  const limit = parseNumber(reader, list);
  const keyExpression = reader.expression("key", "key", CODE);
  const scope = parseScope(reader, list);
  if (scope !== undefined && scope !== "fn" && !reader.has("key")) {
    list.add({ path: `${item.path}.key`, code: CODE, message: `must be an expression, because the scope is ${scope}, but it is missing` });
  }
  return limit === undefined || limit === 0 || scope === undefined ? undefined : compact({ limit, scope, keyExpression });
}

function parseNumber(reader: OptionReader, list: ProblemList): number | undefined {
  const option = reader.option("limit", CODE);
  if (option === undefined) return reader.require("limit", "a whole number", CODE);
  return readInteger(option, { min: reader.has("key") ? 1 : 0 }, list);
}

function parseScope(reader: OptionReader, list: ProblemList): ConcurrencyScope | undefined {
  const option = reader.option("scope", CODE);
  if (option === undefined || option.value === "") return "fn";
  const text = typeof option.value === "string" ? option.value.toLowerCase() : undefined;
  return SCOPES.find((scope) => scope === text) ?? list.reject(option, "fn, env or account");
}
