/**
 * The apps of a worker: what it tells about them, and how their functions are called.
 *
 * I1  A call always ends in a reply that can be sent; what goes wrong around the function is a reply that can be retried.
 *
 * Source: wire-protocol 4.8, 9.4, 9.5; sdk 18.
 */
import {
  CONNECT_FRAME_BYTES_MAX,
  DISCOVERY_STEP_ID,
  REPLY_STATUS,
  type AppConfiguration,
  type ExecutorRequest,
  type WorkerReply,
} from "@pawl/protocol";
import type { AnyPawl } from "../client/client.ts";
import type { Connection } from "../client/connection.ts";
import { serializeError } from "../error/serialize-error.ts";
import { functionConfigs } from "../function/config.ts";
import type { AnyFunction } from "../function/function.ts";
import { replyOf, type OutcomeReply } from "../run/outcome.ts";
import type { TraceHeaders } from "../run/tracing.ts";
import { executeCall, type Callable } from "../serve/call.ts";
import { callablesOf } from "../serve/callables.ts";
import { httpSave } from "../serve/checkpoint.ts";
import { completeCall, readCall, requestVersion } from "../serve/read-call.ts";
import { SDK_ID } from "../version.ts";
import type { ConnectApp } from "./options.ts";

/** Base of the functions' addresses: they say "over the connection". */
const FUNCTION_BASE_URL = "wss://connect";

/** Time after which a call returns to the server, in milliseconds: a worker has no host that ends its calls. */
const MAX_RUNTIME_MS = 5 * 60_000;

/** What fits into a frame beside the reply's other fields. A larger frame would end the connection. */
const BODY_BYTES_MAX: number = CONNECT_FRAME_BYTES_MAX - 65_536;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class WorkerApp {
  readonly client: AnyPawl;
  readonly connection: Connection;
  private readonly functions: readonly AnyFunction[];
  private readonly callables: ReadonlyMap<string, Callable>;

  /** Throws a TypeError when two functions share an id. */
  constructor({ client, functions = client.functions }: ConnectApp) {
    this.client = client;
    this.connection = client.connect();
    this.functions = functions;
    this.callables = callablesOf(functions);
  }

  /** What the server is told. */
  configuration(): AppConfiguration {
    const configs = this.functions.flatMap((fn) => functionConfigs(fn, { type: "ws", url: FUNCTION_BASE_URL }));
    const { appVersion } = this.client.options;
    return {
      appName: this.client.id,
      functions: encoder.encode(JSON.stringify(configs)),
      ...(appVersion === undefined ? {} : { appVersion }),
    };
  }

  /** Calls a function. Never rejects (I1). */
  async answer(request: ExecutorRequest): Promise<WorkerReply> {
    try {
      const { reply, version } = await this.call(request);
      const message = this.reply(request, reply, version);
      if (message.body.byteLength <= BODY_BYTES_MAX) return message;
      throw new Error(
        `The answer has ${message.body.byteLength} bytes; at most ${BODY_BYTES_MAX} can be sent. Return a reference to where it is.`,
      );
    } catch (error) {
      this.client.logger.error(`The call of "${request.functionSlug}" could not be made.`, error);
      const body = JSON.stringify({ type: "internal", ...serializeError(error) });
      return this.reply(request, { status: 500, headers: {}, body }, 0);
    }
  }

  private async call(request: ExecutorRequest): Promise<{ readonly reply: OutcomeReply; readonly version: number }> {
    const { client, connection } = this;
    const startedAt = connection.runtime.now();
    const callable = this.callables.get(request.functionSlug);
    if (callable === undefined) throw new Error(`There is no function "${request.functionSlug}" in app "${client.id}". Was it removed?`);
    const call = await completeCall(readCall(decoder.decode(request.requestPayload)), connection);
    const { requestId, stepId = DISCOVERY_STEP_ID, jobId } = request;
    const generationId = call.ctx.generation_id ?? 0;
    const version = requestVersion(call.version, { client, callable });
    const outcome = await executeCall({
      client,
      callable,
      request: call,
      stepId: stepId === "" ? DISCOVERY_STEP_ID : stepId,
      requestId,
      jobId,
      trace: traceOf(request.userTraceCtx),
      save: call.ctx.fn_id === "" ? undefined : httpSave(connection, { ctx: call.ctx, requestId, generationId, startedAt }),
      maxRuntimeMs: MAX_RUNTIME_MS,
    });
    return { reply: replyOf(outcome), version };
  }

  private reply(request: ExecutorRequest, { status, headers, body }: OutcomeReply, requestVersionUsed: number): WorkerReply {
    const { requestId, accountId, envId, appId, systemTraceCtx, userTraceCtx, runId } = request;
    const retryAfter = headers["retry-after"];
    return {
      requestId,
      accountId,
      envId,
      appId,
      status: status === 200 ? REPLY_STATUS.done : status === 206 ? REPLY_STATUS.notCompleted : REPLY_STATUS.error,
      body: encoder.encode(body),
      noRetry: headers["x-inngest-no-retry"] === "true",
      ...(retryAfter === undefined ? {} : { retryAfter }),
      sdkVersion: SDK_ID,
      requestVersion: requestVersionUsed,
      systemTraceCtx,
      userTraceCtx,
      runId,
    };
  }
}

/** What is no JSON object of two texts is no context. */
function traceOf(bytes: Uint8Array): TraceHeaders | undefined {
  try {
    const { traceparent, tracestate = "" } = JSON.parse(decoder.decode(bytes)) as Partial<TraceHeaders>;
    return typeof traceparent === "string" && typeof tracestate === "string" ? { traceparent, tracestate } : undefined;
  } catch {
    return undefined;
  }
}
