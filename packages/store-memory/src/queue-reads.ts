/** Scans of queue items and candidates of pauses: filters and sorts that say what the indexes of other drivers must find. */
import type { ItemRow, PauseRow } from "@pawl/engine";
import type { ItemScan, PauseQuery } from "@pawl/store";
import { rowsOf, type Tables } from "./tables.ts";

/** Lanes with an item due at an instant or earlier, and how many. */
export function dueLanes(tables: Tables, dueBy: number): readonly { readonly lane: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const { dueAt, lane } of tables.items.values()) if (dueAt <= dueBy) counts.set(lane, (counts.get(lane) ?? 0) + 1);
  return Array.from(counts, ([lane, count]) => ({ lane, count }));
}

/** A page of items: of one lane by (score, id), of all by (dueAt, id). */
export function scanItems(tables: Tables, scan: ItemScan): readonly ItemRow[] {
  const { lane, dueBy = Infinity, dueAfter = -Infinity, after, limit } = scan;
  const order = lane === undefined ? byDueAt : byScore;
  return Array.from(tables.items.values())
    .filter((item) => lane === undefined || item.lane === lane)
    .filter((item) => item.dueAt <= dueBy && item.dueAt > dueAfter && (after === undefined || order(item, after) > 0))
    .sort(order)
    .slice(0, limit);
}

/** Pauses of kinds `event` and `cancel` of the event's name, without those whose indexed equality fails; oldest first. */
export function findPauses(tables: Tables, { eventName, valueAt }: PauseQuery): readonly PauseRow[] {
  return rowsOf(tables.pauses, tables.pausesOfEventName.get(eventName))
    .filter(({ kind }) => kind === "event" || kind === "cancel")
    .filter(({ matchPath, matchValue }) => matchPath === undefined || valueAt(matchPath) === matchValue)
    .sort((a, b) => a.createdAt - b.createdAt || compareText(a.id, b.id));
}

/** Order of ids in every driver: by code point, which for the ASCII of ids is JavaScript's own. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

type Position = Pick<ItemRow, "dueAt" | "score" | "id">;

function byDueAt(a: Position, b: Position): number {
  return a.dueAt - b.dueAt || compareText(a.id, b.id);
}

function byScore(a: Position, b: Position): number {
  return a.score - b.score || compareText(a.id, b.id);
}
