/** Reads of cells, batches and the event log by name: searches through all rows. */
import type { CellKind, CellRow, EventRow } from "@pawl/engine";
import type { EventSearch } from "@pawl/store";
import { eventOf } from "./memory-history.ts";
import { compareText } from "./queue-reads.ts";
import { rowsOf, type Tables } from "./tables.ts";

export function cellsOfKind(
  tables: Tables,
  { kind, after, limit }: { readonly kind: CellKind; readonly after: string; readonly limit: number },
): readonly CellRow[] {
  return [...tables.cells.values()]
    .filter((cell) => cell.kind === kind && cell.key > after)
    .sort((a, b) => compareText(a.key, b.key))
    .slice(0, limit);
}

export function batchEvents(tables: Tables, batchId: string): readonly EventRow[] {
  const places = rowsOf(tables.batchEvents, tables.eventsOfBatch.get(batchId)).sort((a, b) => a.position - b.position);
  return places.map(({ eventId }) => eventOf(tables, eventId)).filter((event) => event !== undefined);
}

export function eventsOfName(tables: Tables, { name, receivedFrom, receivedUntil, after, limit }: EventSearch): readonly EventRow[] {
  const last = after === undefined ? undefined : tables.events.get(after);
  if (after !== undefined && last === undefined) return [];
  return [...tables.events.values()]
    .filter((event) => event.name === name && event.receivedAt >= receivedFrom && event.receivedAt <= receivedUntil)
    .filter((event) => last === undefined || byReceipt(event, last) > 0)
    .sort(byReceipt)
    .slice(0, limit)
    .map(({ id }) => eventOf(tables, id))
    .filter((event) => event !== undefined);
}

function byReceipt(a: EventRow, b: EventRow): number {
  return a.receivedAt - b.receivedAt || compareText(a.id, b.id);
}
