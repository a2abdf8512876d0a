/**
 * One call of a function: its events checked, its context put together, its code executed once.
 *
 * Source: wire-protocol 5.1 to 5.4, 7.1; sdk 6.
 */
import { DISCOVERY_STEP_ID, type CallEvent, type CallRequest } from "@pawl/protocol";
import type { AnyPawl } from "../client/client.ts";
import type { FailureData } from "../event/payload.ts";
import { validateEvents } from "../event/validate.ts";
import type { AnyFunction, AnyHandler } from "../function/function.ts";
import type { CheckpointingOption } from "../function/options.ts";
import { NonRetriableError, StepError } from "../error/errors.ts";
import { serializeError } from "../error/serialize-error.ts";
import { gatedLogger } from "../logger.ts";
import { Execution, type CheckpointSettings } from "../run/execution.ts";
import type { Save } from "../run/checkpointer.ts";
import { runInTrace } from "../run/current-trace.ts";
import type { TraceHeaders } from "../run/tracing.ts";
import type { Outcome } from "../run/outcome.ts";
import { createTools, type ParallelMode } from "../step/create-tools.ts";
import { durationMs } from "../time/duration.ts";
import { listTriggers } from "../trigger/trigger.ts";
import { tracedCode } from "./traced-code.ts";

/** What can be called: a function, or the failure handler of one. */
export type Callable = {
  readonly fn: AnyFunction;
  readonly handler: AnyHandler;
  readonly isFailureHandler: boolean;
};

/** One call, whoever makes it: the serve handler or an engine in the same process. */
export type CallInput = {
  readonly client: AnyPawl;
  readonly callable: Callable;
  readonly request: CallRequest;
  /** `step` or the hash of a step. */
  readonly stepId: string;
  readonly requestId?: string | undefined;
  readonly jobId?: string | undefined;
  /** Where the call stands in the run's trace. */
  readonly trace?: TraceHeaders | undefined;
  /** Saves results while the function goes on; absent: return after each step. */
  readonly save?: Save | undefined;
  /** Milliseconds for which a call may go on when the options don't say. */
  readonly maxRuntimeMs?: number;
  /** Last change of the function's result, as JSON text, in place of the client's encryption. */
  readonly sealResult?: ((text: string) => string) | undefined;
  /** Called with the execution before the handler is entered. */
  readonly onStart?: (execution: Execution) => void;
};

/** Time after which a served call returns to the server, in milliseconds: below the limits of serverless hosts. */
const MAX_RUNTIME_MS_DEFAULT = 10_000;

/** Calls the function once. Never rejects. */
export async function executeCall(received: CallInput): Promise<Outcome> {
  try {
    const { encryption } = received.client.options;
    const input = encryption === undefined ? received : { ...received, request: encryption.openCall(received.request) };
    const { callable, request } = input;
    const rules = { triggers: listTriggers(callable.fn.options.triggers), known: input.client.options.events ?? [] };
    const checked = callable.isFailureHandler ? request.events : validateEvents(request.events, rules);
    const events = Array.isArray(checked) ? (checked as readonly CallEvent[]) : await checked;
    return await executeWith(input, events.length === 0 ? [request.event] : events);
  } catch (error) {
    return { kind: "error", error: serializeError(error), noRetry: NonRetriableError.is(error) };
  }
}

function executeWith(input: CallInput, events: readonly CallEvent[]): Promise<Outcome> {
  const { client, callable } = input;
  const { ctx, steps, defers = {} } = input.request;
  const traced = tracedCode(input);
  const execution = new Execution({
    steps,
    defers,
    save: input.save,
    stack: ctx.stack,
    sealOutput: client.options.encryption?.sealOutput,
    sealResult: input.sealResult ?? client.options.encryption?.sealOutput,
    sealData: client.options.encryption?.sealData,
    attempt: ctx.attempt,
    maxAttempts: ctx.max_attempts,
    stepId: input.stepId,
    isPlanning: ctx.disable_immediate_execution,
    checkpoint: checkpointSettings(input),
    runtime: client.runtime,
    logger: client.logger,
    ...(traced === undefined ? {} : { runStepCode: traced.runStep }),
  });
  const tools = createTools({
    parallelMode: parallelMode(input),
    appId: client.id,
    eventTypes: client.options.events ?? [],
    sealData: client.options.encryption?.sealData,
    find: (request) => execution.find(request),
    sendEvents: (list) => runInTrace(input.trace, () => client.send(list)),
    sendSignal: (signal, data) => client.sendSignal({ signal, data }),
    publish: (topic, data) => client.realtime.publish(topic, data, { runId: ctx.run_id }),
  });
  const context = {
    event: events[0],
    events,
    runId: ctx.run_id,
    attempt: ctx.attempt,
    maxAttempts: ctx.max_attempts,
    ...tools,
    defer: (id: unknown, options: unknown) => execution.defer(id, options),
    logger: gatedLogger(client.logger, () => !execution.isReplaying),
    requestId: input.requestId,
    jobId: input.jobId,
    get signal(): AbortSignal {
      return execution.signal;
    },
    ...(callable.isFailureHandler ? { error: failureOf(events[0]) } : {}),
  };
  input.onStart?.(execution);
  const handler = (): unknown => callable.handler(context);
  return runInTrace(input.trace, () => execution.run(traced === undefined ? handler : () => traced.runCall(handler)));
}

/** When a function goes on after parallel steps. Version 1 goes on after each without being told. */
function parallelMode({ callable, client }: Pick<CallInput, "client" | "callable">): ParallelMode {
  return (callable.fn.options.optimizeParallelism ?? client.options.optimizeParallelism) === undefined ? "race" : "wait";
}

function failureOf(event: CallEvent | undefined): Error {
  const data = event?.data as Partial<FailureData> | undefined;
  return new StepError("", data?.error ?? { name: "Error", message: "The run failed without saying why." });
}

/** Settings of checkpointing; `undefined` when the call can't or shall not go on after a step. */
function checkpointSettings(input: CallInput): CheckpointSettings | undefined {
  const { client, callable, request, stepId, save } = input;
  const option: CheckpointingOption = callable.fn.options.checkpointing ?? client.options.checkpointing ?? true;
  if (save === undefined || option === false || stepId !== DISCOVERY_STEP_ID || request.ctx.disable_immediate_execution) return undefined;
  const { maxRuntime, bufferedSteps = 1, maxInterval = 0 } = option === true ? {} : option;
  return {
    save,
    bufferedSteps: Math.max(1, Math.floor(bufferedSteps)),
    maxRuntimeMs:
      maxRuntime === undefined ? (input.maxRuntimeMs ?? MAX_RUNTIME_MS_DEFAULT) : durationMs(maxRuntime, "checkpointing.maxRuntime"),
    maxIntervalMs: durationMs(maxInterval, "checkpointing.maxInterval"),
  };
}
