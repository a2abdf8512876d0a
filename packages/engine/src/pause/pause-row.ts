/**
 * A stored "resume or cancel this run when X".
 *
 * I1  A pause is consumed at most once: the decision that consumes it deletes it under a guard that it exists.
 * I2  At most one pause holds a signal.
 * I3  `matchPath`/`matchValue` are a necessary condition for a match, so that an event finds its pauses by index; `expression` decides.
 *
 * Spec: semantics 5.2, 5.4, 5.5, 7.1, 10.
 */
export type PauseKind = "event" | "invoke" | "signal" | "cancel";

export type PauseRow = {
  /** `<run>/<step hash>` or `<run>/cancel/<n>`. */
  readonly id: string;
  readonly runId: string;
  readonly kind: PauseKind;
  /** The waiting step; absent for cancellations. */
  readonly stepId?: string;
  /** Exact name; for kinds `event` and `cancel`. */
  readonly eventName?: string;
  /** Expression over `event` and `async` that must hold; absent: every event of the name matches. */
  readonly expression?: string;
  /** Equality that a matching event must satisfy, in canonical typed text (see expression/). */
  readonly matchPath?: string;
  readonly matchValue?: string;
  /** `<run>.<step hash>`, for invokes. */
  readonly correlationId?: string;
  /** For signals. */
  readonly signal?: string;
  readonly createdAt: number;
  /** Not matched from this instant on. */
  readonly expiresAt: number;
};
