/** A cart that nobody buys: a first reminder after a while, unless the order comes first. */
import { client } from "../client.ts";

export const winBackCart = client.createFunction(
  { id: "win-back-cart", name: "Win back cart", triggers: { event: "shop/cart.filled" }, retries: 5 },
  async ({ event, step }) => {
    const winner = await Promise.race([
      step.waitForEvent("order", { event: "shop/order.placed", match: "data.cartId", timeout: "1h" }).then(() => "ordered" as const),
      step.sleep("be patient", "3s").then(() => "forgotten" as const),
    ]);
    if (winner === "ordered") return { reminded: false };
    await step.run("send reminder", () => console.log(`cart ${String(event.data["cartId"])}: still interested?`));
    return { reminded: true };
  },
);
