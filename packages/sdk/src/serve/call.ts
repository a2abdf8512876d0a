/**
 * A call from the server, checked and read: from the body of a request to the outcome of one execution.
 *
 * I1  A run keeps the request version that its first answer had.
 * I2  State and events that didn't fit into the call are fetched before the function is entered.
 *
 * Source: wire-protocol 5.1 to 5.4, 7.2, 7.3.
 */
import { DISCOVERY_STEP_ID, type CallContext, type CallEvent, type CallRequest } from "@pawl/protocol";
import { withRetries } from "../client/api.ts";
import type { AnyPawl } from "../client/client.ts";
import type { Connection } from "../client/connection.ts";
import { NonRetriableError } from "../error/errors.ts";
import type { FailureData } from "../event/payload.ts";
import { validateEvents } from "../event/validate.ts";
import type { AnyFunction, AnyHandler } from "../function/function.ts";
import type { CheckpointingOption } from "../function/options.ts";
import { StepError } from "../error/errors.ts";
import { serializeError } from "../error/serialize-error.ts";
import { gatedLogger } from "../logger.ts";
import { Execution, type CheckpointSettings } from "../run/execution.ts";
import type { Save, SaveResult } from "../run/checkpointer.ts";
import type { Outcome } from "../run/outcome.ts";
import { createTools } from "../step/create-tools.ts";
import { durationMs } from "../time/duration.ts";
import { listTriggers } from "../trigger/trigger.ts";

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
  /** Saves results while the function goes on; absent: return after each step. */
  readonly save?: Save | undefined;
  /** Milliseconds for which a call may go on when the options don't say. */
  readonly maxRuntimeMs?: number;
};

/** Request versions this SDK speaks. 1 continues a function after each of several parallel steps, 2 after the last. */
export type RequestVersion = 1 | 2;

/** Time after which a served call returns to the server, in milliseconds: below the limits of serverless hosts. */
const MAX_RUNTIME_MS_DEFAULT = 10_000;

/** The version to answer with (keeps I1). Throws for one that this SDK doesn't speak. */
export function requestVersion(asked: number | undefined, input: Pick<CallInput, "client" | "callable">): RequestVersion {
  if (asked === 1 || asked === 2) return asked;
  if (asked !== undefined && asked !== -1) throw new Error(`Request version ${asked} is not spoken by this SDK; expected -1, 1 or 2.`);
  const isOptimized = input.callable.fn.options.optimizeParallelism ?? input.client.options.optimizeParallelism ?? true;
  return isOptimized ? 2 : 1;
}

/** Calls the function once. Never rejects. */
export async function executeCall(input: CallInput): Promise<Outcome> {
  try {
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
  const { ctx, steps } = input.request;
  const execution = new Execution({
    steps,
    stack: ctx.stack,
    attempt: ctx.attempt,
    maxAttempts: ctx.max_attempts,
    stepId: input.stepId,
    isPlanning: ctx.disable_immediate_execution,
    checkpoint: checkpointSettings(input),
    runtime: client.runtime,
    logger: client.logger,
  });
  const tools = createTools({
    appId: client.id,
    eventTypes: client.options.events ?? [],
    find: (request) => execution.find(request),
    sendEvents: (list) => client.send(list),
    sendSignal: (signal, data) => client.sendSignal({ signal, data }),
  });
  const context = {
    event: events[0],
    events,
    runId: ctx.run_id,
    attempt: ctx.attempt,
    maxAttempts: ctx.max_attempts,
    ...tools,
    logger: gatedLogger(client.logger, () => !execution.isReplaying),
    requestId: input.requestId,
    jobId: input.jobId,
    get signal(): AbortSignal {
      return execution.signal;
    },
    ...(callable.isFailureHandler ? { error: failureOf(events[0]) } : {}),
  };
  return execution.run(() => callable.handler(context));
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

/** Where a checkpoint belongs, from the call's context and headers. */
export type CheckpointTarget = {
  readonly ctx: CallContext;
  readonly requestId: string | undefined;
  /** 0 when the server didn't say. */
  readonly generationId: number;
  /** Unix milliseconds. */
  readonly startedAt: number;
};

/** Saves results with the server's checkpoint endpoint. */
export function httpSave(connection: Connection, target: CheckpointTarget): Save {
  const { ctx, requestId, generationId, startedAt } = target;
  const head = JSON.stringify({
    run_id: ctx.run_id,
    fn_id: ctx.fn_id,
    qi_id: ctx.qi_id,
    ...(requestId === undefined ? {} : { request_id: requestId }),
    ...(generationId === 0 ? {} : { generation_id: generationId }),
    request_started_at: startedAt,
  }).slice(0, -1);
  const path = `v1/checkpoint/${ctx.run_id}/async`;
  return async (ops): Promise<SaveResult> => {
    const body = `${head},"ts":${connection.runtime.now()},"steps":[${ops.join(",")}]}`;
    try {
      const reply = await withRetries(connection.runtime, () => connection.callApi({ method: "POST", path, body }));
      if (reply.status === 409) return "stale";
      return reply.status >= 200 && reply.status < 300 ? "saved" : "failed";
    } catch {
      return "failed";
    }
  };
}

/** Reads a call's body; throws a TypeError when it isn't one. */
export function readCall(body: unknown): CallRequest {
  const value: unknown = typeof body === "string" ? JSON.parse(body) : body;
  if (typeof value !== "object" || value === null || !("event" in value)) {
    throw new TypeError("The body of a call must be a JSON object with `event`, `steps` and `ctx`.");
  }
  const call = value as Partial<CallRequest>;
  const ctx: Partial<CallContext> = call.ctx ?? {};
  return {
    event: call.event as CallEvent,
    events: call.events ?? [],
    steps: call.steps ?? {},
    version: call.version ?? -1,
    use_api: ctx.use_api ?? call.use_api ?? false,
    ctx: {
      ...ctx,
      run_id: ctx.run_id ?? "",
      fn_id: ctx.fn_id ?? "",
      env: ctx.env ?? "",
      step_id: ctx.step_id ?? DISCOVERY_STEP_ID,
      attempt: ctx.attempt ?? 0,
      max_attempts: ctx.max_attempts ?? Number.POSITIVE_INFINITY,
      stack: ctx.stack ?? { stack: null, current: 0 },
      qi_id: ctx.qi_id ?? "",
      disable_immediate_execution: ctx.disable_immediate_execution ?? false,
      use_api: ctx.use_api ?? false,
    },
  };
}

/** Fetches what the call left out (keeps I2). Rejects when the server doesn't give it; the call is then tried again. */
export async function completeCall(call: CallRequest, connection: Connection): Promise<CallRequest> {
  if (!call.use_api) return call;
  const fetchJson = async (what: string): Promise<unknown> => {
    const reply = await withRetries(connection.runtime, () =>
      connection.callApi({ method: "GET", path: `v0/runs/${call.ctx.run_id}/${what}` }),
    );
    if (reply.status !== 200)
      throw new Error(`The run's ${what} could not be fetched (HTTP ${reply.status}: ${reply.body.slice(0, 500)}).`);
    return JSON.parse(reply.body) as unknown;
  };
  const [events, steps] = await Promise.all([fetchJson("batch"), fetchJson("actions")]);
  const list = events as readonly CallEvent[];
  return { ...call, events: list, event: list[0] ?? call.event, steps: steps as CallRequest["steps"] };
}
