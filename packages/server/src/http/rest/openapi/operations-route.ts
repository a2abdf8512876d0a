/**
 * `GET /v2/operations`: the operations of the API with the tools of MCP beside them. Open to anyone, as it says nothing about this server.
 *
 * I1  It is the table that the API is described by and the list that MCP has: nothing is written twice.
 *
 * Spec: wire 11.4, 12.3.
 */
import type { FastifyInstance } from "fastify";
import { OPERATION_OF_TOOL } from "../../../mcp/api-tools.ts";
import { toolShape } from "../../../mcp/mcp-server.ts";
import { toolsOf } from "../../../mcp/tools.ts";
import { OPERATIONS } from "./document.ts";

/** Adds the route. `prefix`: where the API is. */
export function operationsRoute(app: FastifyInstance, prefix: string): void {
  let text: string | undefined;
  const url = `${prefix}/operations`;
  app.get(url, (_request, reply) => {
    text ??= JSON.stringify({ data: { operations: operationEntries() } });
    return reply
      .type("application/json; charset=utf-8")
      .header("cache-control", "public, max-age=300, stale-while-revalidate=3600")
      .send(text);
  });
  app.route({
    method: ["POST", "PUT", "PATCH", "DELETE"],
    url,
    handler: (_request, reply) =>
      reply
        .code(405)
        .header("allow", "GET, HEAD")
        .send({ errors: [{ code: "api_error", message: "This address takes GET only." }] }),
  });
}

/** Entries of the catalogue: operations first, then tools that are none. */
export function operationEntries(): readonly unknown[] {
  const tools = toolsOf();
  const ofOperation = new Map(tools.map((tool) => [OPERATION_OF_TOOL[tool.name], tool]));
  const operations = OPERATIONS.filter(({ id, path }) => id !== undefined && path.startsWith("/v2/")).map(
    ({ id, summary, method, path }) => {
      const tool = ofOperation.get(id);
      return { id, summary, http: { method, path }, ...(tool === undefined ? {} : { mcp: toolShape(tool) }) };
    },
  );
  const others = tools
    .filter(({ name }) => OPERATION_OF_TOOL[name] === undefined)
    .map((tool) => ({ id: `mcp.${tool.name}`, summary: tool.title, description: tool.description, mcp: toolShape(tool) }));
  return [...operations, ...others];
}
