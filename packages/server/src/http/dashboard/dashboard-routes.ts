/**
 * The dashboard's static files.
 *
 * I1  Files with a hash in their name never change and are kept by browsers; the page itself is asked for every time.
 * I2  Any other path that a browser navigates to is the page: its router shows what the path means.
 * I3  The page runs only what is served here: no foreign scripts, no frames around it.
 *
 * Spec: dashboard 2.11, 2.12.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.ts";

const PAGE = "/index.html";

const ASSETS = "/assets/";

const CONTENT_POLICY =
  "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

const YEAR_S = 31_536_000;

/** Adds the routes, where a dashboard has been built. */
export function dashboardRoutes(app: FastifyInstance, { dashboardDir, logger }: ServerContext): void {
  if (dashboardDir === undefined) return;
  if (!existsSync(join(dashboardDir, PAGE))) return logger.warn({ dashboardDir }, "the dashboard has not been built");
  app.get("/*", (request, reply) => sendFile(dashboardDir, request, reply));
}

async function sendFile(root: string, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const [path = "/"] = request.url.split("?");
  const isAsset = path.startsWith(ASSETS);
  const isPage = !isAsset && (path === "/" || (request.headers.accept ?? "").includes("text/html"));
  // Loaded with the first request, so that a start does not pay for it.
  const { send } = await import("@fastify/send");
  const found = await send(request.raw, isPage ? PAGE : path, { root, index: false, cacheControl: false });
  if (found.type !== "file") return reply.callNotFound();
  return reply
    .code(found.statusCode)
    .headers({ ...found.headers, ...SECURITY_HEADERS })
    .header("cache-control", isAsset ? `public, max-age=${YEAR_S}, immutable` : "no-cache")
    .send(found.stream);
}

const SECURITY_HEADERS = {
  "content-security-policy": CONTENT_POLICY,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
} as const;
