/**
 * Retry policies: `{ attempts, backoff: { kind, min, max, factor, jitter } }`. `attempts` is the protocol's, `backoff` is ours.
 *
 * I1  `minMs` ≤ `maxMs`, so delays have somewhere to be.
 *
 * Spec: wire-protocol 4.4.2; semantics 14, no. 8.
 */
import { BACKOFF_FACTOR_MAX, RETRIES_MAX, RETRY_AFTER_MS_MAX } from "@pawl/protocol";
import { type Option, OptionReader, ProblemList, readInteger } from "./config-reader.ts";
import { compact } from "./compact.ts";
import type { RetryPolicy } from "./function-definition.ts";
import { type DurationRule, readDuration } from "./parse-duration.ts";

const KINDS: readonly RetryPolicy["kind"][] = ["exponential", "linear", "constant"];

/** Longest wait between attempts, as for `Retry-After`. */
const MAX_MS_DEFAULT = RETRY_AFTER_MS_MAX;

const DELAY: DurationRule = { min: 1, max: RETRY_AFTER_MS_MAX, expected: "a duration up to 24h, such as 5s" };

/** What a function or a step says about retries. */
export type Retries = { readonly attempts?: number; readonly policy?: RetryPolicy };

/** Reads them; problems are noted. More than 20 retries count as 20. */
export function readRetries(option: Option | undefined, list: ProblemList): Retries {
  const reader = option === undefined ? undefined : OptionReader.of(option, list);
  if (reader === undefined) return {};
  const attempts = reader.integer("attempts", { min: 0 });
  const backoff = reader.option("backoff");
  return compact({
    attempts: attempts === undefined ? undefined : Math.min(attempts, RETRIES_MAX),
    policy: backoff === undefined ? undefined : readPolicy(backoff, list),
  });
}

/** What a step's op says; what can't be read counts as not said: a running function is not stopped for it. */
export function retriesOfStep(value: unknown): Retries {
  if (value === undefined || value === null) return {};
  const list = new ProblemList("step");
  const retries = readRetries({ path: "retry", value }, list);
  return list.problems.length === 0 ? retries : {};
}

function readPolicy(option: Option, list: ProblemList): RetryPolicy | undefined {
  const reader = OptionReader.of(option, list);
  if (reader === undefined) return undefined;
  reader.require("min", DELAY.expected);
  const kindOption = reader.option("kind");
  const kind = kindOption === undefined ? "exponential" : KINDS.find((known) => known === kindOption.value);
  if (kind === undefined && kindOption !== undefined) return list.reject(kindOption, "exponential, linear or constant");
  const minMs = readDuration(reader.option("min"), DELAY, list);
  const maxOption = reader.option("max");
  const maxMs = maxOption === undefined ? MAX_MS_DEFAULT : readDuration(maxOption, DELAY, list);
  const factor = readNumber(reader.option("factor"), { min: 1, max: BACKOFF_FACTOR_MAX }, list) ?? 2;
  const jitter = readNumber(reader.option("jitter"), { min: 0, max: 1 }, list) ?? 0.2;
  if (kind === undefined || minMs === undefined || maxMs === undefined) return undefined;
  if (maxMs < minMs && maxOption !== undefined) return list.reject(maxOption, "a duration that is not shorter than min");
  return { kind, minMs, maxMs: Math.max(minMs, maxMs), factor, jitter };
}

function readNumber(
  option: Option | undefined,
  { min, max }: { readonly min: number; readonly max: number },
  list: ProblemList,
): number | undefined {
  if (option === undefined) return undefined;
  const { value } = option;
  if (typeof value === "number" && value >= min && value <= max) return value;
  return typeof value === "number" && Number.isInteger(value)
    ? readInteger(option, { min, max }, list)
    : list.reject(option, `a number from ${String(min)} to ${String(max)}`);
}
