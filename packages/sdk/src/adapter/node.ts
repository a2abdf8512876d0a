/** Node's `http`: `createServer(options).listen(3000)`, or `serve(options)` as listener of a server of your own. */
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { App } from "../serve/app.ts";
import type { ServeOptions } from "../serve/options.ts";
import { type EndpointAdapter, makeEndpointAdapter } from "../endpoint/options.ts";
import { answerNodeEndpoint, type WebHandler } from "./node-endpoint.ts";
import { handleNodeRequest, type ParsedRequest } from "./node-http.ts";
import { installNodePlatform } from "./node-platform.ts";

export type { ServeOptions };

/** A request listener. */
export type NodeListener = (request: ParsedRequest, response: ServerResponse) => void;

/** Where a server looks for apps by itself. */
const PATHS: readonly string[] = ["/api/pawl", "/api/inngest"];

/** The app as listener of an HTTP server; it answers on every path. */
export function serve(options: ServeOptions): NodeListener {
  return listener(options, "nodejs");
}

/** A listener under the name of a framework that is built on `node:http`. */
export function listener(options: ServeOptions, framework: string): NodeListener {
  installNodePlatform();
  const app = new App(options, { framework });
  return (request, response) => void handleNodeRequest(app, request, response);
}

/** An HTTP server that answers on `/api/pawl`, `/api/inngest` and `servePath`; 404 elsewhere. */
export function createServer(options: ServeOptions): Server {
  const handle = serve(options);
  return createHttpServer((request: IncomingMessage, response: ServerResponse) => {
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    if (PATHS.includes(path) || path === options.servePath) return handle(request, response);
    response.writeHead(404, { "content-type": "application/json" });
    response.end(JSON.stringify({ message: `The app answers at ${PATHS.join(" and ")}.` }));
  });
}

/** Options of a client's durable endpoints under Node: `new Pawl({ id, endpointAdapter })`. */
export const endpointAdapter: EndpointAdapter = makeEndpointAdapter("nodejs");

/** A durable endpoint, or its proxy, as listener of an HTTP server or handler of Express. */
export function serveEndpoint(handler: WebHandler): NodeListener {
  installNodePlatform();
  return (request, response) => void answerNodeEndpoint(handler, request, response);
}

/** An HTTP server that gives all requests to one durable endpoint. */
export function createEndpointServer(handler: WebHandler): Server {
  return createHttpServer(serveEndpoint(handler));
}
