/**
 * `defer`: hands work to another function that starts when this run has ended, whichever way it ends.
 *
 * Source: sdk 22.1.
 */
import type { InputOfFunction } from "../function/function.ts";
import type { Any } from "../json/any.ts";
import type { DeferredFunction } from "./deferred-function.ts";

export type DeferInput<F> = {
  /** Made by `createDefer`. */
  readonly function: F;
  /** For whoever looks at the run; at most 32 KiB as JSON. */
  readonly meta?: Readonly<Record<string, unknown>>;
} & (Record<never, never> extends InputOfFunction<F> ? { readonly data?: InputOfFunction<F> } : { readonly data: InputOfFunction<F> });

/** What was deferred. */
export type DeferHandle = {
  /** Takes it back: the function is not started. Does nothing once the run has ended. */
  abort(): void;
};

/**
 * Starts a function with this data when the run has ended. Nothing is awaited: the request travels with the run's next report, and is made once,
 * however often the code is repeated. Ids are unique within the run; at most 20 per run, with 4 MiB of data in total. What can't be deferred is
 * logged and ignored, and never makes the run fail.
 */
export type DeferTool = <F extends DeferredFunction<Any, Any>>(id: string, input: DeferInput<F>) => DeferHandle;
