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
  if (client.options.encryption !== undefined)
    throw new TypeError(
      "endpoint: a client with `encryption` can't make endpoints, because the server must read their requests and answers.",
    );
  checkEndpointOptions(options);
  const adapter = client.options.endpointAdapter;
  const setup = new EndpointSetup(client, handler as EndpointHandler, {
    options: { ...adapter?.options, ...options },
    framework: adapter?.framework ?? "web",
  });
  return (request, ...args) => (isReEntry(request) ? answerAgain(setup, request, args) : answerFirst(setup, request, args));
}
