/**
 * `POST /v0/gql`. The same people may use it as the dashboard's API.
 *
 * Spec: wire 12.1; semantics 11.4 ([bug]: no authentication at all).
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { given, isRecord } from "../../json.ts";
import type { ServerContext } from "../context.ts";
import { codeOf } from "../errors.ts";
import { hasAccess, requireAccess } from "../ui/access.ts";
import { UiRefusal } from "../ui/ui-error.ts";
import type { executeGql } from "./gql-engine.ts";

const BODY_BYTES_MAX: number = 1024 * 1024;

/** Adds the route. The library is loaded with the first request. */
export function gqlRoutes(app: FastifyInstance, context: ServerContext): void {
  let loading: Promise<{ readonly executeGql: typeof executeGql }> | undefined;
  app.setErrorHandler((error: Error & { readonly statusCode?: number }, _request, reply) => {
    const status = error instanceof UiRefusal ? error.status : (error.statusCode ?? 500);
    if (status >= 500) context.logger.error({ path: "/v0/gql", error: error.stack ?? error.message }, "a request failed");
    const code = error instanceof UiRefusal ? error.code : codeOf(error);
    const message = status >= 500 ? "The request failed for a reason of the server; its log says more." : error.message;
    return reply.code(status).send({ errors: [{ message, extensions: { code } }] });
  });
  // Reading is a POST, too; what changes something asks for more (gql-engine.ts).
  app.addHook("onRequest", requireAccess(context, "read"));
  app.post("/v0/gql", { bodyLimit: BODY_BYTES_MAX }, async (request: FastifyRequest, reply: FastifyReply) => {
    const { query, variables, operationName } = isRecord(request.body) ? request.body : {};
    if (typeof query !== "string") {
      const message = 'The body must be a JSON object with a query, for example {"query": "{ apps { name } }"}.';
      return reply.code(400).send({ errors: [{ message, extensions: { code: "invalid_request" } }] });
    }
    loading ??= import("./gql-engine.ts");
    const { executeGql: run } = await loading;
    const answer = await run(context, {
      query,
      mayWrite: hasAccess(context, request, "write"),
      ...given("variables", isRecord(variables) ? variables : undefined),
      ...given("operationName", typeof operationName === "string" && operationName !== "" ? operationName : undefined),
    });
    return reply.code(answer.status).send(answer.body);
  });
}
