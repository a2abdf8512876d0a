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
import type { ServerContext } from "./context.ts";

/** Whether an event key is accepted: one of the server's own, or an API key that may send events. */
export function acceptsEventKey(
  { eventKeys, engine }: Pick<ServerContext, "eventKeys"> & Partial<Pick<ServerContext, "engine">>,
  key: string,
): boolean {
  if (eventKeys.length === 0) return true;
  if (engine?.apiKeys.allows(key, "events") === true) return true;
  // No early exit, so that the time does not tell which one matched.
  return eventKeys.map((candidate) => isSameText(candidate, key)).includes(true);
}

type KeyHolder = Pick<ServerContext, "signingKey" | "kind" | "engine">;

/**
 * Whether a request carries the signing key, raw or hashed, as bearer, or an API key that may do what its method does. In development
 * without a signing key every request does; a server for others that has none is closed.
 */
export function isAuthorized({ signingKey, kind, engine }: KeyHolder, request: Pick<FastifyRequest, "headers" | "method">): boolean {
  if (signingKey === undefined && kind === "dev") return true;
  const header = request.headers.authorization ?? "";
  if (!/^bearer /i.test(header)) return false;
  const text = header.slice("bearer ".length).trim();
  if (signingKey !== undefined && isSigningKey(signingKey, text)) return true;
  return engine.apiKeys.allows(text, request.method === "GET" || request.method === "HEAD" ? "read" : "write");
}

/** Whether a text is the signing key, raw or hashed. */
export function isSigningKey(signingKey: string, text: string): boolean {
  const given = normalizeSigningKey(text);
  const raw = normalizeSigningKey(signingKey);
  return [raw, hashedKey(raw)].map((candidate) => isSameText(candidate, given)).includes(true);
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
