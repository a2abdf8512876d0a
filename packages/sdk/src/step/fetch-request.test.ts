import { expect, test } from "vitest";
import { call, memo, testClient } from "../run/call.fixture.ts";
import { readFetch, toResponse } from "./fetch-request.ts";

const URL_ = "https://api.example.com/v1";

test("arguments are read as fetch reads them", async () => {
  expect(readFetch(URL_)).toEqual({ hostname: "api.example.com", options: { url: URL_, method: "GET", headers: {} } });
  expect(readFetch(new URL(URL_), { method: "post", headers: [["X-A", "1"]], body: "hi" }).options).toEqual({
    url: URL_,
    method: "POST",
    headers: { "x-a": "1", "content-type": "text/plain;charset=UTF-8" },
    body: "hi",
  });
  expect(readFetch(URL_, { method: "POST", body: new URLSearchParams({ a: "1 2" }) }).options).toMatchObject({
    headers: { "content-type": "application/x-www-form-urlencoded;charset=UTF-8" },
    body: "a=1+2",
  });
  const request = new Request(URL_, { method: "PUT", headers: { "x-a": "1" }, body: "from the request" });
  expect(await readFetch(request).options).toMatchObject({ method: "PUT", headers: { "x-a": "1" }, body: "from the request" });
  expect(readFetch(new Request(URL_, { headers: { "x-a": "1" } }), { headers: { "x-b": "2" } }).options).toMatchObject({
    method: "GET",
    headers: { "x-b": "2" },
  });
  expect(await readFetch(URL_, { method: "POST", body: new Blob(["blob"], { type: "text/x" }) }).options).toMatchObject({
    headers: { "content-type": "text/x" },
    body: "blob",
  });
  expect(() => readFetch("no url")).toThrow();
});

test("a stored answer is a response, whatever its status", async () => {
  const response = toResponse({ url: URL_, status_code: 404, headers: { "content-type": "application/json" }, body: '{"a":1}' });
  expect([response.url, response.status, response.ok, await response.json()]).toEqual([URL_, 404, false, { a: 1 }]);
  expect(toResponse({ status_code: 204, headers: {}, body: "" }).status).toBe(204);
  const odd = toResponse({ status_code: 999, headers: {}, body: "no robots" });
  expect([odd.status, odd.ok, await odd.text()]).toEqual([999, false, "no robots"]);
});

test("a body that has to be read is one step all the same", async () => {
  const client = testClient();
  const fn = client.createFunction({ id: "upload" }, async ({ step }) => {
    const response = await step.fetch(new Request(URL_, { method: "POST", body: "hi" }));
    return response.status;
  });
  const { wire } = await call(client, fn);
  expect(wire).toMatchObject([{ op: "Gateway", displayName: "step.fetch: api.example.com", opts: { method: "POST", body: "hi" } }]);
  const stored = memo({ "step.fetch: api.example.com": { data: { status_code: 201, headers: {}, body: "" } } });
  expect(await call(client, fn, stored)).toMatchObject({ kind: "complete", text: "201" });
});
