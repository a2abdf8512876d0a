/**
 * REST v2: syncs of an app, and asking an app to register. The protocol names the second and does not describe it; the first is ours.
 *
 * Spec: wire 4.2, 11.4; dashboard-and-cli APP-04.
 */
import type { AppRow } from "@pawl/engine";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { syncApp } from "../../app/sync-app.ts";
import { given } from "../../json.ts";
import type { ServerContext } from "../context.ts";
import { badRequest, v2Envelope, V2Refusal } from "./v2-answer.ts";
import { findApp } from "./v2-app-routes.ts";
import { fieldsOf, limitOf, one, parametersOf } from "./v2-query.ts";
import { syncShape } from "./v2-view.ts";

const PAGE_MAX = 100;

type Request = FastifyRequest<{ readonly Params: { readonly appId: string } }>;

/** Adds the routes. */
export function v2SyncRoutes(app: FastifyInstance, context: ServerContext): void {
  const { clock, registry } = context.engine;
  app.get("/apps/:appId/syncs", ({ params, query }: Request) => listSyncs(context, findApp(registry, params.appId), query));
  app.post("/apps/:appId/syncs", async ({ params, body }: Request) =>
    v2Envelope(await askForSync(context, findApp(registry, params.appId), body), { now: clock.now() }),
  );
}

/** Newest first; the cursor is the last one's id. */
async function listSyncs({ engine }: ServerContext, app: AppRow, query: unknown): Promise<unknown> {
  const parameters = parametersOf(query);
  const limit = limitOf(parameters, PAGE_MAX);
  const rows = await engine.store.history.syncsOfApp(app.id);
  const cursor = one(parameters, "cursor");
  const last = rows.findIndex(({ id }) => id === cursor);
  if (cursor !== undefined && last < 0) throw badRequest("The cursor is of no sync that is kept; start from the newest one.");
  const rest = rows.slice(last + 1);
  const shown = rest.slice(0, limit);
  const hasMore = rest.length > limit;
  const page = { limit, hasMore, ...given("cursor", hasMore ? shown.at(-1)?.id : undefined) };
  return v2Envelope(shown.map(syncShape), { now: engine.clock.now(), page });
}

async function askForSync(context: ServerContext, app: AppRow, body: unknown): Promise<unknown> {
  const { url } = fieldsOf(body, ["url"]);
  const result = await syncApp(context, app, url);
  if (result.kind === "bad-url") throw badRequest("url must be an http or https URL", "invalid_field_format");
  if (result.kind === "failed") throw new V2Refusal(result.message, { status: 422, code: "app_sync_failed" });
  return { syncId: result.syncId, isModified: result.isModified, url: result.url };
}
