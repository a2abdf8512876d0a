/**
 * Due items by lane, and items in the order of time.
 *
 * I1  Every item due at `readyUntil` or earlier has `is_ready = 1`. The instant lives in memory and starts before all time; it only grows.
 * I2  The event loop waits for at most one batch of `READY_BATCH_MAX` marked items at a time.
 *
 * Why marks: a lane is read in the order of scores, and the score of a run that sleeps for a month is lower than that of the run that
 * starts now. An index of (lane, score) over all items would lead every scan through the sleepers; an index of (lane, due_at) would sort the
 * whole backlog for every page. So a scan first marks what became due since the last one, which costs one update per item in its life and
 * only for items that had to wait, and then reads the partial index of marked items.
 *
 * Indexes: `items_due_idx` to find what became due and for scans over all lanes; `items_ready_idx` for lanes (covering, for the counts).
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { ItemRow } from "@pawl/engine";
import type { ItemScan } from "@pawl/store";
import type { Connection, SqlValue } from "../connection.ts";
import { ITEM_COLUMNS, itemOf, type ItemRecord } from "./item-record.ts";

export interface LaneScan {
  /** See I1. */
  readyUntil(): number;
  dueLanes(dueBy: number): Promise<readonly { readonly lane: string; readonly count: number }[]>;
  scan(scan: ItemScan): Promise<readonly ItemRow[]>;
}

/** About 3 ms of work. */
const READY_BATCH_MAX = 500;

/** Before and after all instants and scores, and still exact numbers. */
const NEVER = Number.MIN_SAFE_INTEGER;
const FOREVER = Number.MAX_SAFE_INTEGER;

/** Prepares the statements. */
export function openLaneScan(connection: Connection): LaneScan {
  let readyUntil = NEVER;
  const markNext = markNextOf(connection);
  const markReady = async (dueBy: number): Promise<void> => {
    while (readyUntil < dueBy) {
      readyUntil = markNext(readyUntil, dueBy);
      if (readyUntil < dueBy) await nextTurn();
    }
  };
  const dueLanes = connection.prepare<{ lane: string; count: number }>(
    "select lane, count(*) as count from items where is_ready = 1 and due_at <= ? group by lane",
  );
  const reads = scanReads(connection);
  return {
    readyUntil: () => readyUntil,
    dueLanes: async (dueBy) => {
      await markReady(dueBy);
      return dueLanes.all(dueBy).map(({ lane, count }) => ({ lane, count }));
    },
    scan: async (scan) => {
      if (scan.lane !== undefined && scan.dueBy !== undefined) await markReady(scan.dueBy);
      return reads(scan).map(itemOf);
    },
  };
}

/** Marks the next batch of items due after one instant and up to another; returns the instant up to which all are marked now. */
function markNextOf(connection: Connection): (after: number, dueBy: number) => number {
  const lastOfBatch = connection.prepare<{ due_at: number }>(
    `select due_at from items where due_at > ? and due_at <= ? order by due_at limit 1 offset ${READY_BATCH_MAX - 1}`,
  );
  const mark = connection.prepare("update items set is_ready = 1 where due_at > ? and due_at <= ? and is_ready = 0");
  return (after, dueBy) => {
    const until = lastOfBatch.get(after, dueBy)?.due_at ?? dueBy;
    mark.run(after, until);
    return until;
  };
}

function scanReads(connection: Connection): (scan: ItemScan) => ItemRecord[] {
  const inLane = connection.prepare<ItemRecord>(
    `select ${ITEM_COLUMNS} from items indexed by items_ready_idx
     where is_ready = 1 and lane = ? and (score, id) > (?, ?) and due_at <= ? and due_at > ? order by score, id limit ?`,
  );
  // No index: only for people who look into a lane with what is not due yet.
  const wholeLane = connection.prepare<ItemRecord>(
    `select ${ITEM_COLUMNS} from items where lane = ? and (score, id) > (?, ?) and due_at <= ? and due_at > ? order by score, id limit ?`,
  );
  const byTime = connection.prepare<ItemRecord>(
    `select ${ITEM_COLUMNS} from items indexed by items_due_idx
     where (due_at, id) > (?, ?) and due_at > ? and due_at <= ? order by due_at, id limit ?`,
  );
  return ({ lane, dueBy, dueAfter = NEVER, after, limit }) => {
    if (lane === undefined) return byTime.all(after?.dueAt ?? NEVER, after?.id ?? "", dueAfter, dueBy ?? FOREVER, limit);
    const values: SqlValue[] = [lane, after?.score ?? -Infinity, after?.id ?? "", dueBy ?? FOREVER, dueAfter, limit];
    return dueBy === undefined ? wholeLane.all(...values) : inLane.all(...values);
  };
}
