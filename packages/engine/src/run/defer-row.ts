/**
 * A function to be started when a run has ended.
 *
 * I1  Insert-only: the id of a defer that was aborted or rejected is never taken anew.
 *
 * Spec: semantics 12.4.
 */
export type DeferStatus = "after-run" | "aborted" | "rejected";

export type DeferRow = {
  readonly runId: string;
  /** The op's hashed id. */
  readonly id: string;
  /** Slug of the function to start. */
  readonly slug: string;
  /** JSON text; empty object where it was rejected. */
  readonly input: string;
  readonly status: DeferStatus;
  /** Why it was rejected: `per_defer_size`, `aggregate_size`, `per_run_count` or `invalid_opts`. */
  readonly reason?: string;
  readonly createdAt: number;
};
