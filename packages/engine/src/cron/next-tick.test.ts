import { expect, test } from "vitest";
import { formatTimestamp, parseRfc3339 } from "../expression/timestamp-text.ts";
import { lastTick, nextTick } from "./next-tick.ts";
import { cronProblem } from "./parse-cron.ts";

const at = (text: string): number => Number((parseRfc3339(text) ?? 0n) / 1_000_000n);
const ticks = (cron: string, from: string, count: number): readonly string[] => {
  const found: string[] = [];
  for (let tick = nextTick(cron, at(from)); tick !== undefined && found.length < count; tick = nextTick(cron, tick))
    found.push(formatTimestamp(BigInt(tick) * 1_000_000n));
  return found;
};

test.each([
  ["0 9 * * MON", "2026-11-25T00:00:00Z", "2026-11-30T09:00:00Z"],
  ["TZ=Europe/Paris 0 9 * * MON", "2026-11-25T00:00:00Z", "2026-11-30T08:00:00Z"],
  ["*/15 * * * *", "2026-11-25T10:15:00Z", "2026-11-25T10:30:00Z"],
  ["5/20 3 * * *", "2026-11-25T03:05:00Z", "2026-11-25T03:25:00Z"],
  ["0 0 29 2 *", "2026-11-25T00:00:00Z", "2028-02-29T00:00:00Z"],
  ["0 0 1 JAN ?", "2026-11-25T00:00:00Z", "2027-01-01T00:00:00Z"],
  ["0 0 * * 7", "2026-11-25T00:00:00Z", "2026-11-29T00:00:00Z"],
  ["0 0 * * 0", "2026-11-25T00:00:00Z", "2026-11-29T00:00:00Z"],
  ["0 0 * * SAT-SUN", "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z"],
  ["0 0 13 * FRI", "2026-11-25T00:00:00Z", "2026-11-27T00:00:00Z"],
  ["TZ=Asia/Kolkata 30 5 * * *", "2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z"],
])("%s after %s ticks at %s", (cron, after, expected) => {
  expect(ticks(cron, after, 1)).toEqual([expected]);
});

test("a time that the clocks skip ticks at the first instant after the gap, once", () => {
  expect(ticks("TZ=Europe/Paris 30 2 * * *", "2026-03-28T12:00:00Z", 2)).toEqual(["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
  expect(ticks("TZ=Europe/Paris */10 2 * * *", "2026-03-28T12:00:00Z", 2)).toEqual(["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"]);
});

test("a time that comes twice ticks once where hours are named, and twice where they are not", () => {
  expect(ticks("TZ=Europe/Paris 30 2 * * *", "2026-10-24T12:00:00Z", 2)).toEqual(["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
  expect(ticks("TZ=Europe/Paris 30 * * * *", "2026-10-25T00:00:00Z", 3)).toEqual([
    "2026-10-25T00:30:00Z",
    "2026-10-25T01:30:00Z",
    "2026-10-25T02:30:00Z",
  ]);
});

test("a zone whose clocks change by half an hour", () => {
  // 2026-10-04 02:00 becomes 02:30 (UTC+10:30 to UTC+11).
  expect(ticks("TZ=Australia/Lord_Howe 15 2 * * *", "2026-10-03T00:00:00Z", 2)).toEqual(["2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"]);
});

test("the last tick of a stretch of time, however long ago", () => {
  const range = { after: at("2020-01-01T00:00:00Z"), until: at("2026-11-25T08:59:59Z") };
  expect(lastTick("0 9 * * *", range)).toBe(at("2026-11-24T09:00:00Z"));
  expect(lastTick("0 0 29 2 *", range)).toBe(at("2024-02-29T00:00:00Z"));
  expect(lastTick("0 9 * * *", { after: at("2026-11-24T09:00:00Z"), until: at("2026-11-25T08:59:59Z") })).toBeUndefined();
});

test.each([
  ["* * * *", "fields"],
  ["* * * * * *", "fields"],
  ["@daily", "write 0 0 * * *"],
  ["TZ=Europe/Paris @Hourly", "write 0 * * * *"],
  ["@every 1h", "descriptors"],
  ["60 * * * *", "minute"],
  ["* * * * 8", "day of week"],
  ["0 0 31 2 *", "no month has such a day"],
  ["0 0 31 4,6,9,11 *", "no month has such a day"],
  ["TZ=Mars/Olympus 0 0 * * *", "no time zone"],
  ["5-1 * * * *", "minute"],
  ["*/0 * * * *", "minute"],
  ["0 0 L * *", "day of month"],
])("%s is refused: %s", (cron, words) => {
  expect(cronProblem(cron)).toContain(words);
});
