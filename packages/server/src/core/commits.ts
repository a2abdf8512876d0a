/**
 * Commits decisions, and tells who needs to know.
 *
 * I1  Whoever is told of a change is told after it is durable, in the order of the commits.
 * I2  Events that a decision made are handed to the runner at once, not after the commit: what the runner decides is guarded by the
 *     event's row, so it commits with it or not at all, in the same transaction.
 */
import type { ApplyResult, Change, ChangeSet, Decision, EventRow, ItemRow, RunRow, TraceEntry } from "@pawl/engine";
import type { Store } from "@pawl/store";
import type { Cells } from "./cells.ts";

export type CommitListeners = {
  readonly itemOffered: (item: ItemRow) => void;
  readonly itemAmended: (item: ItemRow) => void;
  readonly itemDeleted: (itemId: string) => void;
  readonly runWorkDeleted: (runId: string) => void;
  /** `storing`: the commit that it is in. */
  readonly eventStored: (event: EventRow, storing: Promise<ApplyResult>) => void;
  /** A run was created or changed. */
  readonly runChanged: (run: RunRow) => void;
  /** The store failed: whether the changes to a run, or to the item of a debounce or the like, took effect is not known. */
  readonly uncertain: (ownerId: string) => void;
  readonly traced: (trace: readonly TraceEntry[]) => void;
};

export class Commits {
  readonly #store: Pick<Store, "apply">;
  readonly #cells: Pick<Cells, "follow" | "forget">;
  readonly #listeners: CommitListeners;

  constructor(store: Pick<Store, "apply">, cells: Pick<Cells, "follow" | "forget">, listeners: CommitListeners) {
    this.#store = store;
    this.#cells = cells;
    this.#listeners = listeners;
  }

  /** Commits a decision. Rejects when the store fails. */
  async commit(decision: Decision): Promise<ApplyResult> {
    const pending = this.#store.apply(decision satisfies ChangeSet);
    this.#cells.follow(decision.changes);
    for (const change of decision.changes)
      if (change.kind === "insert-event" && !change.event.isProcessed) this.#listeners.eventStored(change.event, pending);
    try {
      const result = await pending;
      if (result.kind === "applied") this.#tell(decision);
      else this.#cells.forget(decision.changes, result.guard.kind === "cell-version" ? result.guard.key : undefined);
      return result;
    } catch (error) {
      this.#cells.forget(decision.changes);
      for (const ownerId of ownersOf(decision.changes)) this.#listeners.uncertain(ownerId);
      throw error;
    }
  }

  #tell({ changes, trace }: Decision): void {
    for (const change of changes) this.#tellOf(change);
    if (trace.length > 0) this.#listeners.traced(trace);
  }

  #tellOf(change: Change): void {
    switch (change.kind) {
      case "insert-item":
      case "reschedule-item":
        return this.#listeners.itemOffered(change.item);
      case "amend-item":
        return this.#listeners.itemAmended(change.item);
      case "delete-item":
        return this.#listeners.itemDeleted(change.itemId);
      case "delete-run-work":
        return this.#listeners.runWorkDeleted(change.runId);
      case "insert-run":
      case "update-run":
        return this.#listeners.runChanged(change.run);
      default:
    }
  }
}

/** Whose items changes may touch: runs, and what items belong to besides. */
function ownersOf(changes: readonly Change[]): ReadonlySet<string> {
  const owners = new Set<string>();
  for (const change of changes) {
    if (change.kind === "insert-run" || change.kind === "update-run") owners.add(change.run.id);
    else if (change.kind === "insert-item" || change.kind === "reschedule-item") owners.add(change.item.runId);
  }
  return owners;
}
