import fc from "fast-check";
import { expect, test } from "vitest";
import { context, NOW } from "../fixtures/fixtures.ts";
import type { RetryPolicy } from "../registration/function-definition.ts";
import { BACKOFF_MS, decideRetry, JITTER_MS_MAX } from "./retry.ts";

test("an item that fails on its last attempt is exhausted", () => {
  expect(decideRetry({ attempt: 4, attemptsMax: 5 }, { isRetryable: true }, context())).toEqual({ kind: "exhausted" });
});

test("property: delays stay within the table plus jitter, and before jitter never decrease", () => {
  fc.assert(
    fc.property(fc.nat({ max: 30 }), fc.nat({ max: JITTER_MS_MAX - 1 }), (attempt, jitter) => {
      const ctx = context({ random: { integer: () => jitter, ulid: () => "" } });
      const next = decideRetry({ attempt, attemptsMax: 99 }, { isRetryable: true }, ctx);
      const base = BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length - 1)] ?? 0;
      return next.kind === "retry" && next.dueAt === ctx.now + base + jitter && next.attempt === attempt + 1;
    }),
  );
  expect(BACKOFF_MS.toSorted((a, b) => a - b)).toEqual(BACKOFF_MS);
});

test("what the app asks for is clamped to 1 s – 24 h", () => {
  const ask = (retryAfterMs: number) =>
    decideRetry({ attempt: 0, attemptsMax: 5 }, { isRetryable: true, retryAfterMs }, context({ now: 0 }));
  expect(ask(-5)).toMatchObject({ dueAt: 1_000 });
  expect(ask(1e12)).toMatchObject({ dueAt: 86_400_000 });
});

test("a constant interval replaces table and jitter", () => {
  expect(decideRetry({ attempt: 3, attemptsMax: 9 }, { isRetryable: true, retryIntervalMs: 250 }, context({ now: 0 }))).toMatchObject({
    dueAt: 250,
  });
});

const policies: fc.Arbitrary<RetryPolicy> = fc
  .record({
    kind: fc.constantFrom("exponential" as const, "linear" as const, "constant" as const),
    minMs: fc.integer({ min: 1, max: 60_000 }),
    extraMs: fc.integer({ min: 0, max: 3_600_000 }),
    factor: fc.double({ min: 1, max: 10, noNaN: true }),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ extraMs, ...policy }) => ({ ...policy, maxMs: policy.minMs + extraMs }));

test("delays of a policy never decrease before jitter, and stay within its bounds", () => {
  fc.assert(
    fc.property(policies, fc.integer({ min: 0, max: 1_000_000 }), (policy, seed) => {
      let before = 0;
      for (let attempt = 0; attempt < 20; attempt++) {
        const bare = context({ random: { integer: () => 0, ulid: () => "" } });
        const spread = context({ random: { integer: (bound) => seed % bound, ulid: () => "" } });
        const delayOf = (ctx: typeof bare): number => {
          const next = decideRetry({ attempt, attemptsMax: 21 }, { isRetryable: true, policy }, ctx);
          return next.kind === "retry" ? next.dueAt - ctx.now : Number.NaN;
        };
        const delay = delayOf(bare);
        expect(delay).toBeGreaterThanOrEqual(Math.max(before, policy.minMs));
        expect(delay).toBeLessThanOrEqual(policy.maxMs);
        expect(delayOf(spread)).toBeGreaterThanOrEqual(delay);
        expect(delayOf(spread)).toBeLessThanOrEqual(delay + Math.floor(delay * policy.jitter));
        before = delay;
      }
    }),
  );
});

test("a delay that the app asks for comes before the policy", () => {
  const policy = { kind: "constant", minMs: 5, maxMs: 5, factor: 1, jitter: 0 } as const;
  expect(decideRetry({ attempt: 0, attemptsMax: 2 }, { isRetryable: true, retryAfterMs: 9_000, policy }, context())).toMatchObject({
    dueAt: NOW + 9_000,
  });
});
