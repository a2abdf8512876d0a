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
import { isLocalHost } from "./ui/access.ts";

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

/** Whether the answer may be read by a page of an origin. */
export function isTrustedOrigin(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { hostname, host: originHost } = new URL(origin);
  if (originHost === host) return true;
  return hostname === "127.0.0.1" || hostname === "[::1]" || /^(?:.+\.)?(?:localhost|test|local)$/.test(hostname);
}
