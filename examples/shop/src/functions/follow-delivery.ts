/** Waits for the delivery of an order; asks for a review when it came, looks into it when it did not. */
import { client } from "../client.ts";

export const followDelivery = client.createFunction(
  { id: "follow-delivery", name: "Follow delivery", triggers: { event: "shop/order.shipped" } },
  async ({ event, step }) => {
    const delivered = await step.waitForEvent("delivery", { event: "shop/order.delivered", match: "data.orderId", timeout: "6s" });
    if (delivered === null) return step.run("look into it", () => `order ${String(event.data["orderId"])} is late`);
    return step.run("ask for a review", () => `order ${String(event.data["orderId"])} came, thank you`);
  },
);
