/** What a server can call in an app: functions, and handlers of their failures, by slug. */
import { FAILURE_SUFFIX } from "../function/config.ts";
import type { AnyFunction } from "../function/function.ts";
import type { Callable } from "./call.ts";

/** Throws a TypeError when a slug occurs twice. */
export function callablesOf(functions: readonly AnyFunction[]): ReadonlyMap<string, Callable> {
  const callables = new Map<string, Callable>();
  for (const fn of functions) {
    if (callables.has(fn.slug)) throw new TypeError(`serve: two functions have the id "${fn.id}". Ids must be unique within an app.`);
    callables.set(fn.slug, { fn, handler: fn.handler, isFailureHandler: false });
    const { onFailure } = fn.options;
    if (onFailure !== undefined) callables.set(fn.slug + FAILURE_SUFFIX, { fn, handler: onFailure, isFailureHandler: true });
  }
  return callables;
}
