/**
 * Types of the step tools.
 *
 * I1  What a step resolves to is typed as its JSON form, because that is what a replay yields.
 *
 * Source: sdk 7.
 */
import type { AiInput, AiModel, AiOutput, models } from "../ai/model.ts";
import type { AnyEventType, EventName, EventTypes, ReceivedOfName, ReceivedOfType, SendableEvent } from "../event/event-type.ts";
import type { EventMeta } from "../event/payload.ts";
import type { RetryOptions } from "../function/options.ts";
import type { FunctionReference, InputOfFunction, OutputOfFunction, PawlFunction } from "../function/function.ts";
import type { Any } from "../json/any.ts";
import type { Jsonify } from "../json/jsonify.ts";
import type { TopicRef } from "../realtime/channel.ts";
import type { Duration, Instant, Timeout } from "../time/duration.ts";

/** Identity of a step. Repeated ids are numbered in the order of their calls. */
export type StepId =
  | string
  | {
      readonly id: string;
      /** For people. Default: the id. */
      readonly name?: string;
      /** `race`: continue the function after each parallel step, `wait`: after the last. Default: see `optimizeParallelism`. */
      readonly parallelMode?: "race" | "wait";
      /**
       * Retries of this step alone, where its code runs in the app. Default: the function's. Other servers than Pawl's know no `backoff`, and
       * allow no more attempts than the function has.
       */
      readonly retries?: RetryOptions;
    };

/** What a step's callback yields, as JSON. */
export type StepResult<R> = Jsonify<Awaited<R>>;

/** A condition on an awaited event: one of the two, or none. */
export type WaitCondition =
  | {
      /** Expression over `event` (the triggering event) and `async` (the awaited one). Default: any such event. */
      readonly if?: string;
      readonly match?: never;
    }
  | {
      /** Path that must be equal in both events, such as `"data.orderId"`. */
      readonly match: string;
      readonly if?: never;
    };

/** An event by name or type. */
export type WaitTarget<E extends EventTypes> = EventName<E> | AnyEventType;

/** One of several events; with a condition of its own it takes the place of the wait's. */
export type WaitChoice<E extends EventTypes> = WaitTarget<E> | ({ readonly event: WaitTarget<E> } & WaitCondition);

/** The events that a wait names. */
export type TargetOf<Target> = Target extends AnyEventType
  ? Target
  : Target extends readonly (infer Choice)[]
    ? TargetOf<Choice>
    : Target extends { readonly event: infer Event }
      ? Event
      : Target;

export type WaitOptions<Target> = {
  /** What to wait for. A list: the first of them that comes, at most 10. Other servers than Pawl's wait for the first of the list only. */
  readonly event: Target;
  /**
   * Counts events, too, that came so long before the wait began, or since the run was scheduled (`"run"`); at most 24 h. Default: only what
   * comes afterwards. Only Pawl's server acts on it.
   */
  readonly lookBack?: Duration | "run";
  /** How long: milliseconds, `"3d"`, or a date. At most 366 days. */
  readonly timeout: Timeout;
} & WaitCondition;

/** The received event for a name or an event type. */
export type AwaitedEvent<E extends EventTypes, Target> = Target extends AnyEventType
  ? ReceivedOfType<Target>
  : Target extends string
    ? ReceivedOfName<E, Target>
    : never;

/** A function object, a reference, or the slug `<app>-<function>`. */
export type InvokeTarget = PawlFunction<Any, Any> | FunctionReference<Any, Any> | string;

export type InvokeOptions<F> = {
  readonly function: F;
  /** How long to wait for the result; then the step fails. Default: a year. */
  readonly timeout?: Timeout;
  readonly v?: string;
  readonly user?: Record<string, unknown>;
  readonly meta?: EventMeta;
} & (Record<never, never> extends InputOfFunction<F> ? { readonly data?: InputOfFunction<F> } : { readonly data: InputOfFunction<F> });

