/**
 * What apps and the server note about a run or one of its steps: scores, experiments, usage, the user's own values.
 *
 * I1  One row for each (run, step, kind, name); a later write replaces or merges it, as its writer decides.
 *
 * Spec: semantics 11.6, 12.6; wire: metadata.
 */
export type MetadataRow = {
  readonly runId: string;
  /** Hash of the step; empty for the run itself. */
  readonly stepId: string;
  /** `inngest.score`, `inngest.experiment`, `userland.…` */
  readonly kind: string;
  /** Distinguishes rows of one kind: a score's name. Empty where there is one only. */
  readonly name: string;
  /** JSON text. */
  readonly values: string;
  readonly updatedAt: number;
};
