/**
 * Commits decisions, and tells who needs to know.
 *
 * I1  Whoever is told of a change is told after it is durable, in the order of the commits.
 * I2  Events that a decision made are handed to the runner at once, not after the commit: what the runner decides is guarded by the
 *     event's row, so it commits with it or not at all, in the same transaction.
 */
import type { ApplyResult, Change, ChangeSet, Decision, EventRow, ItemRow, RunRow, TraceEntry } from "@pawl/engine";
import type { Store } from "@pawl/store";

export type CommitListeners = {
  readonly itemOffered: (item: ItemRow) => void;
  readonly itemDeleted: (itemId: string) => void;
  readonly runWorkDeleted: (runId: string) => void;
  readonly eventStored: (event: EventRow) => void;
  /** A run was created or changed. */
  readonly runChanged: (run: RunRow) => void;
  /** The store failed: whether the change to the run took effect is not known. */
  readonly runUncertain: (runId: string) => void;
  readonly traced: (trace: readonly TraceEntry[]) => void;
};

export class Commits {
  readonly #store: Pick<Store, "apply">;
  readonly #listeners: CommitListeners;

  constructor(store: Pick<Store, "apply">, listeners: CommitListeners) {
    this.#store = store;
    this.#listeners = listeners;
  }

  /** Commits a decision. Rejects when the store fails. */
  async commit(decision: Decision): Promise<ApplyResult> {
    const pending = this.#store.apply(decision satisfies ChangeSet);
    for (const change of decision.changes)
      if (change.kind === "insert-event" && !change.event.isProcessed) this.#listeners.eventStored(change.event);
    try {
      const result = await pending;
      if (result.kind === "applied") this.#tell(decision);
      return result;
    } catch (error) {
      for (const runId of runsOf(decision.changes)) this.#listeners.runUncertain(runId);
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

/** Runs that changes create or change. */
function runsOf(changes: readonly Change[]): ReadonlySet<string> {
  return new Set(changes.flatMap((change) => (change.kind === "insert-run" || change.kind === "update-run" ? [change.run.id] : [])));
}
