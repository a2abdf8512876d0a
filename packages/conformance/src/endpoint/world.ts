/** The server as users start it, and an app of durable endpoints in this process. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EVENT_KEY, type ServerProcess, SIGNING_KEY, startServerProcess } from "../harness/server-process.ts";
import { type EndpointClient, type EndpointClientName, type Handler, loadEndpoints } from "./load-endpoints.ts";

/** What handlers tell the test. */
export type Count = (id: string) => number;

/** Handlers by path. */
export type Handlers = Readonly<Record<string, Handler>>;
export type MakeHandlers = (client: EndpointClient, count: Count) => Handlers;

export type EndpointWorld = {
  readonly server: ServerProcess;
  readonly appUrl: string;
  readonly client: EndpointClient;
  /** How often each body ran. */
  readonly ran: Map<string, number>;
  /** Requests that reached the app: method, path and query. */
  readonly requests: string[];
  readonly close: () => Promise<void>;
};

export type EndpointWorldSetup = {
  readonly client: EndpointClientName;
  readonly handlers: MakeHandlers;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Whole seconds. Default 1. */
  readonly retryIntervalS?: number;
};

/** Starts both. */
export async function endpointWorld({
  client: name,
  handlers,
  options = {},
  retryIntervalS = 1,
}: EndpointWorldSetup): Promise<EndpointWorld> {
  const dir = mkdtempSync(join(tmpdir(), "pawl-endpoint-"));
  const client = await loadEndpoints(name);
  const server = await startServerProcess({ dir, retryIntervalS });
  const ran = new Map<string, number>();
  const requests: string[] = [];
  const keys = { eventKey: EVENT_KEY, signingKey: SIGNING_KEY, baseUrl: server.url, isDev: false };
  // In 3.x the signing key is the adapter's.
  const own = name === "inngest-v3" ? { ...options, signingKey: SIGNING_KEY } : options;
  const app = new client.Inngest({ id: "shop", endpointAdapter: client.endpointAdapter.withOptions(own), ...keys });
  const count: Count = (id) => {
    const times = (ran.get(id) ?? 0) + 1;
    ran.set(id, times);
    return times;
  };
  // That of 4.x is a listener already.
  const proxy = name === "inngest-v4" ? (app.endpointProxy() as unknown as RequestListener) : client.serveEndpoint(app.endpointProxy());
  const listeners: Record<string, RequestListener> = { "/proxy": proxy };
  for (const [path, handler] of Object.entries(handlers(client, count))) listeners[path] = client.serveEndpoint(app.endpoint(handler));
  const http = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    listeners[new URL(request.url ?? "", "http://app").pathname]?.(request, response);
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  const address = http.address();
  return {
    server,
    client,
    ran,
    requests,
    appUrl: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    close: async () => {
      http.close();
      http.closeAllConnections();
      await server.child.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
