/** A durable endpoint: answers at once, or, when the carrier doesn't answer, redirects its caller to where the answer will be. */
import { client } from "../client.ts";

const CARRIER_FAILURES = 0.3;

export const quote = client.endpoint(
  async (request, { step }) => {
    const product = new URL(request.url).searchParams.get("product") ?? "1";
    const price = await step.run("look up price", () => 10 + product.length);
    const shipping = await step.run("ask carrier", () => {
      if (Math.random() < CARRIER_FAILURES) throw new Error("The carrier did not answer.");
      return 4.9;
    });
    return Response.json({ product, total: price + shipping });
  },
  { functionId: "quote" },
);
