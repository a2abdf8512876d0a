/** Invoked by the checkout: it has no trigger of its own. */
import { client } from "../client.ts";

export const sendReceipt = client.createFunction({ id: "send-receipt", name: "Send receipt", triggers: [] }, async ({ event, step }) => {
  const { orderId, total } = event.data as { orderId: string; total: number };
  const text = await step.run("write receipt", () => `Order ${orderId}: ${total.toFixed(2)} EUR. Thank you!`);
  return step.run("send mail", () => ({ to: "customer@example.com", characters: text.length }));
});
