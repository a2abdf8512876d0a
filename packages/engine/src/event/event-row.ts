/**
 * The event log: every accepted event, the user's and the server's own (`inngest/…`).
 *
 * I1  An event is stored once per internal id; the same id again is the same event (a repeated request).
 * I2  `isProcessed` turns true in the same transaction as everything that the event causes: runs, matched pauses, cancellations, outcomes.
 *
 * Spec: semantics 1.3, 1.11; wire 8.2, 8.7.
 */
import type { ReasonCode } from "@pawl/protocol";

export type EventRow = {
  /** Internal id, a ULID given by the server. */
  readonly id: string;
  /** The sender's id, the idempotency key of runs; equal to `id` where the sender gave none. */
  readonly externalId: string;
  readonly name: string;
  /** Milliseconds since the epoch; when it happened, as the sender says. A future instant delays the runs it starts. */
  readonly ts: number;
  /** Milliseconds since the epoch; when the server took it. */
  readonly receivedAt: number;
  /** The event as delivered to functions: canonical JSON of `{data, id, meta?, name, ts, user, v?}`. */
  readonly body: string;
  /** Whether the server itself made it. */
  readonly isInternal: boolean;
  readonly isProcessed: boolean;
  /** The span that sent it, as W3C has it: `00-<trace>-<span>-<flags>`, 55 characters. Absent where the sender told none. Apps don't see it. */
  readonly traceparent?: string;
};

/** What an event did for one function, where it did not simply start a run. */
export type EventOutcome = {
  readonly eventId: string;
  readonly functionId: string;
  readonly reason: ReasonCode;
  /** For people: the expression's error, the run that already exists. */
  readonly detail?: string;
  readonly at: number;
};
