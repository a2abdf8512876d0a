/**
 * Triggers: what starts a function, as users write it, and the events that a function with given triggers receives.
 *
 * Source: sdk 5, wire-protocol 4.4.1.
 */
import type { TriggerConfig } from "@pawl/protocol";
import type { AnyEventType, EventName, EventTypes, ReceivedOfName, ReceivedOfType } from "../event/event-type.ts";
import { EventType } from "../event/event-type.ts";
import { INVOKED_EVENT, type ReceivedEvent, type SystemEventData } from "../event/payload.ts";
import type { StandardSchema } from "../event/standard-schema.ts";
import type { Any } from "../json/any.ts";
import { durationText, type Duration } from "../time/duration.ts";

/** By an event: its name, possibly with a wildcard at the end (`app/*`, `app/user.*`), or an event type. */
export type EventTrigger<E extends EventTypes> = {
  readonly event: EventName<E> | `${string}*` | AnyEventType;
  /** CEL over `event`; events for which it isn't true start nothing. */
  readonly if?: string;
};

/** By a schedule. */
export type CronTrigger = {
  /** Five fields, optionally after `TZ=<zone> `: `"TZ=Europe/Berlin 0 9 * * 1-5"`. */
  readonly cron: string;
  /** Random delay of up to this, from 1 s to 5 min, so that many functions don't start at the same moment. */
  readonly jitter?: Duration;
  /**
   * Ticks that were missed while the server was down: `one` (default) makes up for the latest, `all` for each, `skip` for none.
   * Only Pawl's server acts on it.
   */
  readonly missed?: "one" | "all" | "skip";
  /** `false`: no run begins while the last one of the schedule goes on. Default true. Only Pawl's server acts on it. */
  readonly overlap?: boolean;
};

/** Types the data of direct invocations; made by `invoke()`. It starts nothing by itself. */
export class InvokeTrigger<Sent = Any, Received = Sent> {
  readonly schema: StandardSchema<Sent, Received>;
  constructor(schema: StandardSchema<Sent, Received>) {
    this.schema = schema;
  }
}

export type Trigger<E extends EventTypes = EventTypes> = EventTrigger<E> | CronTrigger | AnyEventType | InvokeTrigger<Any, Any>;
export type Triggers<E extends EventTypes = EventTypes> = Trigger<E> | readonly Trigger<E>[];

/** A schedule as trigger. */
export function cron(expression: string, options?: Omit<CronTrigger, "cron">): CronTrigger {
  return { cron: expression, ...options };
}

/** Declares the data with which a function may be invoked directly. */
export function invoke<Sent, Received>(schema: StandardSchema<Sent, Received>): InvokeTrigger<Sent, Received> {
  return new InvokeTrigger(schema);
}

/** The elements of a trigger or a list of them. */
type Elements<T> = T extends readonly (infer U)[] ? U : T;

type EventOfTrigger<E extends EventTypes, T> =
  T extends InvokeTrigger<Any, Any>
    ? never
    : T extends AnyEventType
      ? ReceivedOfType<T>
      : T extends { readonly cron: string }
        ? ReceivedEvent<"inngest/scheduled.timer", SystemEventData["inngest/scheduled.timer"]>
        : T extends { readonly event: infer V }
          ? V extends AnyEventType
            ? ReceivedOfType<V>
            : V extends string
              ? ReceivedOfName<E, V>
              : never
          : never;

/** Received events of all triggers, without direct invocation. */
export type TriggeringEvent<E extends EventTypes, T> = EventOfTrigger<E, Elements<T>>;

type InvokeSchemas<T> = Extract<Elements<T>, InvokeTrigger<Any, Any>>;
type EventData<T> = T extends { readonly name: infer N; readonly data: infer D }
  ? "inngest/scheduled.timer" extends N
    ? never
    : D
  : never;
type SentOfTrigger<E extends EventTypes, T> = T extends AnyEventType
  ? SentOf<T>
  : T extends { readonly event: infer V }
    ? V extends AnyEventType
      ? SentOf<V>
      : V extends string
        ? string extends E[number]["name"]
          ? Any
          : SentOf<Extract<E[number], { readonly name: V }>>
        : never
    : never;
