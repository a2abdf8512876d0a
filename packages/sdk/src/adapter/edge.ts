/** Runtimes with handlers of the form `(request: Request) => Response`: `export default serve({ client, functions })`. */
import { type EndpointAdapter, makeEndpointAdapter } from "../endpoint/options.ts";
import type { ServeOptions } from "../serve/options.ts";
import { createHandler } from "../serve/web.ts";

export type { ServeOptions };

/** Options of a client's durable endpoints. */
export const endpointAdapter: EndpointAdapter = makeEndpointAdapter("edge");

/** The app as handler. */
export function serve(options: ServeOptions): (request: Request) => Promise<Response> {
  return createHandler(options, { framework: "edge" });
}
