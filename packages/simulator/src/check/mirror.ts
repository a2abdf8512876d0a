/**
 * What is committed, followed from the changes alone: a second, naive opinion beside the store's.
 *
 * I1  It never looks into the store.
 */
import type {
  AttemptRow,
  CellRow,
  Change,
  DeferRow,
  EventOutcome,
  MetadataRow,
  EventRow,
  FunctionRow,
  ItemRow,
  PauseRow,
  RunRow,
  StepRow,
} from "@pawl/engine";
import { type EventFacts, factsOf } from "./event-facts.ts";

/** `storedAt`: when the row was committed. */
export type MirroredEvent = {
  readonly row: EventRow;
  readonly data: EventFacts;
  readonly storedAt: number;
  isProcessed: boolean;
  /** When it was committed that it is processed; Infinity until then. */
  processedAt: number;
  /** Sent again, because its sender did not know that it is stored; what was sent then may have had another time. */
  isResent: boolean;
};
export type Span = { readonly from: number; until: number };
export type MirroredPause = { readonly row: PauseRow; readonly storedAt: number };

export class Mirror {
  readonly events: Map<string, MirroredEvent> = new Map();
  readonly outcomes: EventOutcome[] = [];
  readonly runs: Map<string, RunRow> = new Map();
  /** Steps that a run began with, because it goes on from a step of another: `<run>/<step>`. */
  readonly copiedSteps: Set<string> = new Set();
  readonly attempts: AttemptRow[] = [];
  /** Every pause that ever was. */
  readonly pausesEver: Map<string, MirroredPause> = new Map();
  readonly functions: Map<string, FunctionRow> = new Map();
  readonly cells: Map<string, CellRow> = new Map();
  /** Times in which functions were away from their app, by function. */
  readonly away: Map<string, Span[]> = new Map();
  /** Events of open batches, in order, by batch. */
  readonly batches: Map<string, string[]> = new Map();
  readonly #steps = new Map<string, Map<string, StepRow>>();
  readonly #defers = new Map<string, Map<string, DeferRow>>();
  readonly #metadata = new Map<string, Map<string, MetadataRow>>();
  readonly #items = new Map<string, Map<string, ItemRow>>();
  readonly #pauses = new Map<string, Map<string, PauseRow>>();

  stepsOf(runId: string): ReadonlyMap<string, StepRow> {
    return this.#steps.get(runId) ?? new Map();
  }

  itemsOf(runId: string): ReadonlyMap<string, ItemRow> {
    return this.#items.get(runId) ?? new Map();
  }

  pausesOf(runId: string): ReadonlyMap<string, PauseRow> {
    return this.#pauses.get(runId) ?? new Map();
  }

  defersOf(runId: string): ReadonlyMap<string, DeferRow> {
    return this.#defers.get(runId) ?? new Map();
  }

