/** Apps and functions for people. Shapes: `@pawl/protocol`, ui.ts. */
import { type AppRow, type FunctionDefinition, type FunctionRow, scheduleItem, type SyncRow, type TriggerDefinition } from "@pawl/engine";
import type { UiApp, UiFunction, UiFunctionOptions, UiSync, UiTrigger } from "@pawl/protocol";
import { given } from "../../json.ts";

/** One app. */
export function appView(app: AppRow, functionCount: number): UiApp {
  const { id, name, url, sdk, framework, syncedAt, method } = app;
  const optional = { ...given("error", app.error), ...given("appVersion", app.appVersion) };
  return { id, name, url, sdk, framework, functionCount, syncedAt, method, ...optional };
}

/** One sync. */
export function syncView({ appId: _appId, ...sync }: SyncRow): UiSync {
  return sync;
}

/** One function, as of `now`. */
export function functionView(row: FunctionRow, app: AppRow | undefined, now: number): UiFunction {
  const { id, slug, name, version, config } = row;
  return {
    id,
    slug,
    name,
    appName: app?.name ?? row.appId,
    version,
    triggers: row.definition.triggers.map((trigger) => triggerView(row, trigger, now)),
    options: optionsView(row.definition),
    config,
    ...given("paused", row.paused),
  };
}

function triggerView(row: FunctionRow, trigger: TriggerDefinition, now: number): UiTrigger {
  if (trigger.kind === "event") return { event: trigger.event, ...given("expression", trigger.condition) };
  return { cron: trigger.cron, ...given("nextAt", scheduleItem(row, trigger, now)?.dueAt) };
}

function optionsView(definition: FunctionDefinition): UiFunctionOptions {
  const { attemptsMax, retry, concurrency, idempotency, rateLimit, throttle, debounce, batch, priority, singleton } = definition;
  return {
    attemptsMax,
    ...given("retry", retry && { kind: retry.kind, minMs: retry.minMs, maxMs: retry.maxMs }),
    concurrency,
    ...given("idempotency", idempotency),
    ...given("rateLimit", rateLimit),
    ...given("throttle", throttle),
    ...given("debounce", debounce),
    ...given("batch", batch),
    ...given("priority", priority),
    ...given("singleton", singleton),
    cancelOn: definition.cancelOn.map(({ event, condition }) => ({ event, ...given("condition", condition) })),
    timeouts: definition.timeouts,
  };
}

/** The order of two texts, the same on every machine. */
export function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
