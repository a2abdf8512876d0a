/** What the suite of durable endpoints needs of the official client of 3.x, which has them for handlers from `Request` to `Response`. */
export { Inngest, step } from "inngest";
export { endpointAdapter } from "inngest/edge";
