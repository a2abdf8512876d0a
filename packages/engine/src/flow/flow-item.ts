/** Queue items that belong to a cell or a schedule and not to a run. */
import { type ItemRow, itemIdOf } from "../queue/item-row.ts";

/** The item of a debounce, a batch, a schedule or a bulk operation. */
export function flowItem(item: {
  readonly key: string;
  readonly kind: Extract<ItemRow["kind"], "debounce" | "batch" | "cron" | "bulk">;
  readonly functionId: string;
  readonly dueAt: number;
}): ItemRow {
  const { key, kind, functionId, dueAt } = item;
  return {
    id: itemIdOf.flow(key),
    runId: key,
    functionId,
    kind,
    dueAt,
    score: dueAt,
    lane: functionId,
    attempt: 0,
    attemptsMax: 1,
  };
}
