/**
 * Checks a function's options when it is defined, so that a mistake shows in the editor's terminal and not at registration.
 *
 * I1  Every message names the function and the option, says what was expected and what came.
 *
 * Source: wire-protocol 4.4 and 14.
 */
import {
  BATCH_SIZE_MIN,
  BATCH_TIMEOUT_MS_MIN,
  CANCELS_PER_FUNCTION_MAX,
  CRON_JITTER_MS_MAX,
  CRON_JITTER_MS_MIN,
  DEBOUNCE_PERIOD_MS_MAX,
  DEBOUNCE_PERIOD_MS_MIN,
  RATE_LIMIT_PERIOD_MS_MAX,
  STEP_CONCURRENCY_LIMITS_MAX,
  TRIGGER_NAME_LENGTH_MAX,
  TRIGGERS_PER_FUNCTION_MAX,
} from "@pawl/protocol";
import { durationMs, timeoutText, type Duration } from "../time/duration.ts";
import { eventNameOf, listTriggers, triggerConfig, type CronTrigger } from "../trigger/trigger.ts";
import type { AnyFunctionOptions, ConcurrencyOption, SplitConcurrency } from "./options.ts";
import { retriesConfig } from "./retries.ts";

/** Throws a TypeError or RangeError at the first option that can't be right. */
export function checkOptions(options: AnyFunctionOptions): void {
  if (typeof options !== "object" || options === null || typeof options.id !== "string" || options.id.trim() === "") {
    throw new TypeError("createFunction: expected options with a non-empty `id`.");
  }
  const check = new Checker(options.id);
  checkTriggers(options, check);
  checkFlowControl(options, check);
  checkBatch(options, check);
  const { retries, cancelOn, timeouts, onFailure } = options;
  if (retries !== undefined) retriesConfig(retries, (option) => check.path(option));
  check.that(
    "cancelOn",
    cancelOn === undefined || cancelOn.length <= CANCELS_PER_FUNCTION_MAX,
    `at most ${CANCELS_PER_FUNCTION_MAX} events`,
    cancelOn?.length,
  );
  for (const [index, cancel] of (cancelOn ?? []).entries()) {
    check.that(`cancelOn[${index}].event`, eventNameOf(cancel.event) !== "", "an event name or event type", cancel.event);
    check.that(`cancelOn[${index}]`, cancel.if === undefined || cancel.match === undefined, "either `if` or `match`", "both");
    if (cancel.timeout !== undefined) timeoutText(cancel.timeout, check.path(`cancelOn[${index}].timeout`));
  }
  if (timeouts?.start !== undefined) check.duration("timeouts.start", timeouts.start);
  if (timeouts?.finish !== undefined) check.duration("timeouts.finish", timeouts.finish);
  check.that("onFailure", onFailure === undefined || typeof onFailure === "function", "a function", onFailure);
}

function checkTriggers(options: AnyFunctionOptions, check: Checker): void {
  const triggers = listTriggers(options.triggers);
  check.that("triggers", triggers.length <= TRIGGERS_PER_FUNCTION_MAX, `at most ${TRIGGERS_PER_FUNCTION_MAX}`, triggers.length);
  for (const [index, trigger] of triggers.entries()) {
    const path = `triggers[${index}]`;
    const config = triggerConfig(trigger, check.path(path));
    if (config !== undefined && "event" in config) {
      check.that(
        `${path}.event`,
        config.event.length <= TRIGGER_NAME_LENGTH_MAX,
        `at most ${TRIGGER_NAME_LENGTH_MAX} characters`,
        config.event.length,
      );
    }
    if ("jitter" in trigger && trigger.jitter !== undefined) {
      check.duration(`${path}.jitter`, trigger.jitter, { min: CRON_JITTER_MS_MIN, max: CRON_JITTER_MS_MAX });
    }
    if ("cron" in trigger) checkTicks(trigger, { path, check });
  }
}

function checkTicks({ missed, overlap }: CronTrigger, { path, check }: { readonly path: string; readonly check: Checker }): void {
  const isKnown = missed === undefined || missed === "one" || missed === "all" || missed === "skip";
  check.that(`${path}.missed`, isKnown, '"one", "all" or "skip"', missed);
  check.that(`${path}.overlap`, overlap === undefined || typeof overlap === "boolean", "true or false", overlap);
}

