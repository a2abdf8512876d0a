/**
 * Keeps web pages away from a development server, which asks for no key: any site that a developer opens runs on the same machine.
 *
 * I1  A page may reach it from an origin of this machine, or of a name that nobody can own on the internet (`.localhost`, `.test`, `.local`).
 * I2  A browser that names another host than this machine was led here by a name that resolves to it (DNS rebinding).
 * I3  Programs are let in whatever they name: in containers a server has names of its own.
 *
 * Departure from wire 8.9 (any origin), see docs/wire-conformance.md.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "./context.ts";
import { sendError } from "./errors.ts";

/** A hook for every route. */
export function guardAgainstPages({ kind }: Pick<ServerContext, "kind">): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  return async ({ headers }, reply) => {
    if (kind !== "dev") return;
    const { origin, host = "", "user-agent": agent = "" } = headers;
    const isPage = origin !== undefined || headers["sec-fetch-site"] !== undefined || agent.startsWith("Mozilla/");
    if (!isPage) return;
    if (!isLocalHost(host)) {
      const message = `A development server answers browsers at localhost and at addresses, not at ${host}.`;
      await sendError(reply, { status: 403, code: "host_refused", message });
    } else if (origin !== undefined && !isTrustedOrigin(origin, host)) {
      const message = `Pages of ${origin} may not use a development server. Start it with keys (pawl start) to let them.`;
      await sendError(reply, { status: 403, code: "origin_refused", message });
    }
  };
}

/** Whether a Host header names this machine or an address: `localhost:8288`, `127.0.0.1`, `[::1]:8288`, `10.0.0.5`. */
export function isLocalHost(host: string): boolean {
  if (!URL.canParse(`http://${host}`)) return false;
  const { hostname } = new URL(`http://${host}`);
  if (hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "host.docker.internal") return true;
  // A page can only come from a name that its owner controls, so an address is no rebinding.
  return hostname.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}

/** Whether a page comes from the host that it asks. */
export function isOwnOrigin(origin: string, host: string): boolean {
  if (!URL.canParse(origin) || !URL.canParse(`http://${host}`)) return false;
  const { host: originHost, protocol } = new URL(origin);
  // The protocol comes from the origin, so that default ports compare equal behind a proxy that ends TLS.
  return originHost === new URL(`${protocol}//${host}`).host;
}

/** Whether a page of an origin may use a development server at a host. */
export function isTrustedOrigin(origin: string, host: string): boolean {
  if (isOwnOrigin(origin, host)) return true;
  if (!URL.canParse(origin)) return false;
  const { hostname } = new URL(origin);
  return hostname === "127.0.0.1" || hostname === "[::1]" || /^(?:.+\.)?(?:localhost|test|local)$/.test(hostname);
}
