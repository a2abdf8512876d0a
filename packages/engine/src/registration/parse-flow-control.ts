/**
 * Options that decide when an event becomes a run: rate limit, throttle, debounce, batch, priority, singleton.
 *
 * Spec: wire-protocol 4.4.4 to 4.4.8, 4.4.12; semantics 6.3 to 6.8.
 */
import {
  BATCH_SIZE_MIN,
  BATCH_TIMEOUT_MS_MIN,
  DEBOUNCE_PERIOD_MS_MAX,
  DEBOUNCE_PERIOD_MS_MIN,
  RATE_LIMIT_PERIOD_MS_MAX,
} from "@pawl/protocol";
import { compact } from "./compact.ts";
import { OptionReader, type ProblemList } from "./config-reader.ts";
import type {
  BatchDefinition,
  DebounceDefinition,
  PriorityDefinition,
  RateLimitDefinition,
  SingletonDefinition,
  ThrottleDefinition,
} from "./function-definition.ts";
import { type DurationRule, readDuration } from "./parse-duration.ts";

const RATE_LIMIT_PERIOD: DurationRule = { min: 1, max: RATE_LIMIT_PERIOD_MS_MAX, expected: "a duration of at most 24h, such as 1m" };
const THROTTLE_PERIOD: DurationRule = { min: 1, expected: "a duration such as 1m" };
const DEBOUNCE_PERIOD: DurationRule = {
  min: DEBOUNCE_PERIOD_MS_MIN,
  max: DEBOUNCE_PERIOD_MS_MAX,
  expected: "a duration from 1s to 7d, such as 30s",
};
const DEBOUNCE_TIMEOUT: DurationRule = { min: 1, expected: "a duration such as 10m" };
const BATCH_TIMEOUT: DurationRule = {
  min: BATCH_TIMEOUT_MS_MIN,
  isGo: true,
  expected: "a duration in h, m and s of at least 1s, such as 30s",
};

/** Reads `rateLimit`. */
export function parseRateLimit(config: OptionReader, list: ProblemList): RateLimitDefinition | undefined {
  const reader = readerOf(config, "rateLimit", list);
  if (reader === undefined) return undefined;
  reader.require("limit", "a whole number of at least 1");
  reader.require("period", RATE_LIMIT_PERIOD.expected);
  const limit = reader.integer("limit", { min: 1 });
  const periodMs = readDuration(reader.option("period"), RATE_LIMIT_PERIOD, list);
  const keyExpression = reader.expression("key", "key");
  return limit === undefined || periodMs === undefined ? undefined : compact({ limit, periodMs, keyExpression });
}

/** Reads `throttle`. A limit of 0 counts as 1. */
export function parseThrottle(config: OptionReader, list: ProblemList): ThrottleDefinition | undefined {
  const reader = readerOf(config, "throttle", list);
  if (reader === undefined) return undefined;
  reader.require("period", THROTTLE_PERIOD.expected);
  const limit = Math.max(1, reader.integer("limit", { min: 0 }) ?? 1);
  const periodMs = readDuration(reader.option("period"), THROTTLE_PERIOD, list);
  const burst = reader.integer("burst", { min: 0 }) ?? 0;
  const keyExpression = reader.expression("key", "key");
  return periodMs === undefined ? undefined : compact({ limit, periodMs, burst, keyExpression });
}

/** Reads `debounce`. An empty key counts as none. */
export function parseDebounce(config: OptionReader, list: ProblemList): DebounceDefinition | undefined {
  const reader = readerOf(config, "debounce", list);
  if (reader === undefined) return undefined;
  reader.require("period", DEBOUNCE_PERIOD.expected);
  const periodMs = readDuration(reader.option("period"), DEBOUNCE_PERIOD, list);
  const timeoutMs = readDuration(reader.option("timeout"), DEBOUNCE_TIMEOUT, list);
  const keyExpression = reader.option("key")?.value === "" ? undefined : reader.expression("key", "key");
  return periodMs === undefined ? undefined : compact({ periodMs, timeoutMs, keyExpression });
}

/** Reads `batchEvents`. */
export function parseBatch(config: OptionReader, list: ProblemList): BatchDefinition | undefined {
  const reader = readerOf(config, "batchEvents", list);
  if (reader === undefined) return undefined;
  reader.require("maxSize", `a whole number of at least ${BATCH_SIZE_MIN}`, "batch_size_invalid");
  reader.require("timeout", BATCH_TIMEOUT.expected, "batch_timeout_invalid");
  const sizeMax = reader.integer("maxSize", { min: BATCH_SIZE_MIN }, "batch_size_invalid");
  const timeoutMs = readDuration(reader.option("timeout", "batch_timeout_invalid"), BATCH_TIMEOUT, list);
  const keyExpression = reader.expression("key", "key", "batch_key_expression_invalid");
  const condition = reader.expression("if", "batch", "batch_if_expression_invalid");
  return sizeMax === undefined || timeoutMs === undefined ? undefined : compact({ sizeMax, timeoutMs, keyExpression, condition });
}

/** Reads `priority`. */
export function parsePriority(config: OptionReader, list: ProblemList): PriorityDefinition | undefined {
  const expression = readerOf(config, "priority", list)?.expression("run", "priority");
  return expression === undefined ? undefined : { expression };
}

/** Reads `singleton`. */
export function parseSingleton(config: OptionReader, list: ProblemList): SingletonDefinition | undefined {
  const reader = readerOf(config, "singleton", list);
  if (reader === undefined) return undefined;
  reader.require("mode", "skip or cancel");
  const option = reader.option("mode");
  const mode = option?.value;
  const keyExpression = reader.expression("key", "key");
  if (mode === "skip" || mode === "cancel") return compact({ mode, keyExpression });
  return option === undefined ? undefined : list.reject(option, "skip or cancel");
}

function readerOf(config: OptionReader, key: string, list: ProblemList): OptionReader | undefined {
  const option = config.option(key);
  return option === undefined ? undefined : OptionReader.of(option, list);
}
