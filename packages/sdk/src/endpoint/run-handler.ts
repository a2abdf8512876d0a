/**
 * A handler run once as the code of a durable function: what it answers is the function's result.
 *
 * I1  A `Response` that is thrown is an answer like one that is returned.
 * I2  Where the client encrypts, `result` is the answer as the caller gets it, and the outcome has it as the server does.
 */
import { type CallEvent, type CallRequest, DISCOVERY_STEP_ID, hashStepId, RUN_COMPLETE_ID, type SerializedError } from "@pawl/protocol";
import type { AnyPawl } from "../client/client.ts";
import type { BaseContext } from "../function/context.ts";
import { PawlFunction } from "../function/function.ts";
import type { Save } from "../run/checkpointer.ts";
import type { TraceHeaders } from "../run/tracing.ts";
import type { Outcome } from "../run/outcome.ts";
import { executeCall } from "../serve/call.ts";
import { type ApiResult, isResponse, jsonResult, readAnswer } from "./api-result.ts";
import { runInEndpoint } from "./current.ts";
import { sealAnswer } from "./sealed.ts";
import type { EndpointContext, EndpointHandler } from "./options.ts";
import type { EndpointStream } from "./stream.ts";

export type HandlerCall = {
  readonly client: AnyPawl;
  readonly handler: EndpointHandler;
  readonly request: Request;
  readonly args: readonly unknown[];
  readonly call: CallRequest;
  readonly stream: EndpointStream;
  /** `step`, or the hash of the step to be run. Default: `step`. */
  readonly stepId?: string | undefined;
  readonly requestId?: string | undefined;
  readonly jobId?: string | undefined;
  /** Where the server's call stands in the run's trace. */
  readonly trace?: TraceHeaders | undefined;
  /** Absent: return after each step. */
  readonly save?: Save;
};

/** What came of it; `result` is there when the handler has answered. */
export type HandlerOutcome = { readonly outcome: Outcome; readonly result: ApiResult | undefined };

/** Runs the handler. Never rejects. */
export async function runHandler(input: HandlerCall): Promise<HandlerOutcome> {
  const { client, stream } = input;
  const { encryption } = client.options;
  let result: ApiResult | undefined;
  const handler = async (context: BaseContext): Promise<ApiResult> => {
    result = await readAnswer(await answerOf(input, context));
    return result;
  };
  // A request that returned to the server after each step would be no ordinary request.
  const checkpointing = typeof client.options.checkpointing === "object" ? client.options.checkpointing : true;
  const outcome = await executeCall({
    client,
    callable: { fn: new PawlFunction(client.id, { id: "endpoint", checkpointing }, handler), handler, isFailureHandler: false },
    request: input.call,
    stepId: input.stepId ?? DISCOVERY_STEP_ID,
    requestId: input.requestId,
    jobId: input.jobId,
    trace: input.trace,
    save: input.save,
    // Keeps I2.
    sealResult: encryption && ((text) => sealAnswer(encryption, { runId: input.call.ctx.run_id, text })),
    onStart: (execution) => stream.attach(execution),
  });
  return { outcome, result };
}

/** Keeps I1. */
async function answerOf({ handler, request, args, stream }: HandlerCall, context: BaseContext): Promise<unknown> {
  const { runId, step, group, logger } = context;
  const { push, pipe } = stream;
  const own: EndpointContext = {
    runId,
    step,
    group,
    logger,
    args,
    stream: { push, pipe },
    get signal() {
      return context.signal;
    },
  };
  try {
    return await runInEndpoint(own, () => handler(request, own));
  } catch (thrown) {
    if (isResponse(thrown)) return thrown;
    throw thrown;
  }
}

/** A call as the protocol has it, for a run of which only these things are known. */
export function callOf(facts: {
  readonly runId: string;
  readonly event: CallEvent;
  readonly maxAttempts: number;
  readonly isPlanning?: boolean;
  readonly usesApi?: boolean;
}): CallRequest {
  const { runId, event, maxAttempts, isPlanning = false, usesApi = false } = facts;
  return {
    event,
    events: [event],
    steps: {},
    version: -1,
    use_api: usesApi,
    ctx: {
      run_id: runId,
      fn_id: "",
      env: "",
      step_id: DISCOVERY_STEP_ID,
      attempt: 0,
      max_attempts: maxAttempts,
      stack: { stack: null, current: 0 },
      qi_id: "",
      disable_immediate_execution: isPlanning,
      use_api: usesApi,
    },
  };
}

/** What callers get when the handler has failed for good. */
export function failureResult(runId: string, { message }: Pick<SerializedError, "message">): ApiResult {
  return jsonResult(500, { code: "endpoint_failed", message, run_id: runId });
}

/** The op for a failed attempt of the handler itself. */
export function handlerErrorText(error: SerializedError): string {
  const head = { op: "StepError", id: RUN_COMPLETE_ID, name: "complete", displayName: "complete", userland: { id: "complete" } };
  return JSON.stringify({ ...head, error, data: null });
}

/** The op that asks the server for a call, although nothing is to be waited for. */
export function discoveryText(now: number): string {
  const id = `discovery-request-${now}`;
  return JSON.stringify({ op: "DiscoveryRequest", id: hashStepId(id), name: id, displayName: id, data: null });
}
