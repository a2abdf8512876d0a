/**
 * Reads for people: lists, pages and details. Bulk operations and repeated runs find what they are about here too; of what keeps runs going,
 * only single events are read here, by id (the one that a debounce holds, one whose commit is in doubt).
 *
 * I1  Lists are newest first unless asked otherwise, and paged by keyset: a page never repeats or skips a row that existed all along.
 */
import type { AttemptRow, DeferRow, EventOutcome, EventRow, MetadataRow, RunRow, SpanBatchRow, StepRow, SyncRow } from "@pawl/engine";
import type { RunStatus } from "@pawl/protocol";

export type RunTimeField = "queuedAt" | "startedAt" | "endedAt";

export type RunFilter = {
  readonly statuses?: readonly RunStatus[];
  readonly functionIds?: readonly string[];
  readonly appIds?: readonly string[];
  readonly eventName?: string;
  /** Inclusive, on `timeField`. */
  readonly from?: number;
  /** Exclusive, on `timeField`. */
  readonly until?: number;
  /** Whether the app was called for it. */
  readonly hasStarted?: boolean;
  /** Whether it is queued or running. */
  readonly live?: boolean;
  /** Whether it was started by `DEFERRED_SCHEDULE`: something that another run has deferred. */
  readonly isDeferred?: boolean;
  /** Created by this bulk operation. */
  readonly bulkId?: string;
  /** Start of a run id, any case. */
  readonly idPrefix?: string;
};

export type RunQuery = {
  readonly filter: RunFilter;
  readonly timeField: RunTimeField;
  readonly order: "asc" | "desc";
  /** The last row of the page before: its instant and id. */
  readonly after?: { readonly at: number; readonly id: string };
  readonly limit: number;
};

export type EventQuery = {
  readonly names?: readonly string[];
  /** Whether the server's own events are listed. */
  readonly includeInternal: boolean;
  readonly receivedFrom?: number;
  readonly receivedUntil?: number;
  /** Internal id of the last event of the page before. */
  readonly after?: string;
  readonly limit: number;
};

/** Which events are counted: those that a list without end would have. */
export type EventCount = Omit<EventQuery, "after" | "limit"> & { readonly max: number };

export type RunDetail = {
  readonly run: RunRow;
  /** In order of appearance: by `queuedAt`, then insertion. */
  readonly steps: readonly StepRow[];
  /** Oldest first. */
  readonly attempts: readonly AttemptRow[];
  readonly events: readonly EventRow[];
  /** In the order of their creation, then their ids. */
  readonly defers: readonly DeferRow[];
  /** In the order of step, kind and name. */
  readonly metadata: readonly MetadataRow[];
};

export interface HistoryStore {
  listRuns(query: RunQuery): Promise<readonly RunRow[]>;
  /** Exact number of runs that match; bounded by `max` (then `max` is returned). */
  countRuns(query: { readonly filter: RunFilter; readonly timeField: RunTimeField; readonly max: number }): Promise<number>;
  runDetail(runId: string): Promise<RunDetail | undefined>;
  runsByIds(runIds: readonly string[]): Promise<readonly RunRow[]>;
  listEvents(query: EventQuery): Promise<readonly EventRow[]>;
  /** Exact number of events that match; bounded by `max` (then `max` is returned). No event's body is read. */
  countEvents(query: EventCount): Promise<number>;
  eventById(eventId: string): Promise<EventRow | undefined>;
  /** Those that are stored, in the order of the ids. */
  eventsByIds(eventIds: readonly string[]): Promise<readonly EventRow[]>;
  /** Ordered as in `RunDetail`; none where there is no such run. */
  defersOfRun(runId: string): Promise<readonly DeferRow[]>;
  metadataOfRun(runId: string): Promise<readonly MetadataRow[]>;
  /** In the order of their receipt, then their ids. */
  spansOfRun(runId: string): Promise<readonly SpanBatchRow[]>;
  /** Runs that have one of the events among theirs, oldest first. */
  runsOfEvents(eventIds: readonly string[]): Promise<readonly RunRow[]>;
  /** The newest `SYNCS_KEPT_MAX`, in the reverse order of their insertion. */
  syncsOfApp(appId: string): Promise<readonly SyncRow[]>;
  outcomesOfEvents(eventIds: readonly string[]): Promise<readonly EventOutcome[]>;
}
