/** An app with a durable endpoint of three steps, beside the same handler without them. Tells its parent where it listens. */
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { EVENT_KEY, SIGNING_KEY } from "@pawl/conformance";
import { Pawl } from "pawl";
import { endpointAdapter, serveEndpoint } from "pawl/node";

const mode = process.env["PAWL_BENCH_MODE"];
const client = new Pawl({
  id: "bench",
  endpointAdapter,
  baseUrl: process.env["PAWL_BENCH_SERVER"] ?? "",
  ...(mode === "dev" ? { isDev: true } : { isDev: false, eventKey: EVENT_KEY, signingKey: SIGNING_KEY }),
});

const durable = client.endpoint(async (_request, { step }) => {
  const a = await step.run("a", () => 1);
  const b = await step.run("b", () => a + 1);
  return Response.json({ c: await step.run("c", () => b + 1) });
});

const listeners: Readonly<Record<string, RequestListener>> = {
  "/durable": serveEndpoint(durable),
  "/plain": serveEndpoint(async () => Response.json({ c: 3 })),
};

const server = createServer((request, response) => listeners[request.url ?? ""]?.(request, response));
server.listen(0, "127.0.0.1", () => process.send?.({ kind: "listening", port: (server.address() as AddressInfo).port }));
process.once("SIGTERM", () => process.exit(0));
// The parent is gone: nobody will end this process.
process.on("disconnect", () => process.exit(0));
