/**
 * Retries as users write them, checked, to the form that travels.
 *
 * I1  A mistake is an error where it is written: a server that can't read a step's retries would use the function's in silence.
 *
 * Source: wire-protocol 4.4.2; `backoff` and the retries of steps are ours, and other servers pass over them.
 */
import { BACKOFF_FACTOR_MAX, RETRIES_MAX, RETRY_AFTER_MS_MAX, type BackoffConfig, type StepConfig } from "@pawl/protocol";
import { durationMs, durationText, type Duration } from "../time/duration.ts";
import type { BackoffOptions, RetryOptions } from "./options.ts";

/** Says in a message where an option stands. */
export type OptionPath = (option: string) => string;

/** Wire form of retries. Throws a TypeError or RangeError at the first thing that can't be right. */
export function retriesConfig(retries: RetryOptions, path: OptionPath): NonNullable<StepConfig["retries"]> {
  if (typeof retries === "number") return { attempts: retryCount(retries, path("retries")) };
  if (typeof retries !== "object" || retries === null) throw mistake(path("retries"), "a number or { attempts, backoff }", retries);
  const { attempts, backoff } = retries;
  return {
    ...(attempts === undefined ? {} : { attempts: retryCount(attempts, path("retries.attempts")) }),
    ...(backoff === undefined ? {} : { backoff: backoffConfig(backoff, (option) => path(`retries.backoff.${option}`)) }),
  };
}

function retryCount(value: number, what: string): number {
  if (Number.isInteger(value) && value >= 0 && value <= RETRIES_MAX) return value;
  throw mistake(what, `a whole number from 0 to ${RETRIES_MAX}`, value);
}

const KINDS: readonly unknown[] = ["exponential", "linear", "constant"] satisfies readonly BackoffOptions["kind"][];

function backoffConfig({ kind, min, max, factor, jitter }: BackoffOptions, path: OptionPath): BackoffConfig {
  if (kind !== undefined && !KINDS.includes(kind)) throw mistake(path("kind"), '"exponential", "linear" or "constant"', kind);
  if (max !== undefined && durationMs(max, path("max")) < durationMs(min, path("min")))
    throw mistake(path("max"), "a duration that is not shorter than `min`", max);
  return {
    ...(kind === undefined ? {} : { kind }),
    min: delayText(min, path("min")),
    ...(max === undefined ? {} : { max: delayText(max, path("max")) }),
    ...(factor === undefined ? {} : { factor: within(factor, { min: 1, max: BACKOFF_FACTOR_MAX }, path("factor")) }),
    ...(jitter === undefined ? {} : { jitter: within(jitter, { min: 0, max: 1 }, path("jitter")) }),
  };
}

function delayText(value: Duration, what: string): string {
  const ms = durationMs(value, what);
  if (ms >= 1 && ms <= RETRY_AFTER_MS_MAX) return durationText(value, what);
  throw mistake(what, "a duration from 1 ms to 24 h", value);
}

function within(value: number, { min, max }: { readonly min: number; readonly max: number }, what: string): number {
  if (typeof value === "number" && value >= min && value <= max) return value;
  throw mistake(what, `a number from ${min} to ${max}`, value);
}

function mistake(what: string, expected: string, received: unknown): TypeError {
  return new TypeError(`${what}: expected ${expected}, received ${JSON.stringify(received) ?? typeof received}.`);
}
