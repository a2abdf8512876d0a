/**
 * The HTTP server: one Fastify instance, one plugin scope per room.
 *
 * I1  Every response says which kind of server it is.
 * I2  An unexpected error is logged with its stack and answered with a sentence, never with the stack.
 * I3  A development server answers no page of another site (browser-guard.ts).
 * I4  Headers, bodies, connections and requests of a client have limits (limits.ts).
 *
 * Spec: wire 8.9, 11, M-004, M-107.
 */
import cors from "@fastify/cors";
import { HEADER, isTooDeep, JSON_DEPTH_MAX, REALTIME_STREAM_TOKEN_MS } from "@pawl/protocol";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { guardAgainstPages } from "./browser-guard.ts";
import { answerClientError } from "./client-errors.ts";
import type { ServerContext } from "./context.ts";
import { codeOf, sendError } from "./errors.ts";
import { dashboardRoutes } from "./dashboard/dashboard-routes.ts";
import { eventRoutes } from "./event-api.ts";
import { gqlRoutes } from "./graphql/gql-routes.ts";
import { headOptionsOf, HTTP_LIMITS, type HttpLimits } from "./limits.ts";
import { limitOverrideRoutes } from "./limit-overrides-api.ts";
import { registerRoutes } from "./register-api.ts";
import { restV1Routes } from "./rest/v1-routes.ts";
import { restV2Routes } from "./rest/v2-routes.ts";
import { runStateRoutes } from "./run-state-api.ts";
import { clientAddressOf } from "../net/client-address.ts";
import { refuseSlowBodies } from "./slow-body.ts";
import { userSpanRoutes } from "../tracing/user-span-routes.ts";
import { systemRoutes } from "./system-api.ts";
import { uiRoutes } from "./ui/ui-routes.ts";

/**
 * Time in which a request must have arrived whole, streams included that are published while they come (realtime), for as long as their
 * tokens are valid. All others have less (slow-body.ts); Node knows one time for all.
 */
const REQUEST_MS_MAX: number = REALTIME_STREAM_TOKEN_MS;

/** What adds routes to a scope of its own. */
export type Routes = (app: FastifyInstance, context: ServerContext) => void | Promise<void>;

/** Builds the server; `listen` is the caller's. */
export async function createHttpServer(context: ServerContext, extraRoutes: readonly Routes[] = []): Promise<FastifyInstance> {
  const limits: HttpLimits = { ...HTTP_LIMITS, ...context.limits };
  const app = openFastify(limits, context.kind);
  // First, so that it is on answers to preflights, and on those of the guard.
  app.addHook("onRequest", async (_request, reply) => {
    void reply.header(HEADER.serverKind, context.kind);
  });
  app.addHook("onRequest", guardAgainstPages(context));
  await app.register(cors, {
    origin: true,
    methods: ["GET", "POST", "PUT", "DELETE", "OPTIONS"],
    exposedHeaders: ["Link", "Mcp-Session-Id"],
    maxAge: 3_600,
    // Whoever asks what may be done and is no page is told, too, and not refused with a bare text.
    strictPreflight: false,
  });
  if (limits.requestsPerSecond !== undefined) {
    // Loaded only where there is one.
    const { limitRate } = await import("./rate-limit.ts");
    await limitRate(app, context, limits.requestsPerSecond);
  }
  app.addHook("onRequest", refuseSlowBodies({ clock: context.engine.clock, bodyMs: limits.bodyMs }));
  app.addHook("preValidation", refuseDeepBodies);
  answerErrors(app, context);
  for (const routes of [
    eventRoutes,
    registerRoutes,
    limitOverrideRoutes,
    runStateRoutes,
    systemRoutes,
    restV1Routes,
    restV2Routes,
    gqlRoutes,
    uiRoutes,
    dashboardRoutes,
    userSpanRoutes,
    ...extraRoutes,
  ]) {
    await app.register(async (scope) => routes(scope, context));
  }
  return app;
}

function openFastify(limits: HttpLimits, kind: ServerContext["kind"]): FastifyInstance {
  const app = fastify({
    requestTimeout: REQUEST_MS_MAX,
    keepAliveTimeout: limits.idleMs,
    http: headOptionsOf(limits),
    forceCloseConnections: true,
    clientErrorHandler: answerClientError,
    routerOptions: { maxParamLength: 1_000 },
    bodyLimit: 16 * 1024 * 1024,
    // Addresses that can't be decoded.
    frameworkErrors: (error, _request, reply) => {
      void reply.header(HEADER.serverKind, kind);
      sendError(reply, { status: error.statusCode ?? 400, code: codeOf(error), message: error.message });
    },
  });
  app.server.maxConnections = limits.connections;
  return app;
}

async function refuseDeepBodies({ body }: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  if (Buffer.isBuffer(body) || !isTooDeep(body)) return undefined;
  const message = `The body is nested more than ${JSON_DEPTH_MAX} levels deep.`;
  return sendError(reply, { status: 400, code: "invalid_request", message });
}

/** Errors of routes that have no shape of their own, and addresses that no room has. */
function answerErrors(app: FastifyInstance, { logger, trustedProxies }: ServerContext): void {
  app.setErrorHandler((error: Error & { readonly statusCode?: number; readonly code?: string }, request, reply) => {
    const { statusCode: status = 500 } = error;
    // The route and not the address, which has a key in it where events are sent.
    if (status >= 500)
      logger.error(
        {
          method: request.method,
          path: request.routeOptions.url ?? "",
          client: clientAddressOf(request.raw, trustedProxies),
          error: error.stack ?? error.message,
        },
        "a request failed",
      );
    const message = status >= 500 ? "The request failed for a reason of the server; its log says more." : error.message;
    return sendError(reply, { status, code: codeOf(error), message });
  });
  app.setNotFoundHandler(({ method, url }, reply) =>
    sendError(reply, { status: 404, code: "not_found", message: `There is no ${method} ${url.split("?")[0] ?? ""}.` }),
  );
}
