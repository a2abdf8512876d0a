/**
 * Bulk operations: what is asked for, which runs that means, and how far one is.
 *
 * B1  A cancellation is for runs that live, a replay for those that have ended.
 *
 * Spec: dashboard 0.2 (9).
 */
import { isTerminalStatus, RUN_STATUSES } from "@pawl/protocol";
import type { RunStatus, UiBulk, UiRunList } from "@pawl/protocol";
import { pathOf } from "../api/client.ts";
import type { BulkRequest } from "../api/client.ts";
import { TIME_RANGES } from "../runs/model.ts";
import type { RunFilters } from "../runs/model.ts";
import type { GlyphName } from "../status/words.ts";
import { countOf } from "../time/format.ts";

export type BulkKind = UiBulk["kind"];

/** What the fields of the dialog hold. `since`: a code of `TIME_RANGES`, or empty for any time. */
export type BulkDraft = {
  readonly kind: BulkKind;
  readonly functionSlug: string;
  readonly statuses: readonly RunStatus[];
  readonly since: string;
  readonly condition: string;
  readonly perSecond: string;
};

/** Bounds of the server. */
export const PER_SECOND_MAX = 100;
const PER_SECOND_DEFAULT = "10";

/** Runs that are counted before an operation is made; the list's longest page. */
const PREVIEW_MAX = 200;

/** The statuses that make sense for a kind (B1). */
export function statusesFor(kind: BulkKind): readonly RunStatus[] {
  return RUN_STATUSES.filter((status) => isTerminalStatus(status) === (kind === "replay"));
}

/** The dialog's fields to begin with, from the filters of the list. */
export function draftOf(kind: BulkKind, { filters, since }: { readonly filters: RunFilters; readonly since: string | null }): BulkDraft {
  const wanted = statusesFor(kind).filter((status) => filters.statuses.includes(status));
  return {
    kind,
    functionSlug: filters.functionSlug ?? "",
    statuses: wanted.length > 0 ? wanted : kind === "cancel" ? statusesFor(kind) : ["FAILED"],
    since: since ?? "",
    condition: "",
    perSecond: PER_SECOND_DEFAULT,
  };
}

/** What is missing or wrong; undefined for a draft that can be sent. */
export function draftProblem({ kind, functionSlug, statuses, perSecond }: BulkDraft): string | undefined {
  if (functionSlug === "") return "Choose a function.";
  if (statuses.length === 0) return "Choose at least one status.";
  const rate = Number(perSecond);
  const isRate = perSecond.trim() !== "" && Number.isInteger(rate) && rate >= 1 && rate <= PER_SECOND_MAX;
  return kind === "replay" && !isRate ? `New runs each second: a whole number from 1 to ${PER_SECOND_MAX}.` : undefined;
}

/** The operation to make, as of `now`. The draft must have no problem. */
export function requestOf(draft: BulkDraft, now: number): BulkRequest {
  const condition = draft.condition.trim();
  const from = fromOf(draft, now);
  return {
    kind: draft.kind,
    functionSlug: draft.functionSlug,
    statuses: draft.statuses,
    ...(from === undefined ? {} : { from }),
    ...(condition === "" ? {} : { if: condition }),
    ...(draft.kind === "replay" ? { perSecond: Number(draft.perSecond) } : {}),
  };
}

/** Path of the runs that the operation means, as of `now`; undefined where the draft doesn't say yet. */
export function previewPath(draft: BulkDraft, now: number): string | undefined {
  if (draft.functionSlug === "" || draft.statuses.length === 0) return undefined;
  return pathOf("/runs", {
    function: draft.functionSlug,
    status: draft.statuses.join(","),
    from: fromOf(draft, now),
    if: draft.condition.trim(),
    limit: PREVIEW_MAX,
  });
}

/** How many runs match. */
export function previewWords({ items, next }: UiRunList): string {
  if (next !== undefined) return `At least ${countOf(items.length, "run")} match now.`;
  if (items.length === 0) return "No run matches now.";
  return items.length === 1 ? "1 run matches now." : `${countOf(items.length, "run")} match now.`;
}

/** How it can be undone, before it is made. */
export function undoWords(kind: BulkKind): string {
  const kept = kind === "cancel" ? "runs that are cancelled by then stay cancelled" : "runs that are made by then stay";
  return `It begins after ten seconds. Until then it can be undone without a trace; later it can be stopped, and ${kept}.`;
}

/** Words and glyph of an operation's status. */
export const BULK_STATUSES: {
  readonly [status in UiBulk["status"]]: { readonly word: string; readonly glyph: Exclude<GlyphName, "held" | "paused" | "timed_out"> };
} = {
  scheduled: { word: "Scheduled", glyph: "queued" },
  running: { word: "Running", glyph: "running" },
  ended: { word: "Done", glyph: "completed" },
  stopped: { word: "Stopped", glyph: "cancelled" },
};

/** True while it can be undone or stopped. */
export function isLive({ status }: UiBulk): boolean {
  return status === "scheduled" || status === "running";
}

/** `12 of 40 runs looked at are cancelled`. */
export function progressWords({ kind, seen, done, status }: UiBulk): string {
  if (status === "scheduled") return "";
  return `${countOf(seen, "run")} looked at, ${done.toLocaleString("en-US")} ${kind === "cancel" ? "cancelled" : "run again"}`;
}

/** The answer to “what is being done to my runs?”. */
export function bulksSentence(bulks: readonly UiBulk[]): string {
  const live = bulks.filter(isLive).length;
  if (bulks.length === 0) return "No bulk operations.";
  if (live === 0) return `${countOf(bulks.length, "bulk operation")}, none under way.`;
  return `${live === 1 ? "1 bulk operation is" : `${live} bulk operations are`} under way.`;
}

function fromOf({ since }: BulkDraft, now: number): number | undefined {
  const range = TIME_RANGES.find(({ code }) => code === since);
  return range === undefined ? undefined : Math.floor(now - range.ms);
}
