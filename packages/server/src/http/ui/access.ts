/**
 * Who may use the dashboard's API and GraphQL.
 *
 * I1  Started with keys (`cloud`), a request carries the signing key as bearer, or a session that was opened with it.
 * I2  In development the Host is a loopback name or an address: a web page can't reach the server by a name of its own (DNS rebinding).
 * I3  Other sites' pages are refused whatever they carry: the Origin, where one is sent, is ours or, in development, on loopback.
 * I4  A session is a MAC over its end, under a key derived from the signing key: it needs no store, holds on every node, and a new
 *     signing key ends it.
 *
 * Spec: dashboard 2.12; semantics 11.4 ([bug]: no authentication at all).
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { normalizeSigningKey } from "@pawl/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import { isAuthorized, isSigningKey } from "../auth.ts";
import type { ServerContext } from "../context.ts";
import { UiRefusal } from "./ui-error.ts";

export type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

const COOKIE = "pawl_session";

/** A working day, with some reserve. */
const SESSION_MS = 12 * 3_600_000;

/** A hook that refuses whoever may not see the dashboard. */
export function requireAccess(context: ServerContext): Hook {
  return async (request) => {
    assertOrigin(context, request);
    if (!needsKey(context) || isAuthorized(context, request) || hasSession(context, request)) return;
    throw new UiRefusal("This server asks for its signing key.", {
      status: 401,
      code: "unauthorized",
      hint: "Log in, or send the signing key as `Authorization: Bearer <key>`.",
    });
  };
}

/** A hook for the login itself: I2 and I3 only. */
export function requireOrigin(context: ServerContext): Hook {
  return async (request) => assertOrigin(context, request);
}

/** Opens a session; false where the key is wrong. */
export function logIn(context: ServerContext, { key, request, reply }: LoginRequest): boolean {
  if (context.signingKey === undefined ? context.kind === "cloud" : !isSigningKey(context.signingKey, key)) return false;
  const endsAt = Math.floor(context.engine.clock.now()) + SESSION_MS;
  const value = `${endsAt}.${macOf(context, String(endsAt))}`;
  setCookie(reply, { request, value, maxAgeS: SESSION_MS / 1_000 });
  return true;
}

export type LoginRequest = { readonly key: string; readonly request: FastifyRequest; readonly reply: FastifyReply };

/** Makes the browser forget its session. */
export function logOut({ request, reply }: Omit<LoginRequest, "key">): void {
  setCookie(reply, { request, value: "", maxAgeS: 0 });
}

/** Whether a Host header names this machine or an address: `localhost:8288`, `127.0.0.1`, `[::1]:8288`, `10.0.0.5`. */
export function isLocalHost(host: string): boolean {
  if (!URL.canParse(`http://${host}`)) return false;
  const { hostname } = new URL(`http://${host}`);
  if (hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "host.docker.internal") return true;
  // A page can only come from a name that its owner controls, so an address is no rebinding.
  return hostname.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}

/** A development server with a signing key asks for it, too. */
function needsKey({ kind, signingKey }: ServerContext): boolean {
  return kind === "cloud" || signingKey !== undefined;
}

function assertOrigin({ kind }: ServerContext, { headers }: FastifyRequest): void {
  const { host = "", origin } = headers;
  if (kind === "dev" && !isLocalHost(host)) {
    throw new UiRefusal(`A development server answers to localhost and to addresses, not to the host ${host}.`, {
      status: 403,
      code: "host-refused",
      hint: "Open http://localhost:8288, or run `pawl start` with keys to serve other names.",
    });
  }
  if (origin === undefined || isOwnOrigin(origin, { kind, host })) return;
  throw new UiRefusal(`Pages of ${origin} may not use the dashboard's API of ${host}.`, { status: 403, code: "origin-refused" });
}

function isOwnOrigin(origin: string, { kind, host }: { readonly kind: ServerContext["kind"]; readonly host: string }): boolean {
  if (!URL.canParse(origin) || !URL.canParse(`http://${host}`)) return false;
  const { host: originHost, hostname, protocol } = new URL(origin);
  // The protocol comes from the origin, so that default ports compare equal behind a proxy that ends TLS.
  return originHost === new URL(`${protocol}//${host}`).host || (kind === "dev" && isLoopback(hostname));
}

/** Another port of this machine: the dashboard's own development server. */
function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "127.0.0.1" || hostname === "[::1]";
}

function hasSession(context: ServerContext, { headers }: FastifyRequest): boolean {
  const [endsAt = "", mac = "", ...rest] = cookieOf(headers.cookie ?? "").split(".");
  if (rest.length > 0 || !/^\d+$/.test(endsAt)) return false;
  return isSame(mac, macOf(context, endsAt)) && Number(endsAt) > context.engine.clock.now();
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

function macOf({ signingKey = "" }: ServerContext, text: string): string {
  const key = createHmac("sha256", normalizeSigningKey(signingKey)).update("dashboard session").digest();
  return createHmac("sha256", key).update(text).digest("base64url");
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
