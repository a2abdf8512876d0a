/**
 * Functions that other functions defer to.
 *
 * I1  The handler gets the data that was deferred, as the schema yields it; the server's note of who asked is not part of it.
 *
 * Source: sdk 22.1, wire-protocol 4.4.1 and 8.7.
 */
import { DEFERRED_EVENT, type INVOKED_EVENT, type ReceivedEvent } from "../event/payload.ts";
import { EventValidationError } from "../error/errors.ts";
import { validateStandard, type StandardSchema } from "../event/standard-schema.ts";
import type { EventTypes } from "../event/event-type.ts";
import type { AnyPawl, Pawl } from "../client/client.ts";
import type { BaseContext } from "../function/context.ts";
import { checkOptions } from "../function/check.ts";
import { functionSlug, PawlFunction, type AnyHandler } from "../function/function.ts";
import type { AnyFunctionOptions, FunctionOptions } from "../function/options.ts";
import type { Any } from "../json/any.ts";

/** Options of a deferred function: those of any function, but for what starts it. */
export type DeferOptions<E extends EventTypes, Input, Output> = Omit<FunctionOptions<E>, "triggers" | "onFailure" | "batchEvents"> & {
  /** Checks the data when it is deferred (where the schema answers at once) and when the function starts. Default: any object. */
  readonly schema?: StandardSchema<Input, Output>;
};

/** The run that deferred. */
export type DeferParent = { readonly fnSlug: string; readonly runId: string };

/** Context of a deferred function's handler. */
export type DeferContext<E extends EventTypes, Received> = BaseContext<E> & {
  readonly event: ReceivedEvent<typeof DEFERRED_EVENT | typeof INVOKED_EVENT, Received>;
  readonly events: readonly [
    ReceivedEvent<typeof DEFERRED_EVENT | typeof INVOKED_EVENT, Received>,
    ...ReceivedEvent<typeof DEFERRED_EVENT | typeof INVOKED_EVENT, Received>[],
  ];
  /** Who deferred; empty when the function was invoked directly. */
  readonly parents: readonly DeferParent[];
};

/** A function to defer to. Make it with `createDefer`. */
export class DeferredFunction<Input = Any, Output = Any> extends PawlFunction<Input, Output> {
  readonly isDeferred = true;
  readonly schema: StandardSchema<Any, Any> | undefined;

  constructor(
    appId: string,
    options: AnyFunctionOptions & { readonly schema?: StandardSchema<Any, Any> | undefined },
    handler: AnyHandler,
  ) {
    const { schema, ...own } = options;
    super(appId, own, handler);
    this.schema = schema;
  }
}

/** Options that make no sense where only `defer` starts a function. */
const FORBIDDEN = ["triggers", "onFailure", "batchEvents"] as const;

/**
 * Makes a function that others defer to with `defer`. It is served and registered like any other. Throws a TypeError or RangeError that names
 * the option when the options can't be right.
 */
export function createDefer<const E extends EventTypes, Input = Record<string, Any>, Received = Input, R = unknown>(
  client: Pawl<E>,
  options: DeferOptions<E, Input, Received>,
  handler: (context: DeferContext<E, Received>) => R,
): DeferredFunction<Input, Awaited<R>> {
  if (typeof handler !== "function") throw new TypeError(`createDefer: expected a handler, not ${typeof handler}.`);
  const { schema, ...rest } = options as DeferOptions<E, Input, Received> & Readonly<Record<string, unknown>>;
  for (const name of FORBIDDEN) {
    if (rest[name] !== undefined) throw new TypeError(`createDefer: deferred function "${options.id}" can't have \`${name}\`.`);
  }
  const slug = functionSlug(client.id, options.id);
  const triggers = { event: DEFERRED_EVENT, if: `event.data._inngest.fn_slug == '${slug}'` };
  const merged = { ...rest, triggers } as unknown as AnyFunctionOptions;
  checkOptions(merged);
  const fn = new DeferredFunction<Input, Awaited<R>>(client.id, { ...merged, schema }, withParents(handler, schema));
  (client as AnyPawl).register(fn);
  return fn;
}

/** Keeps I1. */
function withParents(handler: AnyHandler, schema: StandardSchema<Any, Any> | undefined): AnyHandler {
  return async (context: { readonly event: ReceivedEvent }) => {
    const { _inngest: linkage, ...sent } = context.event.data as Readonly<Record<string, unknown>>;
    const event = { ...context.event, data: schema === undefined ? sent : await checked(schema, sent) };
    // Property by property, because some are computed when read.
    const own = Object.defineProperties({}, Object.getOwnPropertyDescriptors(context));
    return handler(Object.assign(own, { event, events: [event], parents: parentsOf(linkage) }));
  };
}

async function checked(schema: StandardSchema<Any, Any>, sent: unknown): Promise<unknown> {
  const result = await validateStandard(schema, sent);
  if ("value" in result) return result.value;
  throw new EventValidationError(`The deferred data doesn't fit the function's schema: ${result.issues.join("; ")}.`);
}

function parentsOf(linkage: unknown): readonly DeferParent[] {
  const { parent_fn_slug: fnSlug, parent_run_id: runId } = (linkage ?? {}) as Readonly<Record<string, unknown>>;
  return typeof fnSlug === "string" && typeof runId === "string" ? [{ fnSlug, runId }] : [];
}