  metadataOf(runId: string): readonly MetadataRow[] {
    return [...(this.#metadata.get(runId)?.values() ?? [])];
  }

  /** Every item: of runs, debounces, batches, schedules and bulk operations. */
  *items(): Generator<ItemRow> {
    for (const items of this.#items.values()) yield* items.values();
  }

  item(itemId: string): ItemRow | undefined {
    return this.itemsOf(runOf(itemId)).get(itemId);
  }

  pause(pauseId: string): PauseRow | undefined {
    return this.pausesOf(runOf(pauseId)).get(pauseId);
  }

  follow(changes: readonly Change[], at: number): void {
    for (const change of changes)
      if (change.kind === "put-step" && change.step.endedAt !== undefined && !this.runs.has(change.step.runId))
        this.copiedSteps.add(`${change.step.runId}/${change.step.id}`);
    for (const change of changes) this.#follow(change, at);
  }

  #follow(change: Change, at: number): void {
    switch (change.kind) {
      case "insert-event":
        return this.#insertEvent(change.event, at);
      case "mark-event-processed": {
        const event = this.events.get(change.eventId);
        if (event === undefined || event.isProcessed) return;
        event.isProcessed = true;
        event.processedAt = at;
        return;
      }
      case "insert-event-outcome":
        this.outcomes.push(change.outcome);
        return;
      case "insert-run":
        if (!this.runs.has(change.run.id)) this.runs.set(change.run.id, change.run);
        return;
      case "update-run":
        if (this.runs.has(change.run.id)) this.runs.set(change.run.id, change.run);
        return;
      case "insert-attempt":
        this.attempts.push(change.attempt);
        return;
      default:
        return this.#followWork(change, at);
    }
  }

  #insertEvent(row: EventRow, at: number): void {
    const known = this.events.get(row.id);
    if (known !== undefined) known.isResent = true;
    else
      this.events.set(row.id, {
        row,
        data: factsOf(row),
        storedAt: at,
        isProcessed: row.isProcessed,
        processedAt: row.isProcessed ? at : Infinity,
        isResent: false,
      });
  }

  #followWork(change: Change, at: number): void {
    switch (change.kind) {
      case "put-step":
        mapOf(this.#steps, change.step.runId).set(change.step.id, change.step);
        return;
      case "delete-step":
        mapOf(this.#steps, change.runId).delete(change.stepId);
        return;
      case "insert-item":
        if (this.item(change.item.id) === undefined) mapOf(this.#items, change.item.runId).set(change.item.id, change.item);
        return;
      case "amend-item":
      case "reschedule-item": {
        const { id, attempt, lane } = change.item;
        const old = this.item(id);
        const dueAt = change.kind === "amend-item" ? old?.dueAt : change.item.dueAt;
        if (old !== undefined && dueAt !== undefined) mapOf(this.#items, old.runId).set(id, { ...old, dueAt, attempt, lane });
        return;
      }
      case "delete-item":
        mapOf(this.#items, runOf(change.itemId)).delete(change.itemId);
        return;
      case "insert-pause":
        if (this.pause(change.pause.id) !== undefined) return;
        mapOf(this.#pauses, change.pause.runId).set(change.pause.id, change.pause);
        this.pausesEver.set(change.pause.id, { row: change.pause, storedAt: at });
        return;
      case "delete-pause":
        mapOf(this.#pauses, runOf(change.pauseId)).delete(change.pauseId);
        return;
      case "delete-run-work":
        this.#items.delete(change.runId);
        if (change.hasPauses) this.#pauses.delete(change.runId);
        return;
      default:
        return this.#followFlow(change, at);
    }
  }

  #followFunction(row: FunctionRow, at: number): void {
    this.functions.set(row.id, row);
    const spans = this.away.get(row.id) ?? [];
    const open = spans.find(({ until }) => until === Infinity);
    if (row.archivedAt === undefined && open !== undefined) open.until = at;
    if (row.archivedAt !== undefined && open === undefined) this.away.set(row.id, [...spans, { from: at, until: Infinity }]);
  }

  #followFlow(change: Change, at: number): void {
    switch (change.kind) {
      case "put-cell":
        this.cells.set(change.cell.key, change.cell);
        return;
      case "delete-cell":
        this.cells.delete(change.key);
        return;
      case "insert-batch-event": {
        const { batchId, eventId } = change.batchEvent;
        const events = this.batches.get(batchId) ?? [];
        if (!events.includes(eventId)) this.batches.set(batchId, [...events, eventId]);
        return;
      }
      case "delete-batch":
        this.batches.delete(change.batchId);
        return;
      case "put-defer":
        mapOf(this.#defers, change.defer.runId).set(change.defer.id, change.defer);
        return;
      case "put-metadata": {
        const { runId, stepId, kind, name } = change.metadata;
        mapOf(this.#metadata, runId).set(`${stepId} ${kind} ${name}`, change.metadata);
        return;
      }
      case "put-function":
        return this.#followFunction(change.function, at);
      default:
    }
  }
}

/** Ids of items and pauses begin with their run's. */
function runOf(id: string): string {
  const end = id.indexOf("/");
  return end < 0 ? id : id.slice(0, end);
}

function mapOf<T>(maps: Map<string, Map<string, T>>, key: string): Map<string, T> {
  const known = maps.get(key);
  if (known !== undefined) return known;
  const made = new Map<string, T>();
  maps.set(key, made);
  return made;
}
