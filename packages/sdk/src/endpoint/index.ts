/** Durable endpoints: tools for their handlers, and options. Endpoints are made with `client.endpoint()`. */
export { step, stream } from "./current.ts";
export { makeEndpointAdapter } from "./options.ts";
export type { AsyncRun, Endpoint, EndpointAdapter, EndpointContext, EndpointHandler, EndpointOptions } from "./options.ts";
export type { PipeSource, StreamTools } from "./stream.ts";
