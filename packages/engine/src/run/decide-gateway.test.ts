import { expect, test } from "vitest";
import { context, environment, functionRow, item, NOW, ofKind, op, ops, RUN_ID, runState, stepRow } from "../fixtures/fixtures.ts";
import { gatewayRequestOf, maskedOptions } from "../gateway/gateway-request.ts";
import { decideGateway, type GatewayOutcome } from "./decide-gateway.ts";
import { decideReply } from "./decide-reply.ts";

const response = (over: Partial<Extract<GatewayOutcome, { kind: "response" }>> = {}): GatewayOutcome => ({
  kind: "response",
  url: "https://api.example.com/v1",
  status: 200,
  headers: { "content-type": "application/json" },
  body: '{"ok":true}',
  ...over,
});

function decide(kind: "gateway" | "ai-gateway", outcome: GatewayOutcome, over: { readonly attempt?: number } = {}) {
  const own = item({ id: `${RUN_ID}/step/a`, kind: "gateway", stepId: "a", attempt: over.attempt ?? 0 });
  const state = runState({ steps: [stepRow({ id: "a", kind, itemId: own.id, attempt: own.attempt })] });
  const { changes } = decideGateway(state, { item: own, generation: 1, outcome, startedAt: NOW - 5 }, environment());
  return { changes, step: ofKind(changes, "put-step").at(-1)?.step, retried: ofKind(changes, "reschedule-item")[0]?.item };
}

test("the op plans a request with an item of its own", () => {
  const reply = ops(op({ op: "Gateway", id: "a", opts: { url: "https://x.example", method: "get" } }));
  const { changes } = decideReply(runState(), { item: item(), generation: 1, reply, startedAt: NOW }, environment());
  expect(ofKind(changes, "insert-item")[0]?.item).toMatchObject({ kind: "gateway", stepId: "a", dueAt: NOW });
  expect(ofKind(changes, "put-step")[0]?.step).toMatchObject({ kind: "gateway", status: "planned" });
});

test.each([200, 404, 500])("a fetch that is answered with %d is done, and the function goes on", (status) => {
  const { step, changes } = decide("gateway", response({ status }));
  expect(JSON.parse(step?.result ?? "")).toEqual({
    data: { url: "https://api.example.com/v1", headers: { "content-type": "application/json" }, body: '{"ok":true}', status_code: status },
  });
  expect(ofKind(changes, "insert-item")[0]?.item.kind).toBe("discovery");
});

test("an AI answer is memoised as it is, with the tokens that it took", () => {
  const body = JSON.stringify({ model: "m-1", usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } });
  const { step, changes } = decide("ai-gateway", response({ body }));
  expect(JSON.parse(step?.result ?? "").data.model).toBe("m-1");
  expect(JSON.parse(ofKind(changes, "put-metadata")[0]?.metadata.values ?? "")).toEqual({
    op: "set",
    values: { model: "m-1", input_tokens: 3, output_tokens: 4, total_tokens: 7 },
  });
});

test.each([
  ["anthropic", { usage: { input_tokens: 1, output_tokens: 2 } }, { input_tokens: 1, output_tokens: 2 }],
  [
    "gemini",
    { modelVersion: "g", usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2, totalTokenCount: 3 } },
    { model: "g", total_tokens: 3 },
  ],
])("usage of %s is understood", (_name, body, values) => {
  const { changes } = decide("ai-gateway", response({ body: JSON.stringify(body) }));
  expect(JSON.parse(ofKind(changes, "put-metadata")[0]?.metadata.values ?? "").values).toMatchObject(values);
});

test("an answer is measured in bytes", () => {
  expect(decide("gateway", response({ body: "€".repeat(1_390_000) })).step?.status).toBe("completed");
  const { step } = decide("gateway", response({ body: "€".repeat(1_400_000) }));
  expect([step?.status, step?.result]).toEqual(["failed", expect.stringContaining("at most 4194304 can be stored")]);
});

test("a failure that may be over is tried again by the item's attempts, at the time that the answer asks for", () => {
  const busy = response({ status: 429, headers: { "retry-after": "9" } });
  const { retried, step } = decide("ai-gateway", busy);
  expect(retried).toMatchObject({ attempt: 1, dueAt: NOW + 9_000 });
  expect(step).toMatchObject({ status: "retrying", attempt: 1 });
  expect(decide("gateway", { kind: "failure", message: "ECONNREFUSED", isRetryable: true }).retried?.attempt).toBe(1);
});

test("the last failure, or one that stays, ends the step with what was answered", () => {
  for (const status of [500, 401]) {
    const { step, changes } = decide("ai-gateway", response({ status, body: '{"why":"busy"}' }), { attempt: 3 });
    expect(step?.status).toBe("failed");
    expect(JSON.parse(step?.result ?? "").error).toEqual({
      name: "AIGatewayError",
      message: `Error making AI request: unsuccessful status code: ${String(status)}`,
      data: { why: "busy" },
      stack: '{"why":"busy"}',
    });
    expect(ofKind(changes, "insert-item")[0]?.item.kind).toBe("discovery");
    expect(ofKind(changes, "insert-attempt")[0]?.attempt).toMatchObject({ attempt: 3, httpStatus: status });
  }
  const refused = decide("gateway", { kind: "failure", message: "10.0.0.1 is private", isRetryable: false });
  expect(JSON.parse(refused.step?.result ?? "").error).toEqual({
    name: "GatewayError",
    message: "Error making gateway request: 10.0.0.1 is private",
  });
});

