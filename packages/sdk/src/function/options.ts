/**
 * Options of a function. Expressions are CEL over `event` (the triggering event) and, where a second event is involved, `async`.
 *
 * Source: sdk 4.1, wire-protocol 4.4.
 */
import type { AnyEventType, EventName, EventTypes } from "../event/event-type.ts";
import type { Any } from "../json/any.ts";
import type { Triggers } from "../trigger/trigger.ts";
import type { Duration, Timeout } from "../time/duration.ts";
import type { FailureHandler } from "./context.ts";

/** At most `limit` steps of the function's runs are in progress at a time; sleeping and waiting ones don't count. */
export type ConcurrencyOption = {
  readonly limit: number;
  /** Expression; the limit counts per value of it. */
  readonly key?: string;
  /** Who shares the limit: this function (default), all functions of the environment, or of the account. The last two need a `key`. */
  readonly scope?: "fn" | "env" | "account";
};

/** Limits of runs under way (sleeping and waiting ones count), and of steps in progress. */
export type SplitConcurrency = {
  readonly fn?: { readonly limit: number; readonly key?: string };
  readonly step?: number | ConcurrencyOption | readonly ConcurrencyOption[];
};

export type CancelOption<E extends EventTypes = EventTypes> = {
  /** Event that cancels the run. */
  readonly event: EventName<E> | AnyEventType;
  /** Expression over `event` and `async` (the cancelling event). Default: any such event. */
  readonly if?: string;
  /** Path that must be equal in both events, such as `"data.orderId"`. Instead of `if`. */
  readonly match?: string;
  /** How long to listen. Default: a year. */
  readonly timeout?: Timeout;
};

/** Retries after the first try (0 to 20), or their number and the delays before them. */
export type RetryOptions = number | { readonly attempts?: number; readonly backoff?: BackoffOptions };

/**
 * Delays between attempts. Only Pawl's server acts on them; others use the protocol's table (15 s, 30 s, 60 s … 2 h).
 * `constant`: always `min`; `linear`: `min` more each time; `exponential` (default): `factor` times as long each time.
 */
export type BackoffOptions = {
  readonly kind?: "exponential" | "linear" | "constant";
  /** Delay before the first retry; 1 ms to 24 h. */
  readonly min: Duration;
  /** Longest delay. Default 24 h. */
  readonly max?: Duration;
  /** 1 to 10. Default 2. */
  readonly factor?: number;
  /** Share of the delay that is added at random, 0 to 1. Default 0.2. */
  readonly jitter?: number;
};

export type CheckpointingOption =
  | boolean
  | {
      /** After this, the function returns to the server at the next step. 0: never. Default: 10 s when served. */
      readonly maxRuntime?: Duration;
      /** Results kept before they are saved. Default 1: every earlier result is saved before a step's code starts. */
      readonly bufferedSteps?: number;
      /** With `bufferedSteps` above 1: save at least this often. 0 (default): only when the buffer is full. */
      readonly maxInterval?: Duration;
    };

export type FunctionOptions<E extends EventTypes = EventTypes, T extends Triggers<E> | undefined = Triggers<E> | undefined> = {
  /** Unique within the app, and stable: it is the function's identity. */
  readonly id: string;
  /** For people. Default: the id. */
  readonly name?: string;
  /** For readers of the code; not sent. */
  readonly description?: string;
  /** What starts the function. Default: nothing but direct invocation. At most 10. */
  readonly triggers?: T;
  /** Retries after a failure, for each step and for the code between steps; 0 to 20. Default: the server's, 4. */
  readonly retries?: RetryOptions;
  /** Limit of steps in progress; up to two. `fn`: limit of whole runs, from their first step to their end. Default: none. */
  readonly concurrency?: number | ConcurrencyOption | readonly ConcurrencyOption[] | SplitConcurrency;
  /** Collects events and starts one run for several. Not together with `cancelOn`, `debounce`, `singleton`, `priority`. */
  readonly batchEvents?: {
    /** At least 2. */
    readonly maxSize: number;
    /** A batch starts at the latest this long after its first event. At least 1 s. */
    readonly timeout: Duration;
    /** Expression; one batch per value of it. */
    readonly key?: string;
    /** Expression; events for which it isn't true start a run of their own. */
    readonly if?: string;
  };
  /** Expression; at most one run per value of it within 24 h. */
  readonly idempotency?: string;
  /** At most `limit` runs are started per `period` (up to 24 h); further events start none. */
  readonly rateLimit?: { readonly limit: number; readonly period: Duration; readonly key?: string };
  /** At most `limit` runs (plus `burst`) are started per `period`; further ones wait. */
  readonly throttle?: { readonly limit: number; readonly period: Duration; readonly key?: string; readonly burst?: number };
  /** Starts one run `period` (1 s to 7 days) after the last event, with the last event; at the latest after `timeout`. */
  readonly debounce?: { readonly period: Duration; readonly key?: string; readonly timeout?: Duration };
  /** `run`: expression that yields seconds; a run with a higher value is treated as queued that much earlier. */
  readonly priority?: { readonly run?: string };
  /** Cancels runs that haven't started `start` after they were queued, or finished `finish` after they started. */
  readonly timeouts?: { readonly start?: Duration; readonly finish?: Duration };
  /** One run at a time (per value of `key`): a new one is skipped, or cancels the old one. */
  readonly singleton?: { readonly mode: "skip" | "cancel"; readonly key?: string };
  /** Events that cancel a run; up to 5. */
  readonly cancelOn?: readonly CancelOption<E>[];
  /** Runs after a run has failed for good, as a function of its own with one retry. */
  readonly onFailure?: FailureHandler<E, T>;
  /** Saves results of steps while the function goes on, instead of returning after each. Default: the client's, else on. */
  readonly checkpointing?: CheckpointingOption;
  /**
   * When the function goes on after parallel steps. Default: after each one, so that `Promise.race` is won by the first; steps that
   * finish together are taken together. True: once, when all are done, which saves calls where nothing races. False: as by default, in
   * the form that older servers understand.
   */
  readonly optimizeParallelism?: boolean;
};

/** Options without the types of events. */
export type AnyFunctionOptions = FunctionOptions<EventTypes, Any>;