export type SignalOptions = {
  /** Name of the signal; one run at a time may wait for it. */
  readonly signal: string;
  readonly timeout: Timeout;
  /** When another run waits for it already: fail this run (default), or take the signal over. */
  readonly onConflict?: "fail" | "replace";
};

export interface StepTools<E extends EventTypes = EventTypes> {
  /**
   * Runs `fn` once and remembers its result. When it throws, it is tried again; when no attempt is left, a StepError is thrown here.
   * Further arguments are passed to `fn` and shown as the step's input.
   */
  run<A extends unknown[], R>(id: StepId, fn: (...input: A) => R, ...input: A): Promise<StepResult<R>>;

  /** Pauses the run. No process waits meanwhile. At most 366 days. */
  sleep(id: StepId, duration: Duration): Promise<void>;

  /** Pauses the run until a date; a past one doesn't pause. */
  sleepUntil(id: StepId, instant: Instant): Promise<void>;

  /**
   * Waits for an event, or for the first of several; `null` when none came within the timeout. Only events that come after this call count,
   * unless `lookBack` says otherwise. The `name` of the event tells which of several came.
   */
  waitForEvent<const Target extends WaitTarget<E> | readonly WaitChoice<E>[]>(
    id: StepId,
    options: WaitOptions<Target>,
  ): Promise<AwaitedEvent<E, TargetOf<Target>> | null>;

  /** Sends one or several events once. */
  sendEvent(id: StepId, events: SendableEvent<E> | readonly SendableEvent<E>[]): Promise<{ ids: string[] }>;

  /** Calls another function and waits for what it returns. Throws a StepError when it fails or takes too long. */
  invoke<F extends InvokeTarget>(id: StepId, options: InvokeOptions<F>): Promise<Jsonify<OutputOfFunction<F>>>;

  /** Waits for a signal sent by name; `null` when none came within the timeout. */
  waitForSignal<T = Any>(id: StepId, options: SignalOptions): Promise<{ signal: string; data: Jsonify<T> } | null>;

  /** Sends a signal. `runId`: the run that received it, when one was waiting. */
  sendSignal(id: StepId, options: { readonly signal: string; readonly data?: unknown }): Promise<{ runId?: string }>;

  readonly realtime: {
    /** Publishes a message once, to whoever listens then, and resolves to its data. */
    publish<Data>(id: StepId, topic: TopicRef<Data>, data: Data): Promise<Jsonify<Data>>;
  };

  readonly ai: {
    /**
     * Asks a model, and waits for its answer without holding a process: the server makes the request. Throws a StepError when it fails for
     * good. The result is the provider's answer.
     */
    infer<M extends AiModel>(id: StepId, options: { readonly model: M; readonly body: AiInput<M> }): Promise<Jsonify<AiOutput<M>>>;
    /** Runs `fn` once and remembers its result, as `step.run` does; shown as a call of a model, with its arguments. */
    wrap<A extends unknown[], R>(id: StepId, fn: (...input: A) => R, ...input: A): Promise<StepResult<R>>;
    /** Models of providers. */
    readonly models: typeof models;
  };

  /**
   * The same as the platform's `fetch`, but the server makes the request, and the run waits without holding a process. Any HTTP status is an
   * answer; when none comes, it is tried again, and in the end a StepError is thrown. The step is named after the host. Bodies are text, of at
   * most 4 MiB; signals have no effect. May be handed to clients of APIs that take a `fetch`.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
}

export interface GroupTools {
  /**
   * Calls `fn`. With `mode: "wait"`, the function goes on after the last of the steps that `fn` calls before its first `await`, which
   * saves calls; with `"race"` after each one, so that `Promise.race` over them is decided by the first.
   */
  parallel<R>(fn: () => Promise<R>): Promise<R>;
  parallel<R>(options: { readonly mode?: "race" | "wait" }, fn: () => Promise<R>): Promise<R>;
}
