/**
 * Apps and their syncs in words: how an app is reached, where a sync came from, what it changed.
 *
 * Spec: dashboard 1.1 (APP-01, APP-04), 7.3.
 */
import type { UiApp, UiSync, UiValueChange } from "@pawl/protocol";
import { countOf } from "../time/format.ts";

type Diff = UiSync["diff"];

/** Slugs, and how many more there were that the server does not list. */
export type SlugList = { readonly slugs: readonly string[]; readonly more: number };

/** The app's name, or what stands for it until it has registered. */
export function nameOf({ name }: UiApp): string {
  return name === "" ? "not registered" : name;
}

/** The answer to “are my apps in order?”. */
export function headline(apps: readonly UiApp[]): string {
  const broken = apps.filter(isBroken).length;
  if (apps.length === 0) return "No app has registered yet.";
  return broken === 0
    ? `${countOf(apps.length, "app")}, all in order.`
    : `${broken} of ${countOf(apps.length, "app")} can’t be reached or registered.`;
}

/** True for an app whose last sync failed. */
export function isBroken({ error }: UiApp): boolean {
  return error !== undefined;
}

/** Those with trouble first; else as the server has them. */
export function troubleFirst(apps: readonly UiApp[]): readonly UiApp[] {
  return apps.toSorted((a, b) => Number(isBroken(b)) - Number(isBroken(a)));
}

/**
 * The app that took the place of one that is gone: what was known by its URL only gets another id when it registers.
 * Undefined where there is none.
 */
export function successorOf(gone: UiApp, apps: readonly UiApp[]): UiApp | undefined {
  return gone.name === "" ? apps.find(({ url, id }) => url === gone.url && id !== gone.id) : undefined;
}

const METHODS: { readonly [method in UiApp["method"]]: string } = {
  serve: "called by HTTP at its URL",
  connect: "over the connections of its workers",
  api: "not called: its endpoints report their runs",
};

/** How the server reaches the app. */
export function methodWords({ method }: UiApp): string {
  return METHODS[method];
}

/** `pawl-js 1.2.0` of `pawl-js:v1.2.0`. */
export function sdkWords(sdk: string): string {
  return sdk.replace(/:v(?=\d)/, " ").replace(/:v?$/, "");
}

const SOURCES: { readonly [source in UiSync["source"]]: string } = {
  app: "registered by itself",
  server: "asked by the server",
  worker: "worker connected",
};

/** Where a sync came from. */
export function sourceWords({ source }: UiSync): string {
  return SOURCES[source];
}

const APP_FACTS: { readonly [path: string]: string } = {
  url: "URL",
  sdk: "SDK",
  framework: "framework",
  appVersion: "app version",
  method: "way it is reached",
};

/** What a fact of the app is called: `URL` of `url`. */
export function factName(path: string): string {
  return APP_FACTS[path] ?? path;
}

/** `+2 functions, 1 changed, −1 removed; URL changed`. For a sync that did not fail. */
export function diffSummary(diff: Diff): string {
  const { added, removed, changed } = diffCounts(diff);
  const [first, ...rest] = [
    ...(added === 0 ? [] : [{ sign: "+", count: added, tail: "" }]),
    ...(changed === 0 ? [] : [{ sign: "", count: changed, tail: " changed" }]),
    ...(removed === 0 ? [] : [{ sign: "−", count: removed, tail: " removed" }]),
  ];
  const functions = first && [
    `${first.sign}${countOf(first.count, "function")}${first.tail}`,
    ...rest.map(({ sign, count, tail }) => `${sign}${count}${tail}`),
  ];
  const parts = [functions?.join(", "), appSummary(diff.app)].filter((part) => part !== undefined);
  return parts.length === 0 ? "It works again; nothing changed." : parts.join("; ");
}

function appSummary(changes: readonly UiValueChange[]): string | undefined {
  if (changes.length === 0) return undefined;
  const names = changes.map(({ path }) => factName(path));
  return `${[names.slice(0, -1).join(", "), names.at(-1)].filter((part) => part !== "").join(" and ")} changed`;
}

/** True where there is something to unfold. */
export function hasDetails({ app, added, removed, changed }: Diff): boolean {
  return app.length + added.length + removed.length + changed.length > 0;
}

/** The slugs of a kind, and how many more there were. */
export function slugsOf(diff: Diff, kind: "added" | "removed"): SlugList {
  return { slugs: diff[kind], more: Math.max(0, diffCounts(diff)[kind] - diff[kind].length) };
}

/** How many functions that were changed are not listed. */
export function moreChanged(diff: Diff): number {
  return Math.max(0, diffCounts(diff).changed - diff.changed.length);
}

/** The last sync that did not fail, of a history with the newest first. */
export function lastGood(syncs: readonly UiSync[]): UiSync | undefined {
  return syncs.find(({ error }) => error === undefined);
}

function diffCounts({ added, removed, changed, more }: Diff): NonNullable<Diff["more"]> {
  return more ?? { added: added.length, removed: removed.length, changed: changed.length };
}
