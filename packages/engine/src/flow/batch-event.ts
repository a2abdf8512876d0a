/**
 * An event's place in an open batch.
 *
 * I1  An event is in at most one batch of a function: it is put there in the transaction that marks it as processed.
 *
 * Spec: semantics 6.6.
 */
export type BatchEvent = {
  readonly batchId: string;
  /** From 0, in the order of arrival. */
  readonly position: number;
  /** Internal id; the event itself is in the log. */
  readonly eventId: string;
};
