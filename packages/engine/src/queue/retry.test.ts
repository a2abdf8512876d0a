import fc from "fast-check";
import { expect, test } from "vitest";
import { context } from "../fixtures/fixtures.ts";
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
