/**
 * A port for workers alone, beside the API's: for networks in which workers may reach this one only.
 *
 * Spec: wire 1.2, 9.10.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Connect } from "./connect.ts";
import { acceptWorkers } from "./connect-routes.ts";

export type GatewayPort = { readonly port: number; close(): Promise<void> };

/** Listens. Rejects where the port is taken. */
export async function openGatewayPort(
  connect: Connect,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<GatewayPort> {
  const server = createServer((request, response) => answer(connect, { request, response }));
  acceptWorkers(server, connect);
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  return { port: typeof address === "object" && address !== null ? address.port : port, close: () => close(server) };
}

function answer(connect: Connect, { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse }): void {
  const path = (request.url ?? "/").split("?")[0];
  if (path === "/v0/" || path === "/v0") response.writeHead(200).end(".");
  else if (path === "/ready") response.writeHead(connect.isDraining ? 503 : 200).end();
  else response.writeHead(404).end();
}

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
