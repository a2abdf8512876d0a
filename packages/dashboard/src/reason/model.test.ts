import { expect, test } from "vitest";
import { clauseOf, detailOf, dueAt, untilWords } from "./model.ts";

const ULID = "01J8ZQ4T6V0000000000008F2K";

test("a clause leaves out what the phase says already", () => {
  expect(clauseOf("throttle")).toBe("as many runs as the throttle allows were started within its period");
  expect(clauseOf("singleton")).toBe("another run of the function is under way, and only one may be");
});

test.each([
  ["singleton", ULID, { kind: "run", runId: ULID }],
  ["duplicate-event-id", ULID, { kind: "run", runId: ULID }],
  ["debounce-superseded", ULID, { kind: "event", eventId: ULID }],
  ["rate-limit", '{"limit":5,"periodMs":60000,"nextAt":7}', { kind: "limit", limit: 5, periodMs: 60_000, nextAt: 7 }],
  ["debounced", '{"until":9}', { kind: "until", until: 9 }],
  ["batched", '{"batchId":"b","until":9}', { kind: "until", until: 9 }],
  ["expression-error", "no such key: total", { kind: "text", text: "no such key: total" }],
  ["expression-error", "null", { kind: "text", text: "null" }],
  ["expression-false", undefined, { kind: "none" }],
] as const)("of %s the detail %j is read", (code, detail, read) => {
  expect(detailOf(code, detail)).toEqual(read);
});

test("a timeout is no time to go on at", () => {
  const reason = { text: "", since: 0, until: 5 };
  expect([dueAt({ ...reason, code: "throttle" }), dueAt({ ...reason, code: "waiting-for-event" })]).toEqual([5, undefined]);
  expect([untilWords("throttle"), untilWords("waiting-for-event")]).toEqual(["may start", "times out"]);
});
