/** The official client's Realtime of 3.x: what its own package adds. */
export { getSubscriptionToken, subscribe } from "@inngest/realtime";
export { realtimeMiddleware } from "@inngest/realtime/middleware";
