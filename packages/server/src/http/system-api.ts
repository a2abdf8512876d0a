/** Health, and what a client asks to see whether a development server is there. Spec: wire 8.9, 12.2. */
import type { FastifyInstance } from "fastify";
import type { ServerContext } from "./context.ts";
import { sendError } from "./errors.ts";

/** Adds the routes. */
export function systemRoutes(app: FastifyInstance, context: ServerContext): void {
  app.get("/health", () => ({ status: 200, message: "OK" }));
  app.get("/dev", (_request, reply) => {
    if (context.kind === "cloud")
      return sendError(reply, { status: 404, code: "not_found", message: "This server was not started with `pawl dev`." });
    return reply.send(devInfo(context));
  });
}

function devInfo(context: ServerContext): Readonly<Record<string, unknown>> {
  const { engine } = context;
  const apps = engine.registry.apps().filter(({ archivedAt }) => archivedAt === undefined);
  const functions = engine.registry.functions().filter(({ archivedAt }) => archivedAt === undefined);
  return {
    version: context.version,
    authed: false,
    startOpts: context.startOptions,
    functions: functions.map(({ config }) => JSON.parse(config) as unknown),
    handlers: apps.map(({ url, sdk, error }) => ({ sdk: { url, sdk }, ...(error === undefined ? {} : { errors: [error] }) })),
    isSingleNodeService: true,
    isMissingSigningKey: context.signingKey === undefined,
    isMissingEventKeys: context.eventKeys.length === 0,
    features: context.features ?? {},
  };
}
