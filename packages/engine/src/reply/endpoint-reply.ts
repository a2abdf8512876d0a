/**
 * What a durable endpoint's answer means, where it differs from a function's.
 *
 * I1  The failure of the handler itself comes as an op about a step with the id of `complete`. It is an attempt of the function that failed,
 *     not a step: as a step it would be memoised, and no handler would ever read it.
 * I2  What comes with it was done, and counts: steps that have finished, and what was deferred.
 *
 * Spec: wire 7.5, 7.8.
 */
import { isLazyOpcode, RUN_COMPLETE_ID, type WireOp } from "@pawl/protocol";
import { functionErrorOf } from "./function-error.ts";
import type { Reply } from "./reply.ts";

/** Whether an op tells that the handler itself failed. */
export function isHandlerError({ op, id }: WireOp): boolean {
  return (op === "StepError" || op === "StepFailed") && id === RUN_COMPLETE_ID;
}

/** The answer, with a failure of the handler as a failure. */
export function endpointReply(reply: Reply): Reply {
  if (reply.kind !== "ops") return reply;
  const failed = reply.ops.find(isHandlerError);
  if (failed === undefined) return reply;
  return {
    kind: "failure",
    error: functionErrorOf(failed.error, "the endpoint failed"),
    isRetryable: failed.op === "StepError" && !reply.noRetry,
    done: reply.ops.filter(({ op }) => op === "StepRun" || op === "Step" || isLazyOpcode(op)),
    ...(reply.retryAfterMs === undefined ? {} : { retryAfterMs: reply.retryAfterMs }),
    ...(reply.httpStatus === undefined ? {} : { httpStatus: reply.httpStatus }),
  };
}
