/** What a function of the dialect is. */
import { Failure, type Outcome, typeNameOf, type Value } from "./value.ts";

/** How a function is written: `f(x)`, `x.f()` or either. */
export type CallStyle = "global" | "method" | "either";

/**
 * The surroundings of a call: part of the evaluation's scope. Texts among the arguments are paid for before the call; a function that
 * looks into lists or maps, or takes longer than reading its texts, pays for that itself.
 */
export type CallContext = {
  /** The instant of evaluation in milliseconds since the epoch. */
  readonly now: number;
  /** Units of work left; see `spend`. */
  workLeft: number;
};

/** A function of the dialect. */
export type ExpressionFunction = {
  readonly name: string;
  readonly style: CallStyle;
  /** Least and greatest number of arguments; the receiver of a method counts as the first. */
  readonly arity: readonly [min: number, max: number];
  /** Result when an argument is missing or failed. Without it, that argument is the result. */
  readonly whenAbsent?: Value;
  /** Whether equal arguments always give equal results; false only for the functions that read the instant of evaluation. */
  readonly isPure: boolean;
  readonly call: (args: readonly Value[], context: CallContext) => Outcome;
};

/** A pure function `name(x)` of one argument. */
export function unary(name: string, call: (value: Value, context: CallContext) => Outcome): ExpressionFunction {
  return { name, style: "global", arity: [1, 1], isPure: true, call: ([value], context) => call(value ?? null, context) };
}

/** A failure that says which function got which type and what it needs. */
export function wrongArgument(name: string, needs: string, got: Value): Failure {
  return new Failure(`${name}() needs ${needs}, got ${typeNameOf(got)}`);
}
