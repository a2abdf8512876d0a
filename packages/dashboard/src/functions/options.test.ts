import { expect, test } from "vitest";
import type { UiFunctionOptions } from "@pawl/protocol";
import { optionLines } from "./options.ts";

const NONE: UiFunctionOptions = { attemptsMax: 5, concurrency: { step: [] }, cancelOn: [], timeouts: {} };

const wordsOf = (options: Partial<UiFunctionOptions>): readonly string[] =>
  optionLines({ ...NONE, ...options }).map(({ label, words }) => `${label}: ${words}`);

test("a function that asks for nothing has its retries", () => {
  expect(wordsOf({})).toEqual(["Retries: 4 retries, after growing delays"]);
});

test.each<[Partial<UiFunctionOptions>, string]>([
  [{ throttle: { limit: 5, periodMs: 60_000, burst: 2 } }, "Throttle: 5 starts in 1 min, and 2 more at once; others wait"],
  [{ rateLimit: { limit: 1, periodMs: 10_000 } }, "Rate limit: 1 run in 10 s; other events start none"],
  [
    { debounce: { periodMs: 5_000, timeoutMs: 60_000 } },
    "Debounce: A run starts 5 s after the last event, at the latest 1 min after the first",
  ],
  [{ batch: { sizeMax: 10, timeoutMs: 30_000 } }, "Batch: Up to 10 events in a run, or those that come within 30 s"],
  [{ singleton: { mode: "cancel" } }, "Singleton: One run under way; a new one cancels the old one"],
  [{ concurrency: { step: [], run: { limit: 3 } } }, "Runs at once: At most 3 under way; others wait"],
  [{ concurrency: { step: [{ limit: 2, scope: "env" }] } }, "Steps at once: At most 2 in progress across the environment; others wait"],
  [{ attemptsMax: 1 }, "Retries: None: the first failure is the last"],
  [{ retry: { kind: "linear", minMs: 500, maxMs: 5_000 } }, "Retries: 4 retries, after linear delays from 500 ms to 5 s"],
  [{ timeouts: { startMs: 30_000 } }, "Start timeout: Cancelled when it has not started after 30 s"],
])("%j reads %s", (options, words) => {
  expect(wordsOf(options)).toContain(words);
});

test("keys and conditions stay as they are written", () => {
  const lines = optionLines({
    ...NONE,
    concurrency: { step: [{ limit: 1, scope: "fn", keyExpression: "event.data.user" }] },
    cancelOn: [{ event: "shop/stopped", condition: "event.data.id == async.data.id" }],
  });
  expect(lines).toContainEqual(expect.objectContaining({ label: "Steps at once", each: "event.data.user" }));
  expect(lines).toContainEqual(expect.objectContaining({ code: "shop/stopped", where: "event.data.id == async.data.id" }));
});
