/**
 * Workers by app: who is there, how much each can take, and what is wrong.
 *
 * Spec: dashboard 1.7 (FLOW-07).
 */
import type { UiLeftWorker, UiWorker, UiWorkerApp, UiWorkerList } from "@pawl/protocol";
import type { GlyphName, Tone } from "../status/words.ts";
import { countOf, formatBytes } from "../time/format.ts";

/** One line: a worker, as it serves one app. */
export type WorkerRow = { readonly worker: UiWorker; readonly app: UiWorkerApp };

/** An app with its workers; none where it has to be served by some. */
export type WorkerGroup = { readonly appName: string; readonly rows: readonly WorkerRow[] };

/** Workers show themselves every 10 s, and are given up after 50 s. */
const SILENT_MS = 25_000;

/** Words, glyph and tone of a worker's status. */
export const WORKER_STATUSES: {
  readonly [status in UiWorker["status"]]: { readonly word: string; readonly glyph: GlyphName; readonly tone: Tone };
} = {
  connected: { word: "Not ready yet", glyph: "queued", tone: "queued" },
  ready: { word: "Ready", glyph: "completed", tone: "completed" },
  draining: { word: "Draining", glyph: "paused", tone: "queued" },
};

/** Why a worker left: what was meant to be quietly, the rest as trouble. */
export const LEAVE_WORDS: {
  readonly [reason in UiLeftWorker["reason"]]: { readonly words: string; readonly glyph: GlyphName; readonly tone: Tone };
} = {
  shutdown: { words: "Shut down", glyph: "paused", tone: "queued" },
  "server-stopped": { words: "This server stopped", glyph: "paused", tone: "queued" },
  "cut-off": { words: "Connection lost", glyph: "failed", tone: "failed" },
  silent: { words: "Silent for 50 s", glyph: "failed", tone: "failed" },
  "message-too-large": { words: "Sent too large a message", glyph: "failed", tone: "failed" },
};

/** The apps by name; those without workers too. */
export function groupsOf({ items, appsWithout }: UiWorkerList): readonly WorkerGroup[] {
  const rows = items.flatMap((worker) => worker.apps.map((app) => ({ worker, app })));
  const served = [...Map.groupBy(rows, ({ app }) => app.name)].map(([appName, members]) => ({ appName, rows: members }));
  return [...served, ...appsWithout.map((appName) => ({ appName, rows: [] }))].toSorted((a, b) => (a.appName < b.appName ? -1 : 1));
}

/** The answer to “is there somebody to do the work?”. */
export function workersSentence({ items, total, appsWithout }: UiWorkerList): string {
  const [only, ...more] = appsWithout;
  if (only !== undefined)
    return more.length === 0 ? `${only} has no worker: its runs wait.` : `${appsWithout.length} apps have no worker: their runs wait.`;
  if (total === 0) return "No workers are connected.";
  const full = items.filter(isFull).length;
  const count = countOf(total, "worker");
  if (full > 0) return `${count} connected, ${full === items.length ? "all" : full} of them full.`;
  return `${count} connected, ${countOf(callsOf(items), "call")} in progress.`;
}

/** Calls that the workers have. */
function callsOf(items: readonly UiWorker[]): number {
  return items.reduce((sum, { inUse }) => sum + inUse, 0);
}

/** `2 of 10`; `2, no limit`. */
export function callsWords({ inUse, capacity }: UiWorker): string {
  return capacity === undefined
    ? `${inUse.toLocaleString("en-US")}, no limit`
    : `${inUse.toLocaleString("en-US")} of ${capacity.toLocaleString("en-US")}`;
}

/** True for a worker that takes nothing more now. */
export function isFull({ inUse, capacity }: UiWorker): boolean {
  return capacity !== undefined && inUse >= capacity;
}

/** True for a worker that has not shown itself when it should have. */
export function isSilent({ heardAt }: UiWorker, now: number): boolean {
  return now - heardAt > SILENT_MS;
}

/** What an app's ready workers can take together: `3 workers, 2 of them ready · 2 of 20 calls`. */
export function groupWords(rows: readonly WorkerRow[]): string {
  const ready = rows.map(({ worker }) => worker).filter(({ status }) => status === "ready");
  const count = countOf(rows.length, "worker");
  if (ready.length === 0) return `${count}, none is ready`;
  return `${count}${ready.length === rows.length ? "" : `, ${ready.length} of them ready`} · ${placesWords(ready)}`;
}

function placesWords(ready: readonly UiWorker[]): string {
  const capacity = ready.reduce((sum, each) => sum + (each.capacity ?? Number.POSITIVE_INFINITY), 0);
  const calls = callsOf(ready);
  return Number.isFinite(capacity)
    ? `${calls.toLocaleString("en-US")} of ${countOf(capacity, "call")}`
    : `${countOf(calls, "call")}, no limit`;
}

/** Facts about where it runs, such as `linux · 2 cores · 24 GB · fly`. */
export function machineWords({ os, cpuCores, memBytes, platform, address }: UiWorker): string {
  const cores = cpuCores === undefined || cpuCores === 0 ? undefined : countOf(cpuCores, "core");
  const memory = memBytes === undefined || memBytes === 0 ? undefined : formatBytes(memBytes);
  return [address, os, cores, memory, platform].filter((part) => part !== undefined && part !== "").join(" · ");
}
