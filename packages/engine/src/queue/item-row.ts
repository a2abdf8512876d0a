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
  /** Time-out of a whole run (`timeouts.start`, `timeouts.finish`), or of the app's own request to a durable endpoint. */
  | "run-timeout"
  /** Looks for events that came before a wait began. */
  | "look-back"
  /** HTTP request that the server makes for a step (`step.fetch`, `step.ai`). */
  | "gateway"
  /** End of a debounce. Belongs to a cell, not to a run: `runId` is the cell's key. */
  | "debounce"
  /** End of a batch: full, or its time is up. `runId` is the batch's id. */
  | "batch"
  /** Tick of a schedule. `runId` is the schedule's key. */
  | "cron"
  /** Next page of a bulk operation. `runId` is the key of the operation's cell. */
  | "bulk";

/** Kinds of items that belong to no run. */
const FLOW_KINDS: ReadonlySet<ItemKind> = new Set(["debounce", "batch", "cron", "bulk"]);

/** Whether an item is about one run. */
export function isOfRun({ kind }: Pick<ItemRow, "kind">): boolean {
  return !FLOW_KINDS.has(kind);
}

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

/** Whether an item calls the app, or another server in its place, and so needs a worker and concurrency slots. The others only take a decision. */
export function callsApp(item: Pick<ItemRow, "kind">): boolean {
  return item.kind === "start" || item.kind === "discovery" || item.kind === "planned-step" || item.kind === "gateway";
}

/** Ids of items. A discovery is named by the version that its run gets with it, which one decision only can bring about. */
export const itemIdOf: {
  readonly start: (runId: string) => string;
  readonly discovery: (runId: string, version: number) => string;
  readonly step: (runId: string, stepId: string) => string;
  readonly timeout: (runId: string, which: "start" | "finish" | "sync") => string;
  /** `stepsDone`: the finished steps of the run when the wait began. It orders the wait among them. */
  readonly lookBack: (runId: string, wait: { readonly stepId: string; readonly stepsDone: number }) => string;
  /** The one item of a debounce, a batch, a schedule or a bulk operation. */
  readonly flow: (key: string) => string;
} = {
  start: (runId) => `${runId}/start`,
  discovery: (runId, version) => `${runId}/next/${version}`,
  step: (runId, stepId) => `${runId}/step/${stepId}`,
  timeout: (runId, which) => `${runId}/timeout/${which}`,
  lookBack: (runId, { stepId, stepsDone }) => `${runId}/look-back/${stepsDone}/${stepId}`,
  flow: (key) => `${key}/due`,
};

/** The finished steps of the run when a wait that looks back began; out of the id of its search. */
export function stepsDoneAtWait({ id, runId }: Pick<ItemRow, "id" | "runId">): number {
  return Number.parseInt(id.slice(`${runId}/look-back/`.length), 10);
}
