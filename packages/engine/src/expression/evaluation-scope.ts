/**
 * What an evaluation reads, and its bound on work.
 *
 * I1  Everything whose cost grows with an event is paid for from one purse, so an evaluation takes a fraction of a second at most,
 *     whatever the expression and the event. What grows with the expression alone is bounded by the parser.
 */
import type { SearchRoot } from "./syntax.ts";
import { isList, isMap, Opaque, type Outcome } from "./value.ts";

/**
 * Units of work of one evaluation. A unit is one node evaluated in a macro's loop, one item looked at or eight characters read: about
 * 0.1 µs, so this is about 0.2 s. Smaller refuses honest expressions over large events; larger stops a process for longer.
 */
export const WORK_MAX = 2_000_000;

/** The state of one evaluation. Never kept after it. */
export type EvaluationScope = {
  readonly event: Outcome;
  readonly async: Outcome;
  /** What only searches know. */
  readonly search: SearchValues | undefined;
  /** The instant of evaluation in milliseconds since the epoch. */
  readonly now: number;
  /** Variables of macros by slot; written by macros. */
  readonly locals: Outcome[];
  /** Units of work left; counted down by `spend`. */
  workLeft: number;
};

/** Values of the variables that only searches know. */
export type SearchValues = { readonly [Root in SearchRoot]: Outcome };

/** Compiled form of a node. */
export type Code = (scope: EvaluationScope) => Outcome;

/** Thrown when an evaluation exceeds its work; nothing but the edge of the evaluation catches it. */
export class WorkExceeded extends Error {
  constructor() {
    super("the expression takes too much work for this event; shorten its lists and texts, or nest fewer macros");
  }
}

/** Pays for work, or throws `WorkExceeded`. */
export function spend(scope: { workLeft: number }, units: number): void {
  scope.workLeft -= units;
  if (scope.workLeft < 0) throw new WorkExceeded();
}

/** Pays for reading a whole value: its characters, items and entries, at every depth. Scalars are free. */
export function spendOnWhole(scope: { workLeft: number }, value: Outcome): void {
  if (typeof value === "string") spend(scope, value.length >> 3);
  else if (typeof value === "object" && value !== null) spendOnContainer(scope, value);
}

function spendOnContainer(scope: { workLeft: number }, value: Outcome): void {
  if (value instanceof Opaque) return;
  const items = isList(value) ? value : isMap(value) ? Object.values(value) : [];
  spend(scope, 1 + items.length);
  for (const item of items) spendOnWhole(scope, item);
}
