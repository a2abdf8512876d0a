/**
 * Requests to the server's API.
 *
 * I1  The bearer is the hashed signing key; on 401 or 403 the request is repeated once with the fallback key.
 * I2  Only what may be repeated safely is repeated.
 *
 * Source: wire-protocol 2.3, 3.3, 3.5.
 */
import { HEADER, normalizeSigningKey, signingKeyPrefix } from "@pawl/protocol";
import { sha256OfHex } from "./mac.ts";
import { delay, type Runtime } from "./runtime.ts";
import type { HttpReply, HttpRequest, Transport } from "./transport.ts";

export type ApiContext = {
  readonly transport: () => Transport;
  readonly signingKey: string | undefined;
  readonly signingKeyFallback: string | undefined;
};

/** Attempts of a request that may be repeated, and the delay before the second; it doubles from there, with jitter. */
const ATTEMPTS_MAX = 5;
const RETRY_MS = 100;

const hashes = new Map<string, Promise<string>>();

/** The key's form as bearer: its prefix, then the SHA-256 of its bytes. */
export function hashedSigningKey(key: string): Promise<string> {
  let hash = hashes.get(key);
  if (hash === undefined) {
    hash = sha256OfHex(normalizeSigningKey(key)).then((hex) => signingKeyPrefix(key) + hex);
    hashes.set(key, hash);
  }
  return hash;
}

/** Makes a request with the bearer (keeps I1). */
export async function callApi(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  const key = context.signingKey;
  const reply = await context.transport()(await authorized(request, key));
  const fallback = context.signingKeyFallback;
  if ((reply.status !== 401 && reply.status !== 403) || fallback === undefined) return reply;
  return context.transport()(await authorized(request, fallback));
}

async function authorized(request: HttpRequest, key: string | undefined): Promise<HttpRequest> {
  if (key === undefined) return request;
  return { ...request, headers: { ...request.headers, [HEADER.authorization]: `Bearer ${await hashedSigningKey(key)}` } };
}

/** Repeats `attempt` after network errors and answers of 429 and 5xx, 5 times in all. Rejects with the last network error. */
export async function withRetries(runtime: Runtime, attempt: () => Promise<HttpReply>): Promise<HttpReply> {
  for (let count = 1; ; count++) {
    try {
      const reply = await attempt();
      if (count >= ATTEMPTS_MAX || !isTransient(reply.status)) return reply;
    } catch (error) {
      if (count >= ATTEMPTS_MAX) throw error;
    }
    await delay(runtime, RETRY_MS * 2 ** (count - 1) * (1 + randomFraction(runtime)));
  }
}

function isTransient(status: number): boolean {
  return status === 429 || status >= 500;
}

function randomFraction(runtime: Runtime): number {
  return (runtime.randomBytes(1)[0] ?? 0) / 256;
}
