/**
 * Evaluating compiled expressions as conditions, keys and numbers.
 *
 * I1  Evaluating never throws: a failure is a value with a sentence for people.
 * I2  Equal expressions over equal events at the same instant give equal results; nothing else is read.
 * I3  Work is bounded by `WORK_MAX`, whatever the event.
 *
 * Spec: semantics 2.4 (boolean contexts) and 6 (keys).
 */
import type { Expression } from "./compile.ts";
import { type Code, type SearchValues, spendOnWhole, WORK_MAX, WorkExceeded } from "./evaluation-scope.ts";
import { eventValue, type ExpressionEvent } from "./event-value.ts";
import { canonicalJson, toJson } from "./text-of.ts";
import { Failure, isNumeric, type Outcome, typeNameOf } from "./value.ts";
import { plainNumber } from "./compare.ts";

/** What an evaluation reads. */
export type EvaluationInput = {
  /** The event that started the run, or starts it. Absent for residuals, which do not name it. */
  readonly event?: ExpressionEvent | undefined;
  /** The event that came later; for waits and cancellations. */
  readonly async?: ExpressionEvent | undefined;
  /** What a search knows besides. */
  readonly search?: SearchValues | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
};

/** An evaluation that failed. `message` says why, for people. */
export type EvaluationError = { readonly kind: "error"; readonly message: string };

/** Result of a condition. */
export type ConditionResult = { readonly kind: "value"; readonly value: boolean } | EvaluationError;

/** Result of a key. `none`: the key is missing, null or false; each feature says what follows from that. */
export type KeyResult = { readonly kind: "key"; readonly value: string } | { readonly kind: "none" } | EvaluationError;

/** Result of a number. `none`: it is missing, null or false. */
export type NumberResult = { readonly kind: "number"; readonly value: number } | { readonly kind: "none" } | EvaluationError;

/** Evaluates a condition. A missing result is false; any other result than true or false is an error. */
export function evaluateCondition(expression: Expression, input: EvaluationInput): ConditionResult {
  const outcome = runCode(expression.code, input);
  if (outcome === undefined) return { kind: "value", value: false };
  if (typeof outcome === "boolean") return { kind: "value", value: outcome };
  return failed(outcome, "a condition must be true or false");
}

/**
 * Evaluates a key of flow control. The value is the text itself for a string and canonical JSON for anything else, so a user's id `7` and
 * `"7"` share a key. It can be as long as the event.
 */
export function evaluateKey(expression: Expression, input: EvaluationInput): KeyResult {
  const outcome = guard(() => {
    const value = runCode(expression.code, input);
    spendOnWhole({ workLeft: WORK_MAX }, value);
    return value === undefined || value === null || value === false || value instanceof Failure || typeof value === "string"
      ? value
      : canonicalJson(toJson(value));
  });
  if (outcome === undefined || outcome === null || outcome === false) return { kind: "none" };
  return typeof outcome === "string" ? { kind: "key", value: outcome } : failed(outcome, "a key must be a JSON value");
}

/** Evaluates a number, such as a priority. Ints and doubles are equally good; it need not be whole and is within no bounds. */
export function evaluateNumber(expression: Expression, input: EvaluationInput): NumberResult {
  const outcome = runCode(expression.code, input);
  if (outcome === undefined || outcome === null || outcome === false) return { kind: "none" };
  const number = isNumeric(outcome) ? Number(plainNumber(outcome)) : Number.NaN;
  return Number.isFinite(number) ? { kind: "number", value: number } : failed(outcome, "the result must be a finite number");
}

/** Runs compiled code within the bound on work. */
export function runCode(code: Code, input: EvaluationInput): Outcome {
  const scope = {
    event: input.event === undefined ? undefined : eventValue(input.event),
    async: input.async === undefined ? undefined : eventValue(input.async),
    search: input.search,
    now: input.now,
    locals: [],
    workLeft: WORK_MAX,
  };
  return guard(() => code(scope));
}

/** A stack exhausted by a value that is nested too deeply, and a text longer than the platform allows, are `RangeError`s. */
function guard(evaluate: () => Outcome): Outcome {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof WorkExceeded) return new Failure(error.message);
    if (error instanceof RangeError) return new Failure("a value of the event is too long or nested too deeply for the expression");
    throw error;
  }
}

function failed(outcome: Exclude<Outcome, undefined>, expected: string): EvaluationError {
  if (outcome instanceof Failure) return { kind: "error", message: `the expression failed: ${outcome.message}` };
  return { kind: "error", message: `${expected}, but the expression gave a value of type ${typeNameOf(outcome)}` };
}
