/** What the suite of durable endpoints needs of the official client. */
export { Inngest, step } from "inngest";
export { endpointAdapter, serveEndpoint } from "inngest/node";
export { stream } from "inngest/experimental/durable-endpoints";
export { fetchWithStream } from "inngest/experimental/durable-endpoints/client";
