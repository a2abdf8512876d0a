/**
 * A call to the app that did not end well. Good ones leave no row: the step and the run hold their times, so the common path writes less.
 */
export type AttemptRow = {
  readonly runId: string;
  /** The step's hash, or `function` for the run's own code. */
  readonly stepId: string;
  /** Zero-based. */
  readonly attempt: number;
  readonly startedAt: number;
  readonly endedAt: number;
  /** JSON text of the error: `{name, message, stack?, cause?}`. */
  readonly error: string;
  /** HTTP status of the answer, where there was one. */
  readonly httpStatus?: number;
  /** When the next attempt is due; absent after the last. */
  readonly retryAt?: number;
};
