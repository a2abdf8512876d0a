/** What the app process needs of this version of the official client. */
export { Inngest, NonRetriableError, RetryAfterError } from "inngest";
export { serve } from "inngest/node";
