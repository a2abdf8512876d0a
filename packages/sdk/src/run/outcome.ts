/**
 * What a call of a function comes to, and the answer that says so.
 *
 * Source: wire-protocol 5.5, 5.6.
 */
import type { SerializedError } from "@pawl/protocol";
import { NonRetriableError, RetryAfterError } from "../error/errors.ts";

export type Outcome =
  /** The function returned; `text` is JSON of its result. */
  | { readonly kind: "complete"; readonly text: string }
  /** Progress: ops as JSON text. `noRetry` is set when a step failed. */
  | { readonly kind: "ops"; readonly ops: readonly string[]; readonly noRetry?: boolean; readonly retryAfter?: string | undefined }
  /** The function threw. */
  | { readonly kind: "error"; readonly error: SerializedError; readonly noRetry: boolean; readonly retryAfter?: string | undefined }
  /** The step that the server asked for was not reached. */
  | { readonly kind: "missing"; readonly requestedStep: string; readonly foundSteps: readonly object[]; readonly totalFoundSteps: number };

/** An answer without the headers that all answers have. */
export type OutcomeReply = { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string };

/** The answer for an outcome. */
export function replyOf(outcome: Outcome): OutcomeReply {
  switch (outcome.kind) {
    case "complete":
      return { status: 200, headers: {}, body: outcome.text };
    case "ops":
      return { status: 206, headers: retryHeaders(outcome), body: `[${outcome.ops.join(",")}]` };
    case "error":
      return { status: outcome.noRetry ? 400 : 500, headers: retryHeaders(outcome), body: JSON.stringify(outcome.error) };
    case "missing": {
      const { requestedStep, foundSteps, totalFoundSteps } = outcome;
      const error = `Step ${requestedStep} was asked for, but the function doesn't reach it. Was its id changed while the run was in progress?`;
      return {
        status: 500,
        headers: retryHeaders({ noRetry: false }),
        body: JSON.stringify({ error, requestedStep, foundSteps, totalFoundSteps }),
      };
    }
  }
}

function retryHeaders(outcome: { readonly noRetry?: boolean; readonly retryAfter?: string | undefined }): Record<string, string> {
  return {
    ...(outcome.noRetry === undefined ? {} : { "x-inngest-no-retry": String(outcome.noRetry) }),
    ...(outcome.retryAfter === undefined ? {} : { "retry-after": outcome.retryAfter }),
  };
}

/** True when trying again is pointless. */
export function isNonRetriable(error: unknown): boolean {
  return NonRetriableError.is(error);
}

/** Value of `Retry-After` that an error asks for. */
export function retryAfterOf(error: unknown): string | undefined {
  return RetryAfterError.is(error) ? error.retryAfter : undefined;
}
