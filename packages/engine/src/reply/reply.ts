/** An app's answer to a call, classified. */
import type { WireOp } from "@pawl/protocol";

/** `{error, name, message, stack?, cause?}`: how errors of functions are stored and sent on. */
export type FunctionError = {
  /** The raw or technical text, such as `invalid status code: 500`. */
  readonly error: string;
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: unknown;
  readonly data?: unknown;
};

export type Reply =
  | {
      readonly kind: "ops";
      readonly ops: readonly WireOp[];
      readonly requestVersion: number;
      readonly noRetry: boolean;
      readonly retryAfterMs?: number;
      readonly httpStatus?: number;
    }
  /** The function returned; `data` is JSON text. */
  | { readonly kind: "result"; readonly data: string; readonly requestVersion: number }
  /** The attempt failed as a whole: the function threw, or there was no proper answer. */
  | {
      readonly kind: "failure";
      readonly error: FunctionError;
      readonly isRetryable: boolean;
      readonly retryAfterMs?: number;
      readonly httpStatus?: number;
      /** What was done before it failed: finished steps, and what rides along with them. */
      readonly done?: readonly WireOp[];
    };

/** What came back from the transport. */
export type RawReply =
  | { readonly kind: "response"; readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string }
  /** No response: refused, reset, timed out, too large … `code` is one of the protocol's error codes. */
  | { readonly kind: "no-response"; readonly code: string; readonly message: string };
