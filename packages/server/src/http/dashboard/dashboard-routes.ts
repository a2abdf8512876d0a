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

const PAGE = "index.html";

const ASSETS = "/assets/";

const CONTENT_POLICY =
  "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

const YEAR_S = 31_536_000;

/** Adds the routes, where a dashboard has been built. The library is loaded only then. */
export async function dashboardRoutes(app: FastifyInstance, { dashboardDir, logger }: ServerContext): Promise<void> {
  if (dashboardDir === undefined) return;
  if (!existsSync(join(dashboardDir, PAGE))) return logger.warn({ dashboardDir }, "the dashboard has not been built");
  const assets = join(dashboardDir, ASSETS);
  const { fastifyStatic } = await import("@fastify/static");
  await app.register(fastifyStatic, {
    root: dashboardDir,
    serve: false,
    cacheControl: false,
    // Called for files that exist: a missing one must not be remembered as missing for a year.
    setHeaders: (reply, path) => {
      if (path.startsWith(assets)) void reply.header("cache-control", `public, max-age=${YEAR_S}, immutable`);
    },
  });
  app.get("/*", (request, reply) => sendFile(request, reply));
}

function sendFile(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { "*": path = "" } = request.params as { readonly "*"?: string };
  const isAsset = `/${path}`.startsWith(ASSETS);
  const isPage = !isAsset && (path === "" || (request.headers.accept ?? "").includes("text/html"));
  void reply
    .header("cache-control", "no-cache")
    .header("content-security-policy", CONTENT_POLICY)
    .header("x-content-type-options", "nosniff")
    .header("x-frame-options", "DENY")
    .header("referrer-policy", "no-referrer");
  return reply.sendFile(isPage ? PAGE : path);
}
