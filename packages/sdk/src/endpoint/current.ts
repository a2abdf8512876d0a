/**
 * `step` and `stream` as imports: they belong to the endpoint whose handler is calling.
 *
 * Where the platform tracks no asynchronous context (see `run/async-storage.ts`), only until the handler's first `await`; there, take them
 * from the handler's second argument.
 */
import { createStorage } from "../run/async-storage.ts";
import type { StepTools } from "../step/tools.ts";
import type { EndpointContext } from "./options.ts";
import type { StreamTools } from "./stream.ts";

const storage = createStorage<EndpointContext>();

/** Runs a handler. */
export function runInEndpoint<R>(context: EndpointContext, handler: () => R): R {
  return storage.run(context, handler);
}

function current(name: "step" | "stream"): EndpointContext {
  const context = storage.getStore();
  if (context !== undefined) return context;
  throw new Error(
    `\`${name}\` was used outside of a durable endpoint. Use it in a handler that was given to \`endpoint()\`, ` +
      "or take it from the handler's context.",
  );
}

/** Step tools of the durable endpoint that is running. */
export const step: StepTools = proxyOf<StepTools>(() => current("step").step);

/** Stream of the durable endpoint that is running. */
export const stream: StreamTools = {
  push: (data) => current("stream").stream.push(data),
  pipe: (source) => current("stream").stream.pipe(source),
};

/** Looks tools up when they are used. */
function proxyOf<T extends object>(target: () => T): T {
  return new Proxy({} as T, { get: (_, name) => Reflect.get(target(), name) as unknown });
}
