/**
 * Rate limits: a sliding window that is true to its stated limit.
 *
 * I1  In any window of `periodMs`, at most `limit` are admitted: an admission leaves the window when it is `periodMs` old.
 * I2  Limits up to `EXACT_MAX`: nothing is refused while fewer than `limit` were admitted in the last `periodMs`. Above, instants are
 *     rounded up to 1/64 of the period, so an admission may count for that much longer, and the state stays small.
 *
 * The state is pairs of an instant and how many were admitted at it, oldest first.
 *
 * Spec: semantics 6.4. The server it describes admits a tenth of the limit at once; users complained (semantics 14, no. 6).
 */

/** At most `limit` within `periodMs`. */
export type RateRule = { readonly limit: number; readonly periodMs: number };

/** Limits up to this are counted one by one. */
export const EXACT_MAX = 64;

const BUCKETS = 64;

type Admission = readonly [at: number, count: number];

/** What was admitted; a cell keeps it as JSON. */
export type RateState = readonly Admission[];

/** `expiresAt`: from then on the state means nothing. `nextAt`: when there is room for one again. */
export type RateDecision =
  | { readonly kind: "admitted"; readonly state: RateState; readonly expiresAt: number }
  | { readonly kind: "refused"; readonly nextAt: number };

/** Admits one more, or refuses it. `state`: what the last admission left; empty: there was none. */
export function admitRate(state: RateState, { limit, periodMs }: RateRule, now: number): RateDecision {
  const counting = state.filter(([at]) => at + periodMs > now);
  let total = counting.reduce((sum, [, count]) => sum + count, 0);
  if (total >= limit) {
    for (const [at, count] of counting) {
      total -= count;
      if (total < limit) return { kind: "refused", nextAt: at + periodMs };
    }
  }
  const bucketMs = limit <= EXACT_MAX ? 1 : Math.max(1, Math.floor(periodMs / BUCKETS));
  // A clock that has gone back must not put an admission before those that were made.
  const at = Math.max(Math.ceil(now / bucketMs) * bucketMs, counting.at(-1)?.[0] ?? 0);
  const last = counting.at(-1);
  const admissions = last?.[0] === at ? [...counting.slice(0, -1), [at, last[1] + 1] as const] : [...counting, [at, 1] as const];
  return { kind: "admitted", state: admissions, expiresAt: at + periodMs };
}
