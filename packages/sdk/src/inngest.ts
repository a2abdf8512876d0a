/**
 * Names under which existing code imports these things: change `from "inngest"` to `from "pawl/inngest"`.
 *
 * The only difference in behaviour to `Pawl`: in cloud mode, without an address, the hosted service of that name is used.
 */
import { Pawl } from "./client/client.ts";
import type { DefaultOrigins } from "./client/mode.ts";
import type { EventType, EventTypes } from "./event/event-type.ts";
import type { Any } from "./json/any.ts";

export * from "./index.ts";
export type { Context as HandlerContext } from "./function/context.ts";
export { PawlFunction as InngestFunction, FunctionReference as InngestFunctionReference } from "./function/function.ts";
export type { PawlOptions as ClientOptions } from "./client/options.ts";
export type { EventInput as EventPayload } from "./event/payload.ts";
export { step } from "./endpoint/current.ts";
export { consoleLogger as ConsoleLogger } from "./logger.ts";
export { SDK_ID as version } from "./version.ts";

const HOSTED: DefaultOrigins = { api: "https://api.inngest.com/", events: "https://inn.gs/" };

/** The client under its other name. */
export class Inngest<const E extends EventTypes = EventTypes> extends Pawl<E> {
  protected override defaultOrigins(): DefaultOrigins {
    return HOSTED;
  }
}

type DataOf<T> = T extends { readonly data: infer Data } ? Data : Record<string, Any>;

/**
 * Event types from a record in the older form, `{ "order/paid": { data: { id: string } } }`:
 * `new Inngest({ id, events: eventSchemas<MyEvents>() })`.
 */
export function eventSchemas<R extends object>(): readonly { [Name in keyof R & string]: EventType<Name, DataOf<R[Name]>> }[keyof R &
  string][] {
  return [];
}