test("an error page of megabytes is cut, and an answer nested too deeply is a text", () => {
  const page = decide("ai-gateway", response({ status: 502, body: "x".repeat(1_000_000) }), { attempt: 3 });
  expect(JSON.parse(page.step?.result ?? "").error).toMatchObject({ stack: "x".repeat(64 * 1024) });
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  expect(JSON.parse(decide("ai-gateway", response({ body: deep })).step?.result ?? "")).toEqual({ data: deep });
});

test("an answer that can't be stored ends the step at once", () => {
  const { step } = decide("gateway", response({ body: "\n".repeat(4 * 1024 * 1024) }));
  expect(JSON.parse(step?.result ?? "").error).toMatchObject({ name: "GatewayError", message: expect.stringContaining("at most") });
});

test("of a run or step that has ended, only the item is dropped", () => {
  const own = item({ id: `${RUN_ID}/step/a`, kind: "gateway", stepId: "a" });
  const ended = runState({ run: { status: "CANCELLED", endedAt: NOW } });
  const { changes } = decideGateway(ended, { item: own, generation: 1, outcome: response(), startedAt: NOW }, environment());
  expect(changes).toEqual([{ kind: "delete-item", itemId: own.id }]);
});

test("the function's retry policy counts for requests too", () => {
  const own = item({ id: `${RUN_ID}/step/a`, kind: "gateway", stepId: "a" });
  const state = runState({ steps: [stepRow({ id: "a", kind: "gateway", itemId: own.id })] });
  const retry = { kind: "constant", minMs: 7, maxMs: 7, factor: 1, jitter: 0 } as const;
  const env = { ctx: context(), function: functionRow({ definition: { retry } }) };
  const outcome = { kind: "failure", message: "x", isRetryable: true } as const;
  const { changes } = decideGateway(state, { item: own, generation: 1, outcome, startedAt: NOW }, env);
  expect(ofKind(changes, "reschedule-item")[0]?.item.dueAt).toBe(NOW + 7);
});

test("a step says itself how often and how it is tried again", () => {
  const retry = { attempts: 1, backoff: { kind: "constant", min: "7s", jitter: 0 } };
  const reply = ops(op({ op: "AIGateway", id: "a", opts: { url: "https://x.example", retry } }));
  const planned = decideReply(runState(), { item: item(), generation: 1, reply, startedAt: NOW }, environment());
  const own = ofKind(planned.changes, "insert-item")[0]?.item ?? item();
  expect(own.attemptsMax).toBe(2);
  const step = ofKind(planned.changes, "put-step")[0]?.step ?? stepRow({ id: "a" });
  const outcome = { kind: "failure", message: "x", isRetryable: true } as const;
  const state = runState({ steps: [step] });
  const { changes } = decideGateway(state, { item: own, generation: 1, outcome, startedAt: NOW }, environment());
  expect(ofKind(changes, "reschedule-item")[0]?.item.dueAt).toBe(NOW + 7_000);
});

const requestOf = (kind: "gateway" | "ai-gateway", options: unknown) =>
  gatewayRequestOf({ runId: "R", id: "s", kind, options: JSON.stringify(options) });
const OWN = { "user-agent": "Pawl", "idempotency-key": "R.s" };

test("requests are read as the protocol says", () => {
  const url = "https://api.example.com/v1";
  expect(requestOf("gateway", { url })).toEqual({ method: "POST", url, headers: OWN });
  expect(requestOf("gateway", { url, method: "put", headers: { "X-A": "1", Host: "evil", "Content-Length": "9" }, body: "text" })).toEqual({
    method: "PUT",
    url,
    headers: { ...OWN, "x-a": "1" },
    body: "text",
  });
  expect(requestOf("gateway", { url, body: { b: 1 }, headers: { "Idempotency-Key": "mine" } })).toMatchObject({
    headers: { "idempotency-key": "mine" },
    body: '{"b":1}',
  });
  expect(requestOf("gateway", { url, method: "GET", body: "ignored" })).not.toHaveProperty("body");
  expect(requestOf("ai-gateway", { url, auth_key: "k", format: "anthropic", body: { b: 1, a: 2 } })).toMatchObject({
    method: "POST",
    headers: { "x-api-key": "k" },
    body: '{"a":2,"b":1}',
  });
  expect(requestOf("ai-gateway", { url, auth_key: "k&", format: "gemini" })).toMatchObject({ url: `${url}?key=k%26` });
  expect(requestOf("ai-gateway", { url: `${url}?key=k`, auth_key: "k", format: "gemini" })).toMatchObject({ url: `${url}?key=k` });
  expect(requestOf("ai-gateway", { url, auth_key: "k", format: "bedrock" })).toMatchObject({ headers: { authorization: "k" } });
  expect(requestOf("ai-gateway", { url, auth_key: "k", format: "openai-chat" })).toMatchObject({ headers: { authorization: "Bearer k" } });
  expect(requestOf("gateway", { url: "ftp://x" })).toContain("must begin with http");
  expect(requestOf("gateway", { url, body: "x".repeat(4 * 1024 * 1024 + 1) })).toContain("at most 4194304 can be sent");
  expect(requestOf("gateway", { url: `${url}?key=k`, publish: { channel: "c", topic: "t" } })).toMatchObject({
    publish: { channel: "c", topic: "t", runId: "R", stepId: "s", url: `${url}?key=***` },
  });
});

test("what people see of a request has no secrets", () => {
  const masked = maskedOptions(
    JSON.stringify({
      url: "https://me:pw@x/?a=1&api_key=k#f",
      auth_key: "k",
      headers: { Authorization: "Bearer k", "X-Api-Key": "k", accept: "a" },
    }),
  );
  expect(JSON.parse(masked)).toEqual({
    url: "https://***@x/?a=1&api_key=***#f",
    auth_key: "***",
    headers: { Authorization: "***", "X-Api-Key": "***", accept: "a" },
  });
});
