/** An order: stock and payment at the same time, a receipt by another function, and a delivery that comes later. */
import { NonRetriableError } from "pawl";
import { client } from "../client.ts";
import { sendReceipt } from "./send-receipt.ts";

export const checkout = client.createFunction(
  {
    id: "checkout",
    name: "Checkout",
    triggers: { event: "shop/order.placed" },
    retries: 3,
    cancelOn: [{ event: "shop/order.withdrawn", match: "data.orderId" }],
    onFailure: async ({ error, event, step }) => {
      await step.run("tell support", () => console.log(`order ${String(event.data.event.data["orderId"])} failed: ${error.message}`));
    },
  },
  async ({ event, step }) => {
    const { orderId, total } = event.data as { orderId: string; total: number };
    const [stock, payment] = await Promise.all([
      step.run("reserve stock", () => ({ orderId, reserved: true })),
      step.run("charge card", () => charge(orderId, total)),
    ]);
    await step.sleep("let the warehouse pack", "2s");
    const receipt = await step.invoke("send receipt", { function: sendReceipt, data: { orderId, total } });
    await step.sendEvent("announce", { name: "shop/order.shipped", data: { orderId } });
    return { stock, payment, receipt };
  },
);

function charge(orderId: string, total: number): { paymentId: string } {
  if (total <= 0) throw new NonRetriableError(`order ${orderId} has nothing to pay: ${total}`);
  return { paymentId: `pay-${orderId}` };
}
