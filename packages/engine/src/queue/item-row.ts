/**
 * One scheduled unit of server work.
 *
 * I1  The id is deterministic in (run, what it does), so that doing it twice inserts it once.
 * I2  An item exists until the decision about its outcome commits; a crash before that repeats it.
 * I3  Only the holder of the newest lease (`generation`) can decide about it.
 *
 * Leases are not columns here: a store that only one process can open keeps them in memory, because they end with that process;
 * PostgreSQL keeps them in the row (packages/store/DESIGN.md).
 *
 * Spec: semantics 9.
 */
export type ItemKind =
  /** First call of a run. */
  | "start"
  /** Call that asks what is next. */
  | "discovery"
  /** Call for one planned step. */
  | "planned-step"
  /** End of a sleep. */
  | "sleep"
  /** Time-out of a wait, an invoke or a signal. */
  | "pause-timeout"
  /** Time-out of a whole run (`timeouts.start`, `timeouts.finish`). */
  | "run-timeout";

export type ItemRow = {
  readonly id: string;
  readonly runId: string;
  readonly functionId: string;
  readonly kind: ItemKind;
  /** Hash of the step it is about; absent for start, discovery and run-timeout. */
  readonly stepId?: string;
  /** Milliseconds since the epoch. */
  readonly dueAt: number;
  /** Order among due items of a lane; smaller first. */
  readonly score: number;
  readonly lane: string;
  /** Zero-based. */
  readonly attempt: number;
  /** Attempts in all, at least 1. */
  readonly attemptsMax: number;
};

/** Whether an item calls the app, and so needs a worker and concurrency slots. The others only take a decision. */
export function callsApp(item: Pick<ItemRow, "kind">): boolean {
  return item.kind === "start" || item.kind === "discovery" || item.kind === "planned-step";
}

/** Ids of items. A discovery is named by the version that its run gets with it, which one decision only can bring about. */
export const itemIdOf: {
  readonly start: (runId: string) => string;
  readonly discovery: (runId: string, version: number) => string;
  readonly step: (runId: string, stepId: string) => string;
  readonly timeout: (runId: string, which: "start" | "finish") => string;
} = {
  start: (runId) => `${runId}/start`,
  discovery: (runId, version) => `${runId}/next/${version}`,
  step: (runId, stepId) => `${runId}/step/${stepId}`,
  timeout: (runId, which) => `${runId}/timeout/${which}`,
};
