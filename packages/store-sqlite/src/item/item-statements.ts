/**
 * Queue items, as decisions write them and claims look for them. Scans of lanes: lane-scan.ts.
 *
 * Index: `items` by id (its primary key); the items of a run are the ids from `<run>/` up to `<run>0`, because `0` follows `/`.
 * Plan: an insert writes the row and an entry of `items_due_idx`; it writes no entry of `items_ready_idx` unless lanes were scanned for a
 * later instant than the item's (lane-scan.ts, I1).
 */
import type { ItemRow } from "@pawl/engine";
import { assertIdOfRun } from "@pawl/store";
import type { Connection } from "../connection.ts";
import { flag } from "../sql-values.ts";
import { ITEM_COLUMNS, itemOf, type ItemRecord } from "./item-record.ts";

export interface ItemStatements {
  /** `readyUntil`: items due at it or earlier are marked as ready. */
  insert(item: ItemRow, readyUntil: number): void;
  reschedule(item: ItemRow, readyUntil: number): void;
  amend(item: ItemRow): void;
  delete(itemId: string): void;
  exists(itemId: string): boolean;
  /** Deletes a run's items and returns their ids. */
  deleteOfRun(runId: string): readonly string[];
  ofRun(runId: string): readonly ItemRow[];
}

/** Prepares the statements. */
export function itemStatements(connection: Connection): ItemStatements {
  const insert = connection.prepare(
    `insert into items (${ITEM_COLUMNS}, is_ready) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing`,
  );
  const reschedule = connection.prepare("update items set due_at = ?, attempt = ?, attempts_max = ?, lane = ?, is_ready = ? where id = ?");
  const amend = connection.prepare("update items set attempt = ?, lane = ? where id = ?");
  const remove = connection.prepare("delete from items where id = ?");
  const exists = connection.prepare("select 1 from items where id = ?");
  const removeOfRun = connection.prepare<{ id: string }>("delete from items where id > ? and id < ? and run_id = ? returning id");
  const ofRun = connection.prepare<ItemRecord>(
    `select ${ITEM_COLUMNS} from items where id > ? and id < ? and run_id = ? order by due_at, id`,
  );
  return {
    insert: (item, readyUntil) => {
      assertIdOfRun(item);
      const { id, runId, functionId, kind, stepId, dueAt, score, lane, attempt, attemptsMax } = item;
      insert.run(id, runId, functionId, kind, stepId ?? null, dueAt, score, lane, attempt, attemptsMax, flag(dueAt <= readyUntil));
    },
    reschedule: ({ id, dueAt, attempt, attemptsMax, lane }, readyUntil) =>
      void reschedule.run(dueAt, attempt, attemptsMax, lane, flag(dueAt <= readyUntil), id),
    amend: ({ id, attempt, lane }) => void amend.run(attempt, lane, id),
    delete: (itemId) => void remove.run(itemId),
    exists: (itemId) => exists.get(itemId) !== undefined,
    deleteOfRun: (runId) => removeOfRun.all(`${runId}/`, `${runId}0`, runId).map((record) => record.id),
    ofRun: (runId) => ofRun.all(`${runId}/`, `${runId}0`, runId).map(itemOf),
  };
}
