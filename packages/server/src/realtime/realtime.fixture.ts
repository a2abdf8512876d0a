/** A listening server with realtime, and subscribers whose messages can be waited for. */
import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { WebSocket } from "ws";
import { createHttpServer } from "../http/http-server.ts";
import { type Json, type TestServer, testServer, type TestServerOptions } from "../http/test-server.fixture.ts";
import { openSecrets } from "../ports/secrets.ts";
import { systemRandom } from "../ports/random.ts";
import type { HubLimits } from "./hub.ts";
import { Realtime } from "./realtime.ts";
import { realtimeRoutes } from "./realtime-routes.ts";
import { publishRuns } from "./run-messages.ts";

export type RealtimeServer = {
  readonly server: TestServer;
  readonly realtime: Realtime;
  readonly http: FastifyInstance;
  readonly url: string;
  readonly token: (...topics: readonly (readonly [channel: string, name: string])[]) => string;
  readonly stop: () => Promise<void>;
};

/** Starts one on a free port. Its clock stands still. */
export async function realtimeServer(options: TestServerOptions & { readonly limits?: Partial<HubLimits> } = {}): Promise<RealtimeServer> {
  const server = await testServer(options);
  const { clock } = server;
  const realtime = new Realtime({ clock, random: systemRandom(), loadSecret: openSecrets(), limits: options.limits ?? {} });
  const unwatch = publishRuns(server.engine, realtime);
  const http = await createHttpServer(server.context, [realtimeRoutes(realtime)]);
  await http.listen({ host: "127.0.0.1", port: 0 });
  return {
    server,
    realtime,
    http,
    url: `http://127.0.0.1:${(http.server.address() as AddressInfo).port}`,
    token: (...topics) => realtime.grant({ topics: topics.map(([channel, name]) => ({ channel, name })), canPublish: false }),
    stop: async () => {
      unwatch();
      await http.close();
      await server.stop();
    },
  };
}

/** What arrives, in order; `next` waits for it. */
class Arrivals<T> {
  readonly #came: T[] = [];
  readonly #waiting: ((item: T) => void)[] = [];

  push(item: T): void {
    const waiter = this.#waiting.shift();
    if (waiter === undefined) this.#came.push(item);
    else waiter(item);
  }

  next(): Promise<T> {
    const item = this.#came.shift();
    return item === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(item);
  }

  /** Came and was not asked for. */
  get rest(): readonly T[] {
    return this.#came;
  }
}

export type SocketClient = {
  readonly socket: WebSocket;
  readonly messages: Arrivals<Json>;
  readonly closed: Promise<{ code: number; reason: string }>;
};

/** A subscriber by WebSocket. Rejects with the status where the server refuses. */
export async function openSocket(url: string, { autoPong = true } = {}): Promise<SocketClient> {
  const socket = new WebSocket(url.replace("http:", "ws:"), { autoPong });
  const messages = new Arrivals<Json>();
  socket.on("message", (content) => messages.push(JSON.parse((content as Buffer).toString())));
  const closed = once(socket, "close").then(([code, reason]: unknown[]) => ({ code: code as number, reason: String(reason) }));
  const refused = once(socket, "unexpected-response").then(([, response]: unknown[]) => {
    throw new Error(`refused with ${(response as IncomingMessage).statusCode}`);
  });
  await Promise.race([once(socket, "open"), refused]);
  refused.catch(() => {});
  return { socket, messages, closed };
}

export type StreamClient = { readonly response: IncomingMessage; readonly events: Arrivals<string>; readonly closed: Promise<unknown> };

/** A subscriber by server-sent events; `events` are what stands between empty lines. */
export async function openStream(url: string): Promise<StreamClient> {
  const call = httpRequest(url).end();
  const [response] = (await once(call, "response")) as [IncomingMessage];
  const events = new Arrivals<string>();
  let rest = "";
  response.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) events.push(part);
  });
  return { response, events, closed: once(response, "close") };
}

/** A request whose body is written by hand. */
export function openRequest(
  url: string,
  headers: Readonly<Record<string, string>>,
): { write(text: string): void; end(): Promise<number>; destroy(): void } {
  const call = httpRequest(url, { method: "POST", headers });
  const answered = once(call, "response").then(([response]) => {
    (response as IncomingMessage).resume();
    return (response as IncomingMessage).statusCode ?? 0;
  });
  answered.catch(() => {});
  return {
    write: (text) => void call.write(text),
    end: () => {
      call.end();
      return answered;
    },
    destroy: () => call.destroy(),
  };
}
