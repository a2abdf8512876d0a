/**
 * Event types: a name with the type, and maybe the schema, of its data. A list of them given to the client types every place where an
 * event is named: `send`, triggers, waits, cancellations.
 *
 * I1  A schema is applied where events are sent (what it accepts travels) and again where they are received (what it yields is delivered).
 *
 * Source: sdk 3.2, 3.3.
 */
import { EventValidationError } from "../error/errors.ts";
import type { Any } from "../json/any.ts";
import type { EventInput, ReceivedEvent, SystemEventData, SystemEventName } from "./payload.ts";
import { validateStandard, type InputOf, type OutputOf, type StandardSchema } from "./standard-schema.ts";

/** An event built by `EventType.create`. Sending it validates it first. */
export type CreatedEvent<Name extends string = string, Data = Any> = EventInput<Name, Data> & {
  /** Rejects with an EventValidationError when the data doesn't fit the schema. */
  validate(): Promise<void>;
};

export type CreateOptions = Pick<EventInput, "id" | "ts" | "v" | "meta">;

/** A name with the type of its data. `Sent` is what senders give, `Received` what functions get. */
export class EventType<Name extends string = string, Sent = Any, Received = Sent> {
  readonly name: Name;
  readonly schema: StandardSchema<Sent, Received> | undefined;
  /** Copied to `v` of created events. */
  readonly version: string | undefined;

  constructor(
    name: Name,
    options?: { readonly schema?: StandardSchema<Sent, Received> | undefined; readonly version?: string | undefined },
  ) {
    if (typeof name !== "string" || name === "") throw new TypeError("eventType: expected a non-empty name.");
    this.name = name;
    this.schema = options?.schema;
    this.version = options?.version;
  }

  /** Same as `name`. */
  get event(): Name {
    return this.name;
  }

  /** An event of this type, ready to be sent. */
  create(...args: CreateArguments<Sent>): CreatedEvent<Name, Sent> {
    const [data, options] = args as [Sent | undefined, CreateOptions | undefined];
    const event: Record<string, unknown> = { name: this.name, data: data ?? {}, ...options };
    if (this.version !== undefined) event["v"] ??= this.version;
    const validate = async (): Promise<void> => {
      await this.check(event["data"]);
    };
    // Not enumerable, so that it doesn't travel.
    Object.defineProperty(event, "validate", { value: validate });
    return event as CreatedEvent<Name, Sent>;
  }

  /** The data as the schema yields it. Rejects with an EventValidationError. Without a schema, the data itself. */
  async check(data: unknown): Promise<Received> {
    if (this.schema === undefined) return data as Received;
    const result = await validateStandard(this.schema, data);
    if ("issues" in result)
      throw new EventValidationError(`Event "${this.name}": its data doesn't fit the schema: ${result.issues.join("; ")}.`);
    return result.value as Received;
  }
}

type CreateArguments<Sent> =
  Record<never, never> extends Sent ? [data?: Sent, options?: CreateOptions] : [data: Sent, options?: CreateOptions];

/** Any event type. */
export type AnyEventType = EventType<string, Any, Any>;

/**
 * Declares an event type.
 *
 * `schema`: any Standard Schema (Zod, Valibot, ArkType …), or `staticSchema<T>()` for a type without checks at run time.
 */
export function eventType<const Name extends string, S extends StandardSchema<Any, Any>>(
  name: Name,
  options: { readonly schema: S; readonly version?: string },
): EventType<Name, InputOf<S>, OutputOf<S>>;
export function eventType<const Name extends string>(
  name: Name,
  options?: { readonly version?: string },
): EventType<Name, Record<string, Any>>;
export function eventType(name: string, options?: { readonly schema?: StandardSchema<Any, Any>; readonly version?: string }): AnyEventType {
  return new EventType(name, options);
}

/** The event types a client knows. Without any, all names are allowed and data is `any`. */
export type EventTypes = readonly AnyEventType[];

/**
 * Event types from a record of types, without checks at run time: `events: eventRecord<{ "order/paid": { id: string } }>()`.
 */
export function eventRecord<R extends object>(): readonly { [Name in keyof R & string]: EventType<Name, R[Name]> }[keyof R & string][] {
  return [];
}

/** Names that may be used where one event is meant. */
export type EventName<E extends EventTypes> = string extends E[number]["name"] ? string : E[number]["name"] | SystemEventName;

/** Events that may be sent. */
export type SendableEvent<E extends EventTypes> = InputOfType<E[number]> | CreatedEvent;
type InputOfType<T> = T extends EventType<infer Name, infer Sent, Any> ? EventInput<Name, Sent> : never;

/** The received event of an event type. */
export type ReceivedOfType<T> = T extends EventType<infer Name, Any, infer Received> ? ReceivedEvent<Name, Received> : never;

/** The received event for a name: a known one, one of the server's, those that a wildcard covers, or one with unknown data. */
export type ReceivedOfName<E extends EventTypes, Name extends string> = Name extends SystemEventName
  ? ReceivedEvent<Name, SystemEventData[Name]>
  : string extends E[number]["name"]
    ? ReceivedEvent<Name extends `${string}*` ? string : Name, Any>
    : Name extends `${infer Prefix}*`
      ? ReceivedOfType<Extract<E[number], { readonly name: `${Prefix}${string}` }>>
      : ReceivedOfType<Extract<E[number], { readonly name: Name }>>;
