/**
 * Keys.
 *
 * I1  Keys are compared in constant time.
 *
 * Spec: wire 3.3, 8.1.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { normalizeSigningKey } from "@pawl/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "./context.ts";

/** Whether an event key is accepted. */
export function acceptsEventKey({ eventKeys }: Pick<ServerContext, "eventKeys">, key: string): boolean {
  if (eventKeys.length === 0) return true;
  // No early exit, so that the time does not tell which one matched.
  return eventKeys.map((candidate) => isSameText(candidate, key)).includes(true);
}

/** Whether a request carries the signing key, raw or hashed, as bearer. Without a signing key every request does. */
export function isAuthorized({ signingKey }: Pick<ServerContext, "signingKey">, request: FastifyRequest): boolean {
  if (signingKey === undefined) return true;
  const header = request.headers.authorization ?? "";
  if (!/^bearer /i.test(header)) return false;
  return isSigningKey(signingKey, header.slice("bearer ".length).trim());
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
