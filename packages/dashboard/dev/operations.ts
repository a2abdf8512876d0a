/** The mock server's pauses and bulk operations: kept in memory; progress follows the clock, runs are not touched. */
import type { UiBulk, UiFunction, UiPauseMode } from "@pawl/protocol";

/** Time for undoing. */
const UNDO_MS = 10_000;
const SEEN_PER_SECOND = 25;
const SEEN_MAX = 240;

const paused = new Map<string, NonNullable<UiFunction["paused"]>>();
const bulks: UiBulk[] = [];

/** A function with its pause, if it has one. */
export function withPause(fn: UiFunction): UiFunction {
  const pause = paused.get(fn.slug);
  return pause === undefined ? fn : { ...fn, paused: pause };
}

/** Pauses a function, or resumes it. */
export function setPause(slug: string, mode: UiPauseMode | undefined): void {
  if (mode === undefined) paused.delete(slug);
  else paused.set(slug, { mode, since: Date.now() });
}

/** Makes an operation that begins in ten seconds. */
export function makeBulk(request: Partial<UiBulk>): UiBulk {
  const now = Date.now();
  const made: UiBulk = {
    ...request,
    id: `bulk-${bulks.length + 1}`,
    kind: request.kind ?? "cancel",
    functionSlug: request.functionSlug ?? "",
    until: now,
    statuses: request.statuses ?? [],
    perSecond: request.perSecond ?? 10,
    createdAt: now,
    beginsAt: now + UNDO_MS,
    status: "scheduled",
    seen: 0,
    done: 0,
  };
  bulks.unshift(made);
  return made;
}

/** The operations as they are now, newest first. */
export function bulksAt(now: number): readonly UiBulk[] {
  return bulks.map((bulk) => bulkAt(bulk, now));
}

/** Undoes or stops one; undefined where there is none that could be. */
export function stopBulk(id: string | undefined): "undone" | "stopped" | undefined {
  const at = bulks.findIndex((bulk) => bulk.id === id);
  const now = Date.now();
  const current = bulks[at] === undefined ? undefined : bulkAt(bulks[at], now);
  if (current === undefined || current.status === "ended" || current.status === "stopped") return undefined;
  if (current.status === "scheduled") {
    bulks.splice(at, 1);
    return "undone";
  }
  bulks[at] = { ...current, status: "stopped", endedAt: now };
  return "stopped";
}

function bulkAt(bulk: UiBulk, now: number): UiBulk {
  if (bulk.status !== "scheduled" || now < bulk.beginsAt) return bulk;
  const seen = Math.min(SEEN_MAX, Math.floor(((now - bulk.beginsAt) / 1_000) * SEEN_PER_SECOND));
  const progress = { ...bulk, seen, done: Math.floor(seen / 3) };
  return seen < SEEN_MAX ? { ...progress, status: "running" } : { ...progress, status: "ended", endedAt: now };
}
