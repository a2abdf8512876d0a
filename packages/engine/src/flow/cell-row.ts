/**
 * Small pieces of state beside the runs: what a rate limit has admitted, when a throttled key may go next, the event that a debounce holds,
 * the run that holds a singleton.
 *
 * I1  A cell gets a new version with every commit that changes it; a decision made on another version does not commit (guard
 *     `cell-version`). A deleted cell has version 0, so whoever deletes one guards it.
 * I2  A cell that has expired means the same as none; it can be deleted at any time.
 *
 * Spec: semantics 6.
 */
export type CellKind =
  /** Runs admitted within a window: rate limits and idempotency keys. */
  | "rate"
  /** When the next run of a throttled key may start. */
  | "throttle"
  | "debounce"
  /** The open batch of a function and key. */
  | "batch"
  /** The run that holds a singleton, or that a schedule without overlap started last. */
  | "singleton"
  /** A key that programs use the APIs with; its secret is stored as a hash. */
  | "api-key"
  /** What workers had when a server stopped, for the one that comes after. */
  | "underway"
  /** A bulk operation: cancellation or replay, with its progress. */
  | "bulk";

export type CellRow = {
  /** `<kind>|<function id>|…`, without `/`. */
  readonly key: string;
  readonly kind: CellKind;
  readonly functionId: string;
  /** JSON text; its shape is its kind's. */
  readonly state: string;
  /** A number by chance, from 1; only whether it is the same means something. */
  readonly version: number;
  /** Milliseconds since the epoch; absent: it is deleted by a decision. */
  readonly expiresAt?: number;
};
