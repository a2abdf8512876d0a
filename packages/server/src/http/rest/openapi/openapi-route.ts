/** `GET /v2/openapi.json`: open to anyone, as it says nothing about this server but its version. */
import type { FastifyInstance } from "fastify";
import type { ServerContext } from "../../context.ts";
import { openApiDocument } from "./document.ts";

/** Adds the route. `prefix`: where the API is. */
export function openApiRoute(app: FastifyInstance, prefix: string, { version }: Pick<ServerContext, "version">): void {
  let text: string | undefined;
  app.get(`${prefix}/openapi.json`, (_request, reply) => {
    text ??= JSON.stringify(openApiDocument(version));
    return reply.type("application/json; charset=utf-8").header("cache-control", "public, max-age=300").send(text);
  });
}
