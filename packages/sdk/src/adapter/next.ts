/** Next.js, app router: `export const { GET, POST, PUT } = serve({ client, functions })` in `app/api/pawl/route.ts`. */
import type { ServerResponse } from "node:http";
import { type EndpointAdapter, makeEndpointAdapter } from "../endpoint/options.ts";
import { App } from "../serve/app.ts";
import type { ServeOptions } from "../serve/options.ts";
import { createHandler } from "../serve/web.ts";
import { handleNodeRequest, type ParsedRequest } from "./node-http.ts";

export type { ServeOptions };

/** Options of a client's durable endpoints: `export const GET = pawl.endpoint(…)` in a route of the app router. */
export const endpointAdapter: EndpointAdapter = makeEndpointAdapter("nextjs");

type RouteHandler = (request: Request) => Promise<Response>;

/** Handlers for a route of the app router, on the Node and edge runtimes. */
export function serve(options: ServeOptions): { readonly GET: RouteHandler; readonly POST: RouteHandler; readonly PUT: RouteHandler } {
  const handle = createHandler(options, { framework: "nextjs" });
  return { GET: handle, POST: handle, PUT: handle };
}

/** Handler for the pages router: `export default servePages({ client, functions })` in `pages/api/pawl.ts`. */
export function servePages(options: ServeOptions): (request: object, response: object) => Promise<void> {
  const app = new App(options, { framework: "nextjs" });
  return (request, response) => handleNodeRequest(app, request as ParsedRequest, response as ServerResponse);
}
