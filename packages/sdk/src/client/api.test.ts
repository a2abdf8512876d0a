import { expect, test } from "vitest";
import { callApi } from "./api.ts";
import type { HttpReply, HttpRequest } from "./transport.ts";

const KEY = "signkey-test-8f0e5a3c";
const BEARER = "Bearer signkey-test-16bf57b4dc9e9a83dbd83ee0d9bb6155e3a86f9c1b666dcbb49743369ae20d09";
const FALLBACK = "signkey-test-00ff";

/** The bearers of a request that the server answers with these statuses, one after the other. */
async function bearersOf(statuses: readonly number[], signingKeyFallback: string | undefined): Promise<readonly (string | undefined)[]> {
  const bearers: (string | undefined)[] = [];
  const transport = async ({ headers }: HttpRequest): Promise<HttpReply> => {
    bearers.push(headers["authorization"]);
    return { status: statuses[bearers.length - 1] ?? 200, body: "" };
  };
  const request: HttpRequest = { method: "GET", url: "http://server.test/v1/events", headers: {} };
  const { status } = await callApi({ transport: () => transport, signingKey: KEY, signingKeyFallback }, request);
  expect(status).toBe(statuses[bearers.length - 1]);
  return bearers;
}

test.each([401, 403])("after %i the fallback key is tried, once", async (status) => {
  const [first, second, ...rest] = await bearersOf([status, status, 200], FALLBACK);
  expect([first, rest]).toEqual([BEARER, []]);
  expect(second).toMatch(/^Bearer signkey-test-[0-9a-f]{64}$/);
  expect(second).not.toBe(BEARER);
});

test.each([200, 400, 404, 500])("after %i it is not", async (status) => {
  expect(await bearersOf([status], FALLBACK)).toEqual([BEARER]);
});

test("without a fallback key a refusal stays one", async () => {
  expect(await bearersOf([401], undefined)).toEqual([BEARER]);
});
