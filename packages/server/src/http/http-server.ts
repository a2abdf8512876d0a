/**
 * The HTTP server: one Fastify instance, one plugin scope per room.
 *
 * I1  Every response says which kind of server it is.
 * I2  An unexpected error is logged with its stack and answered with a sentence, never with the stack.
 *
 * I3  A development server answers no page of another site (browser-guard.ts).
 *
 * Spec: wire 8.9, 11, M-004, M-107.
 */
import cors from "@fastify/cors";
import { HEADER, isTooDeep, JSON_DEPTH_MAX, REALTIME_STREAM_TOKEN_MS } from "@pawl/protocol";
import fastify, { type FastifyInstance } from "fastify";
import { guardAgainstPages } from "./browser-guard.ts";
import type { ServerContext } from "./context.ts";
import { sendError } from "./errors.ts";
import { dashboardRoutes } from "./dashboard/dashboard-routes.ts";
import { eventRoutes } from "./event-api.ts";
import { gqlRoutes } from "./graphql/gql-routes.ts";
import { registerRoutes } from "./register-api.ts";
import { restV1Routes } from "./rest/v1-routes.ts";
import { restV2Routes } from "./rest/v2-routes.ts";
import { runStateRoutes } from "./run-state-api.ts";
import { systemRoutes } from "./system-api.ts";
import { uiRoutes } from "./ui/ui-routes.ts";

/**
 * Time in which a request must have arrived whole: a slow sender can't hold a connection for ever. Node knows one for all requests, and some
 * are streams that are published while they come (realtime), for as long as their tokens are valid.
 */
const REQUEST_MS_MAX: number = REALTIME_STREAM_TOKEN_MS;

/** What adds routes to a scope of its own. */
export type Routes = (app: FastifyInstance, context: ServerContext) => void | Promise<void>;

/** Builds the server; `listen` is the caller's. */
export async function createHttpServer(context: ServerContext, extraRoutes: readonly Routes[] = []): Promise<FastifyInstance> {
  const app = fastify({
    requestTimeout: REQUEST_MS_MAX,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 1_000 },
    bodyLimit: 16 * 1024 * 1024,
  });
  app.addHook("onRequest", guardAgainstPages(context));
  await app.register(cors, {
    origin: true,
    methods: ["GET", "POST", "PUT", "DELETE", "OPTIONS"],
    exposedHeaders: ["Link", "Mcp-Session-Id"],
    maxAge: 3_600,
  });
  app.addHook("onRequest", async (_request, reply) => {
    void reply.header(HEADER.serverKind, context.kind);
  });
  app.addHook("preValidation", async ({ body }, reply) => {
    if (!Buffer.isBuffer(body) && isTooDeep(body))
      return sendError(reply, {
        status: 400,
        code: "invalid_request",
        message: `The body is nested more than ${JSON_DEPTH_MAX} levels deep.`,
      });
    return undefined;
  });
  app.setErrorHandler((error: Error & { readonly statusCode?: number; readonly code?: string }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500)
      context.logger.error(
        { method: request.method, path: request.url.split("?")[0], error: error.stack ?? error.message },
        "a request failed",
      );
    const message = status >= 500 ? "The request failed for a reason of the server; its log says more." : error.message;
    void reply
      .code(status)
      .send({ code: status >= 500 ? "internal_server_error" : (error.code ?? "invalid_request"), error: message, data: null, status });
  });
  for (const routes of [
    eventRoutes,
    registerRoutes,
    runStateRoutes,
    systemRoutes,
    restV1Routes,
    restV2Routes,
    gqlRoutes,
    uiRoutes,
    dashboardRoutes,
    ...extraRoutes,
  ]) {
    await app.register(async (scope) => routes(scope, context));
  }
  return app;
}
