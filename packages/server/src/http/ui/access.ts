/**
 * Who may use the dashboard's API and GraphQL.
 *
 * I1  Started with keys (`cloud`), a request carries the signing key as bearer, or a session that was opened with it.
 * I2  Other sites' pages are refused whatever they carry: the Origin, where one is sent, is ours. In development browser-guard.ts has
 *     seen to that for every route.
 * I3  A session is a MAC over its end, under a key derived from the signing key: it needs no store, holds on every node, and ends when its
 *     signing key is not accepted any more.
 *
 * Spec: dashboard 2.12; semantics 11.4 ([bug]: no authentication at all).
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { normalizeSigningKey } from "@pawl/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ApiScope } from "../../core/api-keys.ts";
import { isAuthorized, isSigningKey } from "../auth.ts";
import { isOwnOrigin } from "../browser-guard.ts";
import type { ServerContext } from "../context.ts";
import { UiRefusal } from "./ui-error.ts";

export type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

const COOKIE = "pawl_session";

/** A working day, with some reserve. */
const SESSION_MS = 12 * 3_600_000;

/** A hook that refuses whoever may not see the dashboard. `scope`: what an API key needs; default: what the method says. */
export function requireAccess(context: ServerContext, scope?: ApiScope): Hook {
  return async (request) => {
    assertOrigin(context, request);
    if (hasAccess(context, request, scope)) return;
    throw new UiRefusal("This server asks for its signing key.", {
      status: 401,
      code: "unauthorized",
      hint: "Log in, or send the signing key as `Authorization: Bearer <key>`.",
    });
  };
}

/** Whether a request may do what a scope says; default: what its method says. */
export function hasAccess(context: ServerContext, request: FastifyRequest, scope?: ApiScope): boolean {
  return isAuthorized(context, request, scope) || hasSession(context, request);
}

/** A hook for the login itself: I2 only. */
export function requireOrigin(context: ServerContext): Hook {
  return async (request) => assertOrigin(context, request);
}

/** Opens a session; false where the key is wrong. */
export function logIn(context: ServerContext, { key, request, reply }: LoginRequest): boolean {
  if (context.signingKey === undefined ? context.kind === "cloud" : !isSigningKey(context, key)) return false;
  const endsAt = Math.floor(context.engine.clock.now()) + SESSION_MS;
  const value = `${endsAt}.${macOf(context.signingKey, String(endsAt))}`;
  setCookie(reply, { request, value, maxAgeS: SESSION_MS / 1_000 });
  return true;
}

export type LoginRequest = { readonly key: string; readonly request: FastifyRequest; readonly reply: FastifyReply };

/** Makes the browser forget its session. */
export function logOut({ request, reply }: Omit<LoginRequest, "key">): void {
  setCookie(reply, { request, value: "", maxAgeS: 0 });
}

function assertOrigin({ kind }: ServerContext, { headers }: FastifyRequest): void {
  const { host = "", origin } = headers;
  if (kind === "dev" || origin === undefined || isOwnOrigin(origin, host)) return;
  throw new UiRefusal(`Pages of ${origin} may not use the dashboard's API of ${host}.`, { status: 403, code: "origin-refused" });
}

function hasSession(context: ServerContext, { headers }: FastifyRequest): boolean {
  const [endsAt = "", mac = "", ...rest] = cookieOf(headers.cookie ?? "").split(".");
  if (rest.length > 0 || !/^\d+$/.test(endsAt)) return false;
  const { signingKey, signingKeyFallback: fallback, engine } = context;
  const isOurs = isSame(mac, macOf(signingKey, endsAt)) || (fallback !== undefined && isSame(mac, macOf(fallback, endsAt)));
  return isOurs && Number(endsAt) > engine.clock.now();
}

function cookieOf(header: string): string {
  const pair = header.split(";").find((part) => part.trim().startsWith(`${COOKIE}=`));
  return pair?.trim().slice(COOKIE.length + 1) ?? "";
}

function setCookie(
  reply: FastifyReply,
  { request, value, maxAgeS }: { readonly request: FastifyRequest; readonly value: string; readonly maxAgeS: number },
): void {
  const isSecure = request.protocol === "https" || request.headers["x-forwarded-proto"] === "https";
  const cookie = `${COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}${isSecure ? "; Secure" : ""}`;
  void reply.header("set-cookie", cookie);
}

function macOf(signingKey = "", text: string): string {
  const key = createHmac("sha256", normalizeSigningKey(signingKey)).update("dashboard session").digest();
  return createHmac("sha256", key).update(text).digest("base64url");
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
