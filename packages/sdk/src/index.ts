/** Pawl: durable functions for TypeScript. */
export { Pawl, type AnyPawl } from "./client/client.ts";
export type { PawlOptions } from "./client/options.ts";
export type { Connection } from "./client/connection.ts";
export type { Runtime } from "./client/runtime.ts";
export { fetchTransport, type HttpReply, type HttpRequest, type Transport } from "./client/transport.ts";
export type { Variables } from "./client/environment.ts";

export { EventType, eventRecord, eventType } from "./event/event-type.ts";
export type { AnyEventType, CreatedEvent, CreateOptions, EventName, EventTypes, SendableEvent } from "./event/event-type.ts";
export { createDefer, DeferredFunction, type DeferContext, type DeferOptions, type DeferParent } from "./defer/deferred-function.ts";
export type { DeferHandle, DeferInput, DeferTool } from "./defer/tool.ts";

export type { EventInput, EventMeta, FailureData, ReceivedEvent, SystemEventData, SystemEventName } from "./event/payload.ts";
export { staticSchema, type StandardResult, type StandardSchema } from "./event/standard-schema.ts";

export { cron, invoke, InvokeTrigger } from "./trigger/trigger.ts";
export type { CronTrigger, EventTrigger, HandlerEvent, InvokeInput, Trigger, Triggers } from "./trigger/trigger.ts";

export { FunctionReference, PawlFunction, referenceFunction } from "./function/function.ts";
export type { AnyFunction, InputOfFunction, OutputOfFunction } from "./function/function.ts";
export type { BaseContext, Context, FailureContext, FailureEvent, FailureHandler, Handler } from "./function/context.ts";
export type {
  BackoffOptions,
  CancelOption,
  CheckpointingOption,
  ConcurrencyOption,
  FunctionOptions,
  RetryOptions,
  SplitConcurrency,
} from "./function/options.ts";

export type {
  AwaitedEvent,
  GroupTools,
  InvokeOptions,
  InvokeTarget,
  SignalOptions,
  StepId,
  StepResult,
  StepTools,
  WaitChoice,
  WaitCondition,
  WaitOptions,
  WaitTarget,
} from "./step/tools.ts";
export type { Duration, DurationLike, Instant, InstantLike, Timeout, TimeStr } from "./time/duration.ts";
export type { Jsonify } from "./json/jsonify.ts";
export type { Any } from "./json/any.ts";

export { channel, realtime } from "./realtime/channel.ts";
export type { AnyChannel, Channel, ChannelDefinition, PublishedData, ReceivedData, TopicRef } from "./realtime/channel.ts";
export type { RealtimeTools } from "./realtime/tools.ts";

export { EventValidationError, NestedStepError, NonRetriableError, RetryAfterError, StepError } from "./error/errors.ts";
export { consoleLogger, type Logger, type LogLevel } from "./logger.ts";

export type { AsyncRun, Endpoint, EndpointAdapter, EndpointContext, EndpointHandler, EndpointOptions } from "./endpoint/options.ts";
export type { PipeSource, StreamTools } from "./endpoint/stream.ts";

export { createHandler } from "./serve/web.ts";
export type { AdapterOptions, ServeOptions } from "./serve/options.ts";
export { VERSION } from "./version.ts";

import type { Jsonify as JsonForm } from "./json/jsonify.ts";
import type { OutputOfFunction as RawOutput } from "./function/function.ts";
import type { Pawl as Client } from "./client/client.ts";
import type { StepTools as Tools } from "./step/tools.ts";

/** What callers of a function get: its handler's result as JSON. */
export type GetFunctionOutput<F> = JsonForm<RawOutput<F>>;
/** Step tools of a client's functions, for helpers that take them as argument. */
export type GetStepTools<C> = C extends Client<infer E> ? Tools<E> : never;

export { anthropic, deepseek, gemini, grok, models, openai, openaiResponses } from "./ai/model.ts";
export type { AiFormat, AiInput, AiModel, AiOutput, AnthropicOptions, ModelOptions } from "./ai/model.ts";
export type * from "./ai/provider-types.ts";
