/** What is kept of a sync, for people. Invariants: engine/app/sync-row.ts. */
import { randomUUID } from "node:crypto";
import { type AppRow, type FunctionRow, type SyncDiff, syncDiff, type SyncRow } from "@pawl/engine";
import type { Engine } from "../core/engine.ts";
import { given } from "../json.ts";

/** How it came about; `askedAt`: when we asked for it, ms since the epoch. */
export type SyncOrigin = { readonly source: SyncRow["source"]; readonly askedAt?: number };

const ERROR_LENGTH_MAX = 2_000;

/** The row of a sync that did not fail. `before`: the app as it was registered until then. */
export function successOf(
  engine: Engine,
  sync: {
    readonly app: AppRow;
    readonly functions: readonly FunctionRow[];
    readonly before: AppRow | undefined;
    readonly origin: SyncOrigin;
  },
): SyncRow {
  const { app, functions, before, origin } = sync;
  const changed = new Map(functions.map((row) => [row.id, row]));
  const known = engine.registry.functions().filter(({ appId }) => appId === app.id);
  const after = [...known.filter(({ id }) => !changed.has(id)), ...functions].filter(isLive);
  const diff = syncDiff({ app: before, functions: known.filter(isLive) }, { app, functions: after });
  return syncRow({ app, origin, diff, functionCount: after.length, now: engine.clock.now() });
}

/** The row of a sync that failed: the app and its functions stay as they were. */
export function failureOf(
  engine: Engine,
  { app, origin, error }: { readonly app: AppRow; readonly origin: SyncOrigin; readonly error: string },
): SyncRow {
  const functionCount = engine.registry.functions().filter((row) => row.appId === app.id && isLive(row)).length;
  const diff: SyncDiff = { app: [], added: [], removed: [], changed: [] };
  return { ...syncRow({ app, origin, diff, functionCount, now: engine.clock.now() }), error: error.slice(0, ERROR_LENGTH_MAX) };
}

function syncRow(facts: {
  readonly app: AppRow;
  readonly origin: SyncOrigin;
  readonly diff: SyncDiff;
  readonly functionCount: number;
  readonly now: number;
}): SyncRow {
  const { app, origin, diff, functionCount, now } = facts;
  const { url, sdk, framework, appVersion } = app;
  return {
    id: randomUUID(),
    appId: app.id,
    at: now,
    source: origin.source,
    url,
    sdk,
    framework,
    functionCount,
    diff,
    ...given("durationMs", origin.askedAt === undefined ? undefined : Math.max(0, now - origin.askedAt)),
    ...given("appVersion", appVersion),
  };
}

function isLive({ archivedAt }: FunctionRow): boolean {
  return archivedAt === undefined;
}
