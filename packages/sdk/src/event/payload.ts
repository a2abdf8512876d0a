/**
 * Events as they are sent and as functions receive them, and the events that the server itself emits.
 *
 * Source: wire-protocol 8.2 and 8.7, sdk 3.
 */
import type { SerializedError } from "@pawl/protocol";
import type { Any } from "../json/any.ts";

/** Sessions: at most 5 keys per event. `null` removes an inherited key, or all of them. */
export type EventMeta = { readonly sessions?: Readonly<Record<string, string | number | null>> | null };

type EventBase<Name extends string> = {
  name: Name;
  /** Idempotency id: within 24 h, a function is started once per id. Default: a new one. */
  id?: string;
  /** Unix milliseconds. A future value delays the run's start until then. Default: now. */
  ts?: number;
  /** Version of the data's shape. */
  v?: string;
  user?: Record<string, unknown>;
  meta?: EventMeta;
};

/** An event to send. `data` may be left out where all of it is optional. */
export type EventInput<Name extends string = string, Data = Any> = EventBase<Name> &
  (Record<never, never> extends Data ? { data?: Data } : { data: Data });

/** An event as a function receives it. */
export type ReceivedEvent<Name extends string = string, Data = Any> = {
  readonly name: Name;
  readonly data: Data;
  readonly id: string;
  /** Unix milliseconds. */
  readonly ts: number;
  readonly v?: string;
  readonly user?: Readonly<Record<string, Any>>;
  readonly meta?: { readonly sessions?: Readonly<Record<string, string>> };
};

/** Data of the server's own events. */
export type SystemEventData = {
  "inngest/function.failed": FailureData;
  "inngest/function.finished": {
    function_id: string;
    run_id: string;
    correlation_id?: string;
    result?: Any;
    error?: SerializedError;
    event: ReceivedEvent;
    events: ReceivedEvent[];
  };
  "inngest/function.cancelled": {
    function_id: string;
    run_id: string;
    correlation_id?: string;
    event: ReceivedEvent;
    events: ReceivedEvent[];
  };
  "inngest/function.invoked": Record<string, Any>;
  "inngest/scheduled.timer": { cron: string; scheduledAt?: string; fireAt?: string };
  "inngest/http.request": Record<string, Any>;
  "inngest/deferred.schedule": Record<string, Any>;
};

export type SystemEventName = keyof SystemEventData;

/** Data of the event that tells of a failed run. `event` is the one that started it. */
export type FailureData<Event = ReceivedEvent> = {
  /** Slug, `<app>-<function>`. */
  function_id: string;
  run_id: string;
  error: SerializedError;
  event: Event;
  events: Event[];
};

/** Name of the event of a direct invocation. */
export const INVOKED_EVENT = "inngest/function.invoked";
/** Name of the event of a failed run. */
export const FAILED_EVENT = "inngest/function.failed";
/** Name of the event of something deferred. */
export const DEFERRED_EVENT = "inngest/deferred.schedule";
/** Name of the event of a schedule. */
export const TIMER_EVENT = "inngest/scheduled.timer";
