/**
 * Retries of queue items.
 *
 * I1  An item is tried at most `attemptsMax` times; attempts count from 0.
 * I2  Before jitter, delays never decrease from one attempt to the next.
 *
 * Spec: semantics 4.3; wire 5.7, 5.8.
 */
import { RETRY_AFTER_MS_MAX, RETRY_AFTER_MS_MIN } from "@pawl/protocol";
import type { DecideContext } from "../decision/decision.ts";

/** Delay after the failed attempt with this index; the last entry repeats. */
export const BACKOFF_MS: readonly number[] = [15, 30, 60, 120, 300, 600, 1_200, 2_400, 3_600, 7_200].map((seconds) => seconds * 1_000);

/** Exclusive bound of the random addition. Spreads items that failed together; 0 would let them return together. */
export const JITTER_MS_MAX = 30_000;

export type RetryState = { readonly attempt: number; readonly attemptsMax: number };

export type AttemptFailure = {
  readonly isRetryable: boolean;
  /** Delay that the app asked for; replaces the table's. Clamped to 1 s – 24 h. */
  readonly retryAfterMs?: number;
  /** Constant delay of the server's `--retry-interval`; replaces table and jitter. */
  readonly retryIntervalMs?: number;
};

export type RetryDecision = { readonly kind: "retry"; readonly dueAt: number; readonly attempt: number } | { readonly kind: "exhausted" };

/** Decides what follows a failed attempt. */
export function decideRetry(item: RetryState, failure: AttemptFailure, ctx: DecideContext): RetryDecision {
  const attempt = item.attempt + 1;
  if (!failure.isRetryable || attempt >= item.attemptsMax) return { kind: "exhausted" };
  return { kind: "retry", dueAt: ctx.now + delayMs(item, failure, ctx), attempt };
}

function delayMs(item: RetryState, failure: AttemptFailure, ctx: DecideContext): number {
  if (failure.retryAfterMs !== undefined) return Math.min(Math.max(failure.retryAfterMs, RETRY_AFTER_MS_MIN), RETRY_AFTER_MS_MAX);
  if (failure.retryIntervalMs !== undefined) return failure.retryIntervalMs;
  return (BACKOFF_MS[Math.min(item.attempt, BACKOFF_MS.length - 1)] ?? 0) + ctx.random.integer(JITTER_MS_MAX);
}
