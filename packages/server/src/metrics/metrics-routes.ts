/**
 * `GET /metrics`: open in development, with the signing key in `start`. The Host and Origin rules are the dashboard's (http/ui/access.ts).
 *
 * Spec: semantics 11.7 ([bug] 11.4: no authentication).
 */
import type { FastifyInstance } from "fastify";
import type { ServerContext } from "../http/context.ts";
import { requireAccess } from "../http/ui/access.ts";
import { answerRefusals } from "../http/ui/ui-error.ts";
import { CONTENT_TYPE } from "./exposition.ts";
import type { Metrics } from "./metrics.ts";

/** The route, for `createHttpServer`. */
export function metricsRoutes(metrics: Pick<Metrics, "collect">): (app: FastifyInstance, context: ServerContext) => void {
  return (app, context) => {
    answerRefusals(app, context);
    app.get("/metrics", { onRequest: requireAccess(context) }, async (_request, reply) =>
      reply
        .type(CONTENT_TYPE)
        .header("cache-control", "no-store")
        .send(await metrics.collect()),
    );
  };
}
