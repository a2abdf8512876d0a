/**
 * Errors that functions throw, or catch. Their names are part of the protocol's conventions and stay as they are.
 *
 * I1  `is()` recognises an error by its name too, because `instanceof` fails when a process holds two copies of the package.
 *
 * Source: sdk section 10.
 */
import { formatDuration, type SerializedError } from "@pawl/protocol";
import { parseTimeMs } from "../time/duration.ts";

/** Thrown in a step or function to say that trying again is pointless. The step, or the run, fails at once. */
export class NonRetriableError extends Error {
  /** @param options `cause`: the error behind it. */
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "NonRetriableError";
  }

  /** True for errors of this class, of its subclasses, and of another copy of it. */
  static is(error: unknown): error is NonRetriableError {
    return error instanceof NonRetriableError || hasName(error, "NonRetriableError");
  }
}

/** Thrown in a step or function to choose when it is tried again. */
export class RetryAfterError extends Error {
  /** Value of the `Retry-After` header: whole seconds, or a date in ISO 8601. */
  readonly retryAfter: string;

  /**
   * @param retryAfter Milliseconds, a duration such as `"30s"`, or a date. The server clamps it to between 1 s and 24 h from now.
   * Throws a RangeError when it can't be read.
   */
  constructor(message: string, retryAfter: number | string | Date, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "RetryAfterError";
    this.retryAfter = retryAfterValue(retryAfter);
  }

  /** True for errors of this class and of another copy of it. */
  static is(error: unknown): error is RetryAfterError {
    return error instanceof RetryAfterError || (hasName(error, "RetryAfterError") && "retryAfter" in error);
  }
}

function retryAfterValue(value: number | string | Date): string {
  if (value instanceof Date) return value.toISOString();
  const ms = typeof value === "number" ? value : parseTimeMs(value);
  if (ms !== undefined && Number.isFinite(ms)) return String(Math.max(1, Math.ceil(ms / 1_000)));
  const date = typeof value === "string" ? new Date(value) : undefined;
  if (date !== undefined && !Number.isNaN(date.getTime())) return date.toISOString();
  throw new RangeError(
    `RetryAfterError: expected milliseconds, a duration such as "${formatDuration(30_000)}" or a date, not ${JSON.stringify(value)}.`,
  );
}

/** Thrown inside a function in place of a step's result, when the step has failed for good. Letting it escape fails the run. */
export class StepError extends Error {
  /** The step's id as the code has it. */
  readonly stepId: string;
  /** The original error's `code`, if it had one. */
  readonly code?: string | number;
  /** Other primitive properties of the original error. */
  readonly data?: unknown;

  constructor(stepId: string, error: SerializedError) {
    const cause = error.cause === undefined || error.cause === null ? undefined : { cause: deserializeCause(error.cause) };
    super(error.message ?? "", cause);
    this.stepId = stepId;
    this.name = error.name ?? "Error";
    if (error.stack !== undefined && error.stack !== "") this.stack = error.stack;
    if (error.code !== undefined) this.code = error.code;
    if (error.data !== undefined) this.data = error.data;
  }

  /** True for errors of this class and of another copy of it. (The name is the original error's, so it can't tell.) */
  static is(error: unknown): error is StepError {
    return error instanceof StepError || (error instanceof Error && "stepId" in error && typeof error.stepId === "string");
  }
}

/** A step was called inside another step's callback. Steps can't be nested: the inner one would be lost whenever the outer one is remembered. */
export class NestedStepError extends NonRetriableError {
  constructor(outerId: string, innerId: string) {
    super(
      `Step "${innerId}" was called inside the callback of step "${outerId}". Steps can't be nested. Call it before or after, and pass its result.`,
    );
    this.name = "NestedStepError";
  }
}

/** An event's data doesn't fit the schema of its event type. */
export class EventValidationError extends NonRetriableError {
  constructor(message: string) {
    super(message);
    this.name = "EventValidationError";
  }
}

function hasName(error: unknown, name: string): error is Error {
  return error instanceof Error && error.name === name;
}

/** Restores a serialised cause: objects that look like errors become errors, the rest stays as it is. */
function deserializeCause(cause: unknown): unknown {
  if (typeof cause !== "object" || cause === null || !("message" in cause)) return cause;
  const { name, message, stack, cause: inner } = cause as SerializedError;
  const error = new Error(message, inner === undefined ? undefined : { cause: deserializeCause(inner) });
  if (typeof name === "string") error.name = name;
  if (typeof stack === "string") error.stack = stack;
  return error;
}
