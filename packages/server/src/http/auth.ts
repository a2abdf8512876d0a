/**
 * Keys.
 *
 * I1  Keys are compared in constant time.
 * I2  A server that is started for others (`cloud`) without a signing key lets nobody in.
 *
 * Spec: wire 3.3, 8.1.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { normalizeSigningKey } from "@pawl/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ApiScope } from "../core/api-keys.ts";
import type { ServerContext } from "./context.ts";

type KeyHolder = Pick<ServerContext, "signingKey" | "signingKeyFallback" | "kind" | "engine" | "eventKeys">;

/**
 * Whether an event key is accepted: one of the server's own, or an API key that may send events. Any in development without event keys.
 */
export function acceptsEventKey({ eventKeys, kind, engine }: KeyHolder, key: string): boolean {
  if (!needsEventKey({ eventKeys, kind })) return true;
  // No early exit, so that the time does not tell which one matched.
  return eventKeys.map((candidate) => isSameText(candidate, key)).includes(true) || engine.apiKeys.allows(key, "events");
}

/**
 * Whether a request carries the signing key, raw or hashed, as bearer, or an API key that may do what its method does. In development
 * without a signing key every request does; a server for others that has none is closed.
 */
export function isAuthorized(
  context: KeyHolder,
  request: Pick<FastifyRequest, "headers" | "method">,
  scope: ApiScope = scopeOf(request),
): boolean {
  return !needsKey(context) || hasKeyFor(context, request, scope);
}

/** Whether a server asks for event keys: one for others does, and one in development that has some. */
export function needsEventKey({ eventKeys, kind }: Pick<KeyHolder, "eventKeys" | "kind">): boolean {
  return kind === "cloud" || eventKeys.length > 0;
}

/** Whether a server asks for its signing key: one for others does, and one in development that has it. */
export function needsKey({ kind, signingKey }: Pick<KeyHolder, "kind" | "signingKey">): boolean {
  return kind === "cloud" || signingKey !== undefined;
}

/** Whether a request's bearer is the signing key, raw or hashed, or an API key with a scope. */
export function hasKeyFor(holder: KeyHolder, { headers }: Pick<FastifyRequest, "headers">, scope: ApiScope): boolean {
  const key = bearerOf(headers);
  return key !== undefined && (isSigningKey(holder, key) || holder.engine.apiKeys.allows(key, scope));
}

/** Whether a request may do what is left to the holders of the signing key; everything is allowed where no key is needed. */
export function hasSigningKey(holder: KeyHolder, { headers }: Pick<FastifyRequest, "headers">): boolean {
  const key = bearerOf(headers);
  return !needsKey(holder) || (key !== undefined && isSigningKey(holder, key));
}

/** What a request sends as `Authorization: Bearer …`. */
export function bearerOf({ authorization = "" }: FastifyRequest["headers"]): string | undefined {
  return /^bearer +(\S.*)$/i.exec(authorization)?.[1]?.trim();
}

function scopeOf({ method }: Pick<FastifyRequest, "method">): ApiScope {
  return method === "GET" || method === "HEAD" ? "read" : "write";
}

/** Whether a text is the signing key or the one that it replaces or is replaced by, raw or hashed (keeps I1). */
export function isSigningKey({ signingKey, signingKeyFallback }: KeyHolder, text: string): boolean {
  const given = normalizeSigningKey(text);
  const keys = [signingKey, signingKeyFallback].filter((key) => key !== undefined).map(normalizeSigningKey);
  const candidates = keys.flatMap((key) => [key, hashedKey(key)]);
  return candidates.map((candidate) => isSameText(candidate, given)).includes(true);
}

/** A hook that refuses requests without the signing key, with the text that SDKs know. */
export function requireSigningKey(context: ServerContext): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  return async (request, reply) => {
    if (!isAuthorized(context, request)) await reply.code(401).type("text/plain; charset=utf-8").send("Authentication failed");
  };
}

/** SHA-256 of a bare hexadecimal key. */
export function hashedKey(bareKey: string): string {
  return createHash("sha256").update(Buffer.from(bareKey, "hex")).digest("hex");
}

function isSameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
