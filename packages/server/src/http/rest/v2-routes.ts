/**
 * REST v2, under `/v2` and `/api/v2`: what a self-hosted server has of it. The rest answers 501.
 *
 * Spec: wire 11.3, 11.4.
 */
import { signingKeyPrefix } from "@pawl/protocol";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { given } from "../../json.ts";
import { hasSigningKey, requireSigningKey } from "../auth.ts";
import type { ServerContext } from "../context.ts";
import { ACCOUNT_ID, ENVIRONMENT_ID, rfc3339 } from "./identity.ts";
import { readBodiesLeniently } from "./lenient-bodies.ts";
import { MISSING } from "./openapi/missing-operations.ts";
import { operationsRoute } from "./openapi/operations-route.ts";
import { openApiRoute } from "./openapi/openapi-route.ts";
import { answerV2Errors, badRequest, notImplemented, v2Envelope } from "./v2-answer.ts";
import { v2AppRoutes } from "./v2-app-routes.ts";
import { limitOf, one, type Parameters, parametersOf } from "./v2-query.ts";
import { v2RunRoutes } from "./v2-run-routes.ts";
import { v2SyncRoutes } from "./v2-sync-routes.ts";

/** When the one account and environment came to be, for clients that want to know. */
const CREATED_AT = "2021-05-13T09:30:04Z";

/** Rows of a page. */
const ENVIRONMENTS_MAX = 250;
const KEYS_MAX = 100;

/** Adds the routes. */
export async function restV2Routes(app: FastifyInstance, context: ServerContext): Promise<void> {
  for (const prefix of ["/v2", "/api/v2"]) {
    openApiRoute(app, prefix, context);
    operationsRoute(app, prefix);
    await app.register(
      async (scope) => {
        answerV2Errors(scope, context);
        scope.addHook("onRequest", requireSigningKey(context));
        readBodiesLeniently(scope);
        accountRoutes(scope, context);
        v2AppRoutes(scope, context);
        v2SyncRoutes(scope, context);
        v2RunRoutes(scope, context);
        for (const [method, url, what] of MISSING) {
          scope.route({
            method,
            url,
            handler: async () => {
              throw notImplemented(what);
            },
          });
        }
        // What is unknown is told in this API's shape, and not by the dashboard's page.
        scope.get("/*", (_request, reply) => reply.callNotFound());
      },
      { prefix },
    );
  }
}

function accountRoutes(app: FastifyInstance, context: ServerContext): void {
  const { eventKeys, signingKey, signingKeyFallback, startedAt, engine } = context;
  const answer = (data: unknown): unknown => v2Envelope(data, { now: engine.clock.now() });
  const createdAt = rfc3339(startedAt);
  const list = ({ query }: FastifyRequest, rows: readonly unknown[], max: number): unknown =>
    pageOfFew(rows, { parameters: parametersOf(query), max, now: engine.clock.now() });
  // Whoever has an API key must not get more rights by reading these.
  const keyList = (request: FastifyRequest, keys: readonly string[]): unknown => {
    const shown = keys.map((key) => ({ environment: "dev", key: hasSigningKey(context, request) ? key : masked(key), createdAt }));
    return list(request, shown, KEYS_MAX);
  };
  app.get("/health", () => answer({ status: "ok" }));
  app.get("/account", () =>
    answer({ id: ACCOUNT_ID, email: "dev@inngest.local", name: "Dev Server", createdAt: CREATED_AT, updatedAt: CREATED_AT }),
  );
  app.get("/envs", (request) =>
    list(request, [{ id: ENVIRONMENT_ID, name: "dev", type: "TEST", createdAt: CREATED_AT }], ENVIRONMENTS_MAX),
  );
  app.get("/keys/events", (request) => keyList(request, eventKeys));
  app.get("/keys/signing", (request) =>
    keyList(
      request,
      [signingKey, signingKeyFallback].filter((key) => key !== undefined),
    ),
  );
}

type Few = { readonly parameters: Parameters; readonly max: number; readonly now: number };

/** A page of rows that have no ids; its cursor is the number of rows up to its end. */
function pageOfFew(rows: readonly unknown[], { parameters, max, now }: Few): unknown {
  const limit = limitOf(parameters, max);
  const start = Number(one(parameters, "cursor") ?? 0);
  if (!Number.isInteger(start) || start < 0)
    throw badRequest("The cursor is not one of this list; begin again without one", "invalid_field_format");
  const end = start + limit;
  const hasMore = end < rows.length;
  return v2Envelope(rows.slice(start, end), { now, page: { limit, hasMore, ...given("cursor", hasMore ? String(end) : undefined) } });
}

/** As much of a key as tells it from others. */
export function masked(key: string): string {
  return `${signingKeyPrefix(key)}…${key.length >= 16 ? key.slice(-4) : ""}`;
}
