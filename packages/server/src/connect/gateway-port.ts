/**
 * A port for workers alone, beside the API's: for networks in which workers may reach this one only.
 *
 * I1  It has the API's limits (http/limits.ts): of heads, connections and idle ones. It reads no bodies: a request with one is answered, and its
 *     connection cut.
 *
 * Spec: wire 1.2, 9.10.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { errorBody } from "../http/errors.ts";
import { headOptionsOf, HTTP_LIMITS, type HttpLimits, limitConnections } from "../http/limits.ts";
import { hasBody } from "../http/slow-body.ts";
import type { TrustedProxies } from "../net/client-address.ts";
import type { Connect } from "./connect.ts";
import { acceptWorkers } from "./connect-routes.ts";

export type GatewayPort = { readonly port: number; close(): Promise<void> };

export type GatewayPortOptions = {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly limits?: Partial<HttpLimits>;
  /** See `ServerContext`. */
  readonly trustedProxies?: TrustedProxies | undefined;
};

/** Listens. Rejects where the port is taken. */
export async function openGatewayPort(connect: Connect, options: GatewayPortOptions): Promise<GatewayPort> {
  const server = limitedServer({ ...HTTP_LIMITS, ...options.limits }, connect);
  acceptWorkers(server, connect, options.trustedProxies);
  server.listen(options.port, options.host);
  await once(server, "listening");
  const address = server.address();
  return { port: typeof address === "object" && address !== null ? address.port : options.port, close: () => close(server) };
}

/** Keeps I1. */
function limitedServer(limits: HttpLimits, connect: Connect): Server {
  const options = { ...headOptionsOf(limits), keepAliveTimeout: limits.idleMs, requestTimeout: limits.headersMs };
  const server = createServer(options, (request, response) => answer(connect, { request, response }));
  limitConnections(server, limits);
  return server;
}

function answer(connect: Connect, { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse }): void {
  if (hasBody(request)) response.setHeader("connection", "close");
  const path = (request.url ?? "/").split("?")[0];
  if (path === "/v0/" || path === "/v0") response.writeHead(200).end(".");
  else if (path === "/ready") response.writeHead(connect.isDraining ? 503 : 200).end();
  else refuse(response);
}

function refuse(response: ServerResponse): void {
  const message = "This port is for workers: it has the WebSocket that /v0/connect/start of the API names, and /ready.";
  const body = JSON.stringify(errorBody({ status: 404, code: "not_found", message }));
  response.writeHead(404, { "content-type": "application/json; charset=utf-8" }).end(body);
}

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
