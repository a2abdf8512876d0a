/** What the suite of deferred functions needs of the official client. */
export { Inngest, NonRetriableError } from "inngest";
export { createDefer } from "inngest/experimental";
export { serve } from "inngest/node";
