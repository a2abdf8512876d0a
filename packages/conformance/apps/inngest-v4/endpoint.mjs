/** What the suite of durable endpoints needs of the official client. */
export { Inngest, step } from "inngest";
export { endpointAdapter, serveEndpoint } from "inngest/node";
