import { expect, test } from "vitest";
import { NOW } from "../fixtures/fixtures.ts";
import { classifyReply } from "./classify.ts";
import type { RawReply } from "./reply.ts";

const SDK = { "x-inngest-sdk": "inngest-js:v4.24.0", "x-inngest-req-version": "2" };
const response = (status: number, body: unknown, headers: Readonly<Record<string, string>> = SDK): RawReply => ({
  kind: "response",
  status,
  headers,
  body: typeof body === "string" ? body : JSON.stringify(body),
});
const classify = (raw: RawReply) => classifyReply(raw, NOW);

test("200 from an SDK is the function's result", () => {
  expect(classify(response(200, { ok: 1 }))).toEqual({ kind: "result", data: '{"ok":1}', requestVersion: 2 });
});

test("200 from anything else completes nothing", () => {
  expect(classify(response(200, "<html>", { "content-type": "text/html" }))).toMatchObject({
    kind: "failure",
    isRetryable: true,
    error: { error: "not_sdk" },
  });
});

test("whatever fails, the headers say whether and when to try again", () => {
  const headers = { "x-inngest-no-retry": "true", "retry-after": "7" };
  for (const answer of [response(200, "<html>", headers), response(206, "[", { ...SDK, ...headers }), response(206, "[]", headers)])
    expect(classify(answer)).toMatchObject({ kind: "failure", isRetryable: false, retryAfterMs: 7_000 });
});

test("206 is a list of ops, a single op, or nothing", () => {
  expect(classify(response(206, [{ op: "StepRun", id: "a" }]))).toMatchObject({ kind: "ops", ops: [{ op: "StepRun" }], requestVersion: 2 });
  expect(classify(response(206, { op: "steprun", id: "a" }))).toMatchObject({ kind: "ops", ops: [{ op: "StepRun" }] });
  expect(classify(response(206, []))).toMatchObject({ kind: "ops", ops: [] });
});

test.each([
  ["an unknown opcode", [{ op: "StepNotFound", id: "a" }]],
  ["a name that is no text", [{ op: "StepRun", id: "a", name: 7 }]],
  ["a display name that is no text", [{ op: "StepRun", id: "a", displayName: {} }]],
  ["options that are no object", [{ op: "StepRun", id: "a", opts: ["x"] }]],
  ["a user's id that is no text", [{ op: "StepRun", id: "a", userland: { id: 7 } }]],
  ["an index that is no number", [{ op: "StepRun", id: "a", userland: { id: "a", index: "1" } }]],
  ["an op without id", [{ op: "StepRun" }]],
  ["a step error without error", [{ op: "StepError", id: "a" }]],
  ["no body", ""],
  ["text", "hello"],
])("206 with %s fails the attempt and can be retried", (_what, body) => {
  expect(classify(response(206, body))).toMatchObject({ kind: "failure", isRetryable: true });
});

test("500 and 400 are errors of the function; the header says whether to retry", () => {
  const body = { name: "TypeError", message: "no", stack: "at x", __serialized: true };
  expect(classify(response(500, body, { ...SDK, "x-inngest-no-retry": "false" }))).toMatchObject({
    kind: "failure",
    isRetryable: true,
    httpStatus: 500,
    error: { name: "TypeError", message: "no", stack: "at x" },
  });
  expect(classify(response(400, body, { ...SDK, "x-inngest-no-retry": "true" }))).toMatchObject({ kind: "failure", isRetryable: false });
});

test("4xx without the header is final for old JavaScript SDKs only", () => {
  expect(classify(response(400, {}, { "x-inngest-sdk": "inngest-js:v2.4.0" }))).toMatchObject({ isRetryable: false });
  expect(classify(response(400, {}, { "x-inngest-sdk": "inngest-js:v2.4.1" }))).toMatchObject({ isRetryable: true });
  expect(classify(response(400, {}, { "x-inngest-sdk": "go:v0.15.1" }))).toMatchObject({ isRetryable: true });
});

test("an error page says that it came before the SDK, and shows the page", () => {
  expect(classify(response(502, "<html>bad gateway", {}))).toMatchObject({
    error: { name: "Server returned a fatal error", stack: expect.stringContaining("bad gateway") },
  });
});

test.each([
  ["30", 30_000],
  ["2025-10-09T08:54:20Z", 60_000],
  ["soon", undefined],
])("Retry-After %s", (text, ms) => {
  expect(classify(response(500, {}, { ...SDK, "retry-after": text }))).toMatchObject(
    ms === undefined ? { kind: "failure" } : { retryAfterMs: ms },
  );
});

test("a streamed answer is what its envelope says", () => {
  const envelope = { status: 206, headers: { "X-Inngest-No-Retry": "true" }, body: JSON.stringify([{ op: "StepRun", id: "a" }]) };
  expect(classify(response(201, `   ${JSON.stringify(envelope)}`))).toMatchObject({ kind: "ops", noRetry: true });
  expect(classify(response(201, { status: 200, body: { a: 1 } }))).toMatchObject({ kind: "result", data: '{"a":1}' });
  expect(classify(response(201, "   "))).toMatchObject({ kind: "failure" });
});

test.each([undefined, "206", 1e300, 200.5, 0, 201])("an envelope with the status %j has none", (status) => {
  expect(classify(response(201, { status, body: "[]" }))).toMatchObject({
    kind: "failure",
    error: { error: "the envelope has no status" },
  });
});

test("no response is a failure that can be retried", () => {
  expect(classify({ kind: "no-response", code: "http_unreachable", message: "refused" })).toMatchObject({
    kind: "failure",
    isRetryable: true,
    error: { error: "http_unreachable" },
  });
});

test.each([
  ["a result", 200, (deep: string) => deep],
  ["a step's output", 206, (deep: string) => `[{"op":"StepRun","id":"a","data":${deep}}]`],
  ["a streamed answer", 201, (deep: string) => `{"status":200,"body":${deep}}`],
])("%s that is nested too deeply is a failure that says so", (_what, status, around) => {
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  expect(classify(response(status, around(deep)))).toMatchObject({ kind: "failure", error: { error: "output_too_deep" } });
});
