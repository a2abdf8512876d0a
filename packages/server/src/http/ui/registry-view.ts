/** Apps and functions for people. Shapes: `@pawl/protocol`, ui.ts. */
import type { AppRow, FunctionRow } from "@pawl/engine";
import type { UiApp, UiFunction } from "@pawl/protocol";
import { given } from "../../json.ts";

/** One app. */
export function appView(app: AppRow, functionCount: number): UiApp {
  const { id, name, url, sdk, framework, syncedAt } = app;
  return { id, name, url, sdk, framework, functionCount, syncedAt, ...given("error", app.error) };
}

/** One function. */
export function functionView(row: FunctionRow, app: AppRow | undefined): UiFunction {
  const { id, slug, name, version, config } = row;
  return {
    id,
    slug,
    name,
    appName: app?.name ?? row.appId,
    version,
    triggers: row.definition.triggers.map((trigger) =>
      trigger.kind === "cron" ? { cron: trigger.cron } : { event: trigger.event, ...given("expression", trigger.condition) },
    ),
    config,
    ...given("paused", row.paused),
  };
}