function checkFlowControl(options: AnyFunctionOptions, check: Checker): void {
  const { concurrency, rateLimit, throttle, debounce, singleton } = options;
  const limits = concurrency === undefined ? [] : listConcurrency(concurrency);
  const runs = concurrency !== undefined && isSplit(concurrency) ? concurrency.fn : undefined;
  if (runs !== undefined) check.integer("concurrency.fn.limit", runs.limit, { min: 1 });
  check.that("concurrency", limits.length <= STEP_CONCURRENCY_LIMITS_MAX, `at most ${STEP_CONCURRENCY_LIMITS_MAX} limits`, limits.length);
  for (const limit of limits) {
    check.integer("concurrency.limit", limit.limit, { min: 0 });
    check.that(
      "concurrency.scope",
      limit.scope === undefined || limit.scope === "fn" || limit.key !== undefined,
      "a `key` beside the scope",
      limit.scope,
    );
  }
  if (rateLimit !== undefined) {
    check.integer("rateLimit.limit", rateLimit.limit, { min: 1 });
    check.duration("rateLimit.period", rateLimit.period, { min: 1, max: RATE_LIMIT_PERIOD_MS_MAX });
  }
  if (throttle !== undefined) {
    check.integer("throttle.limit", throttle.limit, { min: 1 });
    check.duration("throttle.period", throttle.period, { min: 1 });
    if (throttle.burst !== undefined) check.integer("throttle.burst", throttle.burst, { min: 0 });
  }
  if (debounce !== undefined) {
    check.duration("debounce.period", debounce.period, { min: DEBOUNCE_PERIOD_MS_MIN, max: DEBOUNCE_PERIOD_MS_MAX });
    if (debounce.timeout !== undefined) check.duration("debounce.timeout", debounce.timeout);
  }
  if (singleton !== undefined)
    check.that("singleton.mode", singleton.mode === "skip" || singleton.mode === "cancel", '"skip" or "cancel"', singleton.mode);
}

function checkBatch(options: AnyFunctionOptions, check: Checker): void {
  const batch = options.batchEvents;
  if (batch === undefined) return;
  check.integer("batchEvents.maxSize", batch.maxSize, { min: BATCH_SIZE_MIN });
  check.duration("batchEvents.timeout", batch.timeout, { min: BATCH_TIMEOUT_MS_MIN });
  for (const other of ["cancelOn", "debounce", "singleton"] as const) {
    check.that("batchEvents", options[other] === undefined, `no \`${other}\` beside it`, "both");
  }
  check.that("batchEvents", options.priority?.run === undefined, "no `priority.run` beside it", "both");
}

/** The list behind the forms that are allowed. */
export function listConcurrency(concurrency: NonNullable<AnyFunctionOptions["concurrency"]>): readonly ConcurrencyOption[] {
  if (typeof concurrency === "number") return [{ limit: concurrency }];
  if (isSplit(concurrency)) return concurrency.step === undefined ? [] : listConcurrency(concurrency.step);
  return "limit" in concurrency ? [concurrency] : concurrency;
}

/** Whether steps and whole runs have limits of their own. */
export function isSplit(concurrency: NonNullable<AnyFunctionOptions["concurrency"]>): concurrency is SplitConcurrency {
  return typeof concurrency === "object" && !Array.isArray(concurrency) && ("fn" in concurrency || "step" in concurrency);
}

type Bounds = { readonly min?: number; readonly max?: number };

/** Checks of one function's options. */
class Checker {
  private readonly functionId: string;

  constructor(functionId: string) {
    this.functionId = functionId;
  }

  path(option: string): string {
    return `Function "${this.functionId}", option \`${option}\``;
  }

  that(option: string, isRight: boolean, ...[expected, received]: [expected: string, received: unknown]): void {
    if (!isRight)
      throw new TypeError(`${this.path(option)}: expected ${expected}, received ${JSON.stringify(received) ?? typeof received}.`);
  }

  integer(option: string, value: number, bounds: Bounds): void {
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = bounds;
    const range = bounds.max === undefined ? `of at least ${min}` : `from ${min} to ${max}`;
    this.that(option, Number.isInteger(value) && value >= min && value <= max, `a whole number ${range}`, value);
  }

  duration(option: string, value: Duration, bounds: Bounds = {}): void {
    const ms = durationMs(value, this.path(option));
    const { min = 0, max = Number.POSITIVE_INFINITY } = bounds;
    const range = bounds.max === undefined ? `of at least ${min} ms` : `from ${min} to ${max} ms`;
    this.that(option, ms >= min && ms <= max, `a duration ${range}`, value);
  }
}
