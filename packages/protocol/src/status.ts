/** Statuses and phases. One vocabulary for SQL, API, CLI and dashboard. */

/** Stored status of a run. The last three are terminal, and so is SKIPPED. */
export const RUN_STATUSES = ["QUEUED", "RUNNING", "COMPLETED", "FAILED", "CANCELLED", "SKIPPED"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** What a run is doing right now; finer than its status. */
export const RUN_PHASES = [
  "queued",
  "held",
  "running",
  "waiting",
  "retrying",
  "paused",
  "completed",
  "failed",
  "cancelled",
  "skipped",
] as const;
export type RunPhase = (typeof RUN_PHASES)[number];

/** Kinds of steps, by what the SDK reported. `function` is the run's own code. */
export const STEP_KINDS = [
  "function",
  "run",
  "sleep",
  "wait-for-event",
  "wait-for-signal",
  "invoke",
  "send-event",
  "ai-gateway",
  "gateway",
] as const;
export type StepKind = (typeof STEP_KINDS)[number];

/** True for a status that never changes again. */
export function isTerminalStatus(status: RunStatus): boolean {
  return status !== "QUEUED" && status !== "RUNNING";
}
