/**
 * What every decision takes and returns.
 *
 * A decision is a total function of plain values. It returns guards and changes, which commit together or not at all, and trace entries:
 * the same facts for logs, live views and checkers.
 */
import type { Change, Guard } from "../change/change.ts";
import type { TraceEntry } from "../trace/trace-entry.ts";

/** Randomness comes in from outside, so that a seed repeats everything. */
export interface RandomSource {
  /** Uniform integer in [0, bound). */
  integer(bound: number): number;
  /** A new ULID whose time is the instant. Ids made one after the other in the same millisecond grow. */
  ulid(at: number): string;
}

export type DecideContext = {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly random: RandomSource;
};

export type Decision = {
  readonly guards: readonly Guard[];
  readonly changes: readonly Change[];
  readonly trace: readonly TraceEntry[];
};
