/**
 * What a handler gets.
 *
 * Source: sdk 6, 10.3.
 */
import type { SerializedError } from "@pawl/protocol";
import type { DeferTool } from "../defer/tool.ts";
import type { EventTypes } from "../event/event-type.ts";
import type { FailureData, ReceivedEvent } from "../event/payload.ts";
import type { Logger } from "../logger.ts";
import type { GroupTools, StepTools } from "../step/tools.ts";
import type { HandlerEvent } from "../trigger/trigger.ts";

/** What does not depend on the function's triggers. */
export type BaseContext<E extends EventTypes = EventTypes> = {
  /** ULID of the run. */
  readonly runId: string;
  /** Zero-based attempt of the current request; counts anew after each finished step. */
  readonly attempt: number;
  /** Retries + 1. */
  readonly maxAttempts: number;
  readonly step: StepTools<E>;
  readonly group: GroupTools;
  /** Starts a function when this run has ended. */
  readonly defer: DeferTool;
  /** The client's logger. Silent while remembered steps are replayed, so that nothing is logged twice. */
  readonly logger: Logger;
  /** Aborts when the server has given the run to another request: nothing done from then on will be kept. */
  readonly signal: AbortSignal;
  readonly requestId: string | undefined;
  readonly jobId: string | undefined;
};

/** Context of a handler. */
export type Context<E extends EventTypes, T> = BaseContext<E> & {
  /** The event that started the run; the first one of a batch. */
  readonly event: HandlerEvent<E, T>;
  /** All events of a batch; one otherwise. */
  readonly events: readonly [HandlerEvent<E, T>, ...HandlerEvent<E, T>[]];
};

/** Event that tells of a failed run; `data.event` is the one that had started it. */
export type FailureEvent<E extends EventTypes, T> = ReceivedEvent<"inngest/function.failed", FailureData<HandlerEvent<E, T>>>;

/** Context of an `onFailure` handler. */
export type FailureContext<E extends EventTypes, T> = BaseContext<E> & {
  readonly event: FailureEvent<E, T>;
  readonly events: readonly [FailureEvent<E, T>, ...FailureEvent<E, T>[]];
  /** What the run failed with. */
  readonly error: Error & Partial<Pick<SerializedError, "code" | "data">>;
};

/** Code of a function. What it returns must be expressible as JSON. */
export type Handler<E extends EventTypes, T, Output> = (context: Context<E, T>) => Output;

export type FailureHandler<E extends EventTypes, T> = (context: FailureContext<E, T>) => unknown;
