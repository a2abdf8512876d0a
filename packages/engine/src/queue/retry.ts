/**
 * Retries of queue items.
 *
 * I1  An item is tried at most `attemptsMax` times; attempts count from 0.
 * I2  Before jitter, delays never decrease from one attempt to the next.
 *
 * Spec: semantics 4.3, 14 (no. 8); wire 5.7, 5.8.
 */
import { RETRY_AFTER_MS_MAX, RETRY_AFTER_MS_MIN } from "@pawl/protocol";
import type { DecideContext } from "../decision/decision.ts";
import type { RetryPolicy } from "../registration/function-definition.ts";

/** Delay after the failed attempt with this index; the last entry repeats. */
export const BACKOFF_MS: readonly number[] = [15, 30, 60, 120, 300, 600, 1_200, 2_400, 3_600, 7_200].map((seconds) => seconds * 1_000);

/** Exclusive bound of the random addition. Spreads items that failed together; 0 would let them return together. */
export const JITTER_MS_MAX = 30_000;

export type RetryState = { readonly attempt: number; readonly attemptsMax: number };

export type AttemptFailure = {
  readonly isRetryable: boolean;
  /** Delay that the app asked for; replaces the table's. Clamped to 1 s – 24 h. */
  readonly retryAfterMs?: number;
  /** Constant delay of the server's `--retry-interval`; replaces table, policy and jitter. */
  readonly retryIntervalMs?: number;
  /** The step's or the function's; default: the table. */
  readonly policy?: RetryPolicy;
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
  if (failure.policy !== undefined) return policyDelayMs(failure.policy, item.attempt, ctx);
  return (BACKOFF_MS[Math.min(item.attempt, BACKOFF_MS.length - 1)] ?? 0) + ctx.random.integer(JITTER_MS_MAX);
}

/** `attempt`: the zero-based attempt that has failed. */
function policyDelayMs({ kind, minMs, maxMs, factor, jitter }: RetryPolicy, attempt: number, { random }: DecideContext): number {
  const growth = kind === "constant" ? 1 : kind === "linear" ? attempt + 1 : factor ** attempt;
  const delay = Math.min(Math.round(minMs * growth), maxMs);
  const spread = Math.floor(delay * jitter);
  return delay + (spread === 0 ? 0 : random.integer(spread + 1));
}
