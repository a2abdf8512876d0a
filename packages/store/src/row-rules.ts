/**
 * Rules about ids that drivers rely on, checked before a row is written.
 *
 * I1  The id of an item or a pause starts with `<runId>/`, so that those of a run are one range of the primary key and need no other index.
 */
import type { ItemRow, PauseRow } from "@pawl/engine";
import { StoreError } from "./store-error.ts";

/** Throws `STORE_ROW_INVALID` where an item or a pause breaks I1. */
export function assertIdOfRun(row: Pick<ItemRow | PauseRow, "id" | "runId">): void {
  const { id, runId } = row;
  if (id.length > runId.length && id.startsWith(runId) && id.charCodeAt(runId.length) === SLASH) return;
  throw new StoreError(
    "STORE_ROW_INVALID",
    `The id of an item or a pause starts with its run's id and a slash; got id ${JSON.stringify(id)} for run ${JSON.stringify(runId)}. ` +
      "Make ids with itemIdOf.",
  );
}

const SLASH = "/".charCodeAt(0);
