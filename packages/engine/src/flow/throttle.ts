/**
 * Throttle: starts spread over time (generic cell rate algorithm, in milliseconds).
 *
 * I1  In any stretch of time of length t, at most `limit + burst + t / (periodMs / limit)` starts are allowed.
 * I2  A held start is allowed at `until`, and at no instant before, unless the rule changes.
 *
 * Spec: semantics 6.3.
 */
import type { ThrottleDefinition } from "../registration/function-definition.ts";

export type ThrottleRule = Pick<ThrottleDefinition, "limit" | "periodMs" | "burst">;

/** `tat`: when the bucket is full again, milliseconds since the epoch; may be fractional. */
export type ThrottleDecision = { readonly kind: "allowed"; readonly tat: number } | { readonly kind: "held"; readonly until: number };

/** Decides a start. `tat` is what the last allowed start left; undefined: there was none. */
export function decideThrottle(tat: number | undefined, { limit, periodMs, burst }: ThrottleRule, now: number): ThrottleDecision {
  const emissionMs = periodMs / limit;
  const next = Math.max(now, tat ?? now) + emissionMs;
  // A microsecond of tolerance: emissions that are no whole numbers must not add up to a start that is late by a millisecond.
  const until = Math.ceil(next - emissionMs * (limit + burst) - 0.001);
  return now >= until ? { kind: "allowed", tat: next } : { kind: "held", until };
}
