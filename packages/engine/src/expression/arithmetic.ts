/**
 * Arithmetic and concatenation.
 *
 * I1  Arithmetic between a double (every JSON number) and an int is arithmetic of doubles. It never concatenates digits.
 * I2  Ints and uints are exact 64-bit integers; leaving their range is a failure, never a wrap-around.
 * I3  `+` with a string concatenates printed forms; a missing, failed or null operand beside a string adds nothing.
 * I4  An absent operand of any other operation is the result of the operation.
 *
 * Spec: semantics 2.4; I1 departs from it on purpose (ADR 0003).
 */
import { printedForm } from "./text-of.ts";
import { durationFromNanos, timestampFromNanos } from "./time-value.ts";
import { plainNumber } from "./compare.ts";
import { Bytes, Duration, Failure, isAbsent, isList, isNumeric, type Outcome, Timestamp, typeNameOf, Uint, type Value } from "./value.ts";

/** The arithmetic operators. */
export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%";

const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;
const UINT_MAX = 2n ** 64n - 1n;

/** Whether an integer is a valid int. */
export function isInt64(value: bigint): boolean {
  return value >= INT_MIN && value <= INT_MAX;
}

/** Whether an integer is a valid uint. */
export function isUint64(value: bigint): boolean {
  return value >= 0n && value <= UINT_MAX;
}

/** `left <operator> right`, where either may be missing or failed. */
export function calculate(operator: ArithmeticOperator, left: Outcome, right: Outcome): Outcome {
  if (operator === "+" && (typeof left === "string" || typeof right === "string")) return textBeside(left) + textBeside(right);
  if (isAbsent(left)) return left;
  if (isAbsent(right)) return right;
  if (isNumeric(left) && isNumeric(right)) return calculateNumbers(operator, left, right);
  return operator === "+" || operator === "-" ? combine(operator, left, right) : noSuchOverload(operator, left, right);
}

/** `-operand`. */
export function negate(operand: Outcome): Outcome {
  if (isAbsent(operand)) return operand;
  if (typeof operand === "number") return -operand;
  if (typeof operand === "bigint") return intOrFailure(-operand);
  if (operand instanceof Duration) return durationFromNanos(-operand.nanos);
  return new Failure(`operator - needs a number, got ${typeNameOf(operand)}`);
}

function textBeside(operand: Outcome): string {
  return isAbsent(operand) || operand === null ? "" : printedForm(operand);
}

function calculateNumbers(operator: ArithmeticOperator, left: number | bigint | Uint, right: number | bigint | Uint): Outcome {
  if (typeof left === "number" || typeof right === "number") {
    const isExactZero = typeof right !== "number" && plainNumber(right) === 0n;
    if (isExactZero && (operator === "/" || operator === "%")) return new Failure("division by zero");
    return calculateDoubles(operator, Number(plainNumber(left)), Number(plainNumber(right)));
  }
  const result = calculateIntegers(operator, left instanceof Uint ? left.value : left, right instanceof Uint ? right.value : right);
  if (result === undefined) return new Failure("division by zero");
  return left instanceof Uint && right instanceof Uint ? uintOrFailure(result) : intOrFailure(result);
}

function calculateDoubles(operator: ArithmeticOperator, left: number, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
  }
}

function calculateIntegers(operator: ArithmeticOperator, left: bigint, right: bigint): bigint | undefined {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return right === 0n ? undefined : left / right;
    case "%":
      return right === 0n ? undefined : left % right;
  }
}

/** `+` and `-` of values that are not both numbers and neither of which is a string. */
function combine(operator: "+" | "-", left: Value, right: Value): Outcome {
  const moment = combineTimes(operator, left, right);
  if (moment !== undefined) return moment;
  if (operator === "-" || left === null || right === null) return noSuchOverload(operator, left, right);
  if (isList(left) && isList(right)) return [...left, ...right];
  if (left instanceof Bytes && right instanceof Bytes) return new Bytes(Uint8Array.from([...left.octets, ...right.octets]));
  return printedForm(left) + printedForm(right);
}

function combineTimes(operator: "+" | "-", left: Value, right: Value): Outcome {
  if (right instanceof Duration) {
    const change = operator === "+" ? right.nanos : -right.nanos;
    if (left instanceof Timestamp) return timestampFromNanos(left.nanos + change);
    return left instanceof Duration ? durationFromNanos(left.nanos + change) : undefined;
  }
  if (!(right instanceof Timestamp)) return undefined;
  if (operator === "+") return left instanceof Duration ? timestampFromNanos(left.nanos + right.nanos) : undefined;
  return left instanceof Timestamp ? durationFromNanos(left.nanos - right.nanos) : undefined;
}

function intOrFailure(value: bigint): Outcome {
  return isInt64(value) ? value : new Failure("int overflow: the result does not fit 64 bits");
}

function uintOrFailure(value: bigint): Outcome {
  return isUint64(value) ? new Uint(value) : new Failure("uint overflow: the result does not fit 64 bits");
}

function noSuchOverload(operator: ArithmeticOperator, left: Value, right: Value): Failure {
  return new Failure(`operator ${operator} does not take ${typeNameOf(left)} and ${typeNameOf(right)}`);
}
