/**
 * Failures of a store. Expected outcomes (a conflict, a row that is not there) are values and never reach this class.
 *
 * I1  After a rejected `apply` with `isRetryable: false` nothing of the change set is stored. With `true` it is not known.
 */

export type StoreErrorCode =
  /** Another process has the file open. */
  | "STORE_LOCKED"
  /** The store was closed before the call. */
  | "STORE_CLOSED"
  /** The file or database was written by a newer version of Pawl, or is no Pawl database. */
  | "STORE_SCHEMA_UNKNOWN"
  /** A row breaks a rule of the port: a bug of the caller. */
  | "STORE_ROW_INVALID"
  /** The disk, the database or the connection failed. */
  | "STORE_FAILED";

/** Thrown, or the reason of a rejected promise, when a store cannot do what was asked. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;
  /** Whether the same call may succeed later. */
  readonly isRetryable: boolean;

  constructor(code: StoreErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
    this.isRetryable = code === "STORE_FAILED" || code === "STORE_LOCKED";
  }

  /** Whether a value is a `StoreError`, also one of another copy of this package. */
  static is(value: unknown): value is StoreError {
    return value instanceof Error && value.name === "StoreError" && "code" in value;
  }
}
