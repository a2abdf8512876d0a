/** What the test of encryption needs of the official client. */
export { encryptionMiddleware } from "@inngest/middleware-encryption";
export { Inngest } from "inngest";
export { serve } from "inngest/edge";
