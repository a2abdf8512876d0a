/**
 * Durable endpoints: HTTP handlers whose steps are remembered.
 *
 * Source: wire-protocol 7.4 to 7.9, sdk 19.
 */
import type { AnyPawl } from "../client/client.ts";
import { answerFirst } from "./first-request.ts";
import { checkEndpointOptions, type Endpoint, type EndpointHandler, type EndpointOptions } from "./options.ts";
import { answerAgain, isReEntry } from "./re-entry.ts";
import { EndpointSetup } from "./setup.ts";

/** Makes an endpoint. Throws a TypeError or RangeError when the options can't be right. */
export function createEndpoint<R extends Request>(
  client: AnyPawl,
  handler: EndpointHandler<R>,
  options: EndpointOptions = {},
): Endpoint<R> {
  if (typeof handler !== "function") throw new TypeError(`endpoint: expected a handler, not ${typeof handler}.`);
  checkEndpointOptions(options);
  const adapter = client.options.endpointAdapter;
  const merged = { ...adapter?.options, ...options };
  if (client.options.encryption !== undefined && merged.asyncRedirectUrl === undefined)
    throw new TypeError(
      "endpoint: a client with `encryption` needs `asyncRedirectUrl`, the path of its `endpointProxy()`: " +
        "the server has answers encrypted, and only the app can open them.",
    );
  const setup = new EndpointSetup(client, handler as EndpointHandler, { options: merged, framework: adapter?.framework ?? "web" });
  return (request, ...args) => (isReEntry(request) ? answerAgain(setup, request, args) : answerFirst(setup, request, args));
}