type SentOf<T> = T extends EventType<string, infer Sent, Any> ? Sent : never;

type OrRecord<T> = [T] extends [never] ? Record<string, Any> : T;

/** Data that a caller gives when it invokes a function with these triggers. */
export type InvokeInput<E extends EventTypes, T> =
  InvokeSchemas<T> extends never
    ? OrRecord<SentOfTrigger<E, Elements<T>>>
    : InvokeSchemas<T> extends InvokeTrigger<infer Sent, Any>
      ? Sent
      : never;

type InvokedData<E extends EventTypes, T> =
  InvokeSchemas<T> extends never
    ? OrRecord<EventData<TriggeringEvent<E, T>>>
    : InvokeSchemas<T> extends InvokeTrigger<Any, infer Received>
      ? Received
      : never;

/** What `event` is in a function's handler: the triggers' events, or a direct invocation. */
export type HandlerEvent<E extends EventTypes, T> = TriggeringEvent<E, T> | ReceivedEvent<typeof INVOKED_EVENT, InvokedData<E, T>>;

/** The list behind the forms that are allowed. */
export function listTriggers(triggers: Triggers | undefined): readonly Trigger[] {
  if (triggers === undefined) return [];
  return Array.isArray(triggers) ? (triggers as readonly Trigger[]) : [triggers as Trigger];
}

/** Wire form; `undefined` for triggers that exist only for types. Throws with `what` in front when the trigger can't be understood. */
export function triggerConfig(trigger: Trigger, what: string): TriggerConfig | undefined {
  if (trigger instanceof InvokeTrigger) return undefined;
  if (trigger instanceof EventType) return { event: trigger.name };
  if (typeof trigger === "object" && trigger !== null) {
    if ("cron" in trigger && typeof trigger.cron === "string" && trigger.cron !== "") {
      const { cron: schedule, jitter, missed, overlap } = trigger;
      return {
        cron: schedule,
        ...(jitter === undefined ? {} : { jitter: durationText(jitter, `${what}.jitter`) }),
        ...(missed === undefined ? {} : { missed }),
        ...(overlap === undefined ? {} : { overlap }),
      };
    }
    if ("event" in trigger && eventNameOf(trigger.event) !== "") {
      const event = eventNameOf(trigger.event);
      if (event === INVOKED_EVENT) return undefined;
      return { event, ...(trigger.if === undefined ? {} : { expression: trigger.if }) };
    }
  }
  throw new TypeError(`${what}: expected { event }, { cron }, an event type or invoke(schema), not ${JSON.stringify(trigger)}.`);
}

/** Name of an event given by name or type; empty when it is neither. */
export function eventNameOf(event: unknown): string {
  if (typeof event === "string") return event;
  return typeof event === "object" && event !== null && "name" in event && typeof event.name === "string" ? event.name : "";
}

/**
 * Schemas by which the data of an event is checked when it starts a function; empty when nothing is known about it. `known`: the client's event
 * types, for triggers that name an event only.
 */
export function schemasFor(eventName: string, triggers: readonly Trigger[], known: EventTypes): readonly StandardSchema[] {
  const types = triggers.map((trigger) => eventTypeOf(trigger, known));
  if (eventName !== INVOKED_EVENT) {
    const named = [...types, known.find((type) => type.name === eventName)].filter((type) => type?.name === eventName);
    return [...new Set(named)].flatMap((type) => type?.schema ?? []);
  }
  const invokes = triggers.flatMap((trigger) => (trigger instanceof InvokeTrigger ? [trigger.schema] : []));
  if (invokes.length > 0) return invokes;
  // A trigger without a schema accepts anything, so then nothing can be checked.
  const schemas = types.flatMap((type) => type?.schema ?? []);
  return schemas.length === triggers.length ? schemas : [];
}

function eventTypeOf(trigger: Trigger, known: EventTypes): AnyEventType | undefined {
  if (trigger instanceof EventType) return trigger;
  if (!("event" in trigger)) return undefined;
  const { event } = trigger;
  return event instanceof EventType ? event : known.find((type) => type.name === event);
}
