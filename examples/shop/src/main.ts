/** Serves the shop's functions and its quotes on port 3010 (`PORT`), and its pictures on the next one. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve, serveEndpoint } from "pawl/node";
import { client } from "./client.ts";
import { quote } from "./endpoints/quote.ts";
import { checkout } from "./functions/checkout.ts";
import { followDelivery } from "./functions/follow-delivery.ts";
import importProductImages from "./functions/import-product-images.ts";
import { sendReceipt } from "./functions/send-receipt.ts";
import { winBackCart } from "./functions/win-back-cart.ts";
import { pictureServer } from "./pictures/picture-server.ts";

const port = Number(process.env["PORT"] ?? 3010);

const functions = serve({ client, functions: [importProductImages, checkout, sendReceipt, followDelivery, winBackCart] });
const quotes = serveEndpoint(quote);
const app = createServer((request, response) => (request.url?.startsWith("/quote") === true ? quotes : functions)(request, response));
const appPort = await listen(app, port);
const picturePort = await listen(pictureServer(), port === 0 ? 0 : port + 1);
const addresses = { app: `http://127.0.0.1:${appPort}/api/pawl`, pictures: `http://127.0.0.1:${picturePort}/picture` };
console.log(`shop: functions at ${addresses.app}, pictures at ${addresses.pictures}/1.jpg`);
process.send?.({ kind: "ready", ...addresses });
// Started by a script that is gone: nobody is left to end it.
process.once("disconnect", () => process.exit());

function listen(server: Server, wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(wanted, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}
