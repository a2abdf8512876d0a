/** Asking a known app to register, for people and programs. Spec: wire 4.2, 11.4; dashboard-and-cli APP-05. */
import type { AppRow } from "@pawl/engine";
import type { Engine } from "../core/engine.ts";
import type { AppSync } from "./app-sync.ts";
import { isSameUrl, normalizeAppUrl } from "./app-url.ts";

/** `url`: where the app is called from now on. `message`: a sentence that says what to look at. */
export type AppSynced =
  | { readonly kind: "synced"; readonly syncId: string; readonly isModified: boolean; readonly url: string }
  | { readonly kind: "bad-url" }
  | { readonly kind: "failed"; readonly message: string };

/** Asks the app where it is, or at another URL: where it registers there, it is called there. */
export async function syncApp(
  { engine, sync }: { readonly engine: Engine; readonly sync: AppSync },
  app: AppRow,
  text: unknown = app.url,
): Promise<AppSynced> {
  if (app.method !== "serve") return failed(`The app ${app.name} is not asked by URL: it registers when it connects or is called.`);
  const url = typeof text === "string" ? normalizeAppUrl(text) : undefined;
  if (url === undefined) return { kind: "bad-url" };
  const result = await sync.sync(url, !isSameUrl(url, app.url));
  if (result.kind === "failed") return failed(`The app at ${url} could not be synced: ${result.code}`);
  const { registered } = result;
  if (registered === undefined) return failed(`What is at ${url} answered, but registered nothing under this URL.`);
  const found = engine.registry.appById(registered.appId);
  if (registered.appId !== app.id && app.name !== "")
    return failed(`What is at ${url} is the app ${found?.name ?? ""}, not ${app.name}; it is registered under its own name.`);
  return { kind: "synced", syncId: registered.syncId, isModified: registered.isModified, url: found?.url ?? url };
}

function failed(message: string): AppSynced {
  return { kind: "failed", message };
}
