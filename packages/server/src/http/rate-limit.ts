/**
 * How many requests a client may send in a second.
 *
 * I1  A client is an accepted key, whoever sends it; without one, an address (the /64 of an IPv6 one; net/client-address.ts). Keys that are not accepted count for
 *     nothing, or each guess would be a client of its own.
 * I2  Memory is bounded: beyond `CLIENTS_MAX`, the client that was not seen for the longest time is forgotten.
 * I3  Requests are refused before their bodies are read.
 */
import rateLimit from "@fastify/rate-limit";
import { createHash } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { clientAddressOf, subscriberOf } from "../net/client-address.ts";
import { acceptsEventKey, bearerOf, hasKeyFor } from "./auth.ts";
import type { ServerContext } from "./context.ts";
import { RequestRefusal } from "./errors.ts";

/** Some 200 bytes each. */
const CLIENTS_MAX = 10_000;

const WINDOW_MS = 1_000;

/** Adds the limit to every route, those that do not exist included. */
export async function limitRate(app: FastifyInstance, context: ServerContext, requestsPerSecond: number): Promise<void> {
  const headers = { "x-ratelimit-limit": false, "x-ratelimit-remaining": false, "x-ratelimit-reset": false, "retry-after": false };
  await app.register(rateLimit, {
    global: false,
    max: requestsPerSecond,
    timeWindow: WINDOW_MS,
    cache: CLIENTS_MAX,
    addHeaders: headers,
  });
  const byKey = app.createRateLimit({ keyGenerator: (request) => keyOf(context, request) ?? "" });
  const byAddress = app.createRateLimit({ keyGenerator: ({ raw }) => subscriberOf(clientAddressOf(raw, context.trustedProxies)) });
  app.addHook("onRequest", async (request, reply) => {
    const taken = await (keyOf(context, request) === undefined ? byAddress : byKey)(request);
    if (taken.isAllowed || !taken.isExceeded) return;
    void reply.header("retry-after", String(Math.max(1, taken.ttlInSeconds)));
    const message = `The server takes ${String(requestsPerSecond)} requests a second of one client.`;
    throw new RequestRefusal({ status: 429, code: "rate_limited", message });
  });
}

/** What stands for the key of a request, where it is accepted (I1). */
function keyOf(context: ServerContext, request: FastifyRequest): string | undefined {
  const bearer = bearerOf(request.headers);
  if (bearer !== undefined && (["read", "write", "events"] as const).some((scope) => hasKeyFor(context, request, scope)))
    return digest(bearer);
  const { key } = request.params as { readonly key?: string };
  const isSender = request.routeOptions.url === "/e/:key" && key !== undefined && context.eventKeys.length > 0;
  return isSender && acceptsEventKey(context, key) ? digest(key) : undefined;
}

function digest(key: string): string {
  return `key:${createHash("sha256").update(key).digest("base64url")}`;
}
