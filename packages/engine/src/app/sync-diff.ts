/**
 * What differs between two registrations of an app, for people to read.
 *
 * I1  Nothing differs between a registration and itself.
 * I2  Its size is bounded, whatever was registered.
 */
import type { AppRow, FunctionRow } from "./app-row.ts";
import type { SyncDiff, ValueChange } from "./sync-row.ts";

/** How many functions a list of a diff names, and how many values of one function. */
export const SYNC_DIFF_MAX = 50;

export const SYNC_VALUE_LENGTH_MAX = 300;

type App = Pick<AppRow, "url" | "sdk" | "framework" | "appVersion" | "method">;
type Fn = Pick<FunctionRow, "slug" | "definition">;

/** An app as registered: functions that are archived left out. */
export type RegisteredApp = { readonly app: App | undefined; readonly functions: readonly Fn[] };

/** What was changed from one registration to the next. */
export function syncDiff(before: RegisteredApp, after: RegisteredApp): SyncDiff {
  const old = new Map(before.functions.map((fn) => [fn.slug, fn]));
  const current = new Set(after.functions.map(({ slug }) => slug));
  const added = after.functions.map(({ slug }) => slug).filter((slug) => !old.has(slug));
  const removed = [...old.keys()].filter((slug) => !current.has(slug));
  const changed = after.functions
    .map((fn) => ({ slug: fn.slug, changes: functionChanges(old.get(fn.slug), fn) }))
    .filter(({ changes }) => changes.length > 0);
  const isCut = Math.max(added.length, removed.length, changed.length) > SYNC_DIFF_MAX;
  return {
    app: before.app === undefined || after.app === undefined ? [] : changesOf(appFacts(before.app), appFacts(after.app)),
    added: added.slice(0, SYNC_DIFF_MAX),
    removed: removed.slice(0, SYNC_DIFF_MAX),
    changed: changed.slice(0, SYNC_DIFF_MAX),
    ...(isCut ? { more: { added: added.length, removed: removed.length, changed: changed.length } } : {}),
  };
}

function appFacts({ url, sdk, framework, appVersion, method }: App): unknown {
  return { url, sdk, framework, appVersion, method };
}

function functionChanges(before: Fn | undefined, after: Fn): readonly ValueChange[] {
  if (before === undefined) return [];
  // The slug is the same, and the URL is the app's.
  const { slug: _oldSlug, url: _oldUrl, ...old } = before.definition;
  const { slug: _slug, url: _url, ...current } = after.definition;
  return changesOf(old, current);
}

function changesOf(before: unknown, after: unknown): readonly ValueChange[] {
  const old = leaves(before);
  const current = leaves(after);
  const paths = [...new Set([...old.keys(), ...current.keys()])].filter((path) => old.get(path) !== current.get(path));
  return paths.slice(0, SYNC_DIFF_MAX).map((path) => valueChange(path, old.get(path), current.get(path)));
}

function valueChange(path: string, before: string | undefined, after: string | undefined): ValueChange {
  return {
    path,
    ...(before === undefined ? {} : { before: before.slice(0, SYNC_VALUE_LENGTH_MAX) }),
    ...(after === undefined ? {} : { after: after.slice(0, SYNC_VALUE_LENGTH_MAX) }),
  };
}

/** Values that are no objects or lists, by their paths, in the order of appearance. */
function leaves(value: unknown, path = "", into: Map<string, string> = new Map()): ReadonlyMap<string, string> {
  if (typeof value !== "object" || value === null) {
    if (value !== undefined) into.set(path, JSON.stringify(value));
    return into;
  }
  for (const [key, part] of Object.entries(value)) leaves(part, path === "" ? key : `${path}.${key}`, into);
  return into;
}
