/** Apps for the dashboard: the list, what each has registered, asking one to register. Shapes: `@pawl/protocol`, ui-apps.ts. */
import type { AppRow } from "@pawl/engine";
import type { UiAppList, UiSyncList, UiSyncResult } from "@pawl/protocol";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { syncApp } from "../../app/sync-app.ts";
import { isRecord } from "../../json.ts";
import type { ServerContext } from "../context.ts";
import { appView, compareText, syncView } from "./registry-view.ts";
import { invalid, UiRefusal } from "./ui-error.ts";

/** Adds the routes. */
export function appRoutes(app: FastifyInstance, context: ServerContext): void {
  const { engine } = context;
  app.get("/apps", async (): Promise<UiAppList> => appsOf(context));
  app.get("/apps/:appId/syncs", async (request): Promise<UiSyncList> => {
    const { id } = appOf(context, request);
    return { items: (await engine.store.history.syncsOfApp(id)).map(syncView) };
  });
  app.post("/apps/:appId/sync", async (request): Promise<UiSyncResult> => {
    const url = isRecord(request.body) ? request.body["url"] : undefined;
    const result = await syncApp(context, appOf(context, request), url);
    if (result.kind === "bad-url") throw invalid("The url is not an http or https URL.");
    if (result.kind === "failed") throw new UiRefusal(result.message, { status: 422, code: "app-sync-failed" });
    return { syncId: result.syncId, isModified: result.isModified, url: result.url };
  });
}

function appsOf({ engine: { registry } }: ServerContext): UiAppList {
  const functions = registry.functions().filter(({ archivedAt }) => archivedAt === undefined);
  const counts = Map.groupBy(functions, ({ appId }) => appId);
  const apps = registry.apps().filter(({ archivedAt }) => archivedAt === undefined);
  const items = apps.map((app) => appView(app, counts.get(app.id)?.length ?? 0));
  return { items: items.toSorted((a, b) => compareText(a.name, b.name) || compareText(a.url, b.url)) };
}

function appOf({ engine }: ServerContext, request: FastifyRequest): AppRow {
  const { appId } = request.params as { readonly appId: string };
  const app = engine.registry.appById(appId);
  if (app === undefined) throw new UiRefusal(`No app has the id ${appId}.`, { status: 404, code: "app-not-found" });
  return app;
}
