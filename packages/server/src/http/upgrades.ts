/**
 * Requests to turn an HTTP connection into a WebSocket: one listener for all rooms, by path. And how a WebSocket ends.
 *
 * I1  A path that no room has is refused; its socket does not stay open.
 */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Clock } from "../ports/clock.ts";

export type Upgrade = {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly socket: Duplex;
  /** What came with the request's last packet. */
  readonly head: Buffer;
};

const rooms = new WeakMap<Server, Map<string, (upgrade: Upgrade) => void>>();

/** Has `take` called for requests to upgrade at a path of the server. */
export function onUpgrade(server: Server, path: string, take: (upgrade: Upgrade) => void): void {
  let paths = rooms.get(server);
  if (paths === undefined) {
    paths = new Map();
    rooms.set(server, paths);
    listen(server, paths);
  }
  paths.set(path, take);
}

/** Answers with an HTTP status instead, and ends the connection. */
export function refuseUpgrade(socket: Duplex, { status, message }: { readonly status: number; readonly message: string }): void {
  const head = [
    `HTTP/1.1 ${status} Refused`,
    "Connection: close",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(message)}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${message}`, () => socket.destroy());
}

/** How long a peer may take to answer the end of a WebSocket, milliseconds. */
const CLOSE_MS_MAX = 1_000;

type WebSocketEnd = { readonly clock: Clock; readonly code: number; readonly reason: string };

/** Ends a WebSocket; by force where its peer does not answer. */
export function endWebSocket(socket: WebSocket, { clock, code, reason }: WebSocketEnd): void {
  socket.close(code, reason);
  const timer = clock.setTimer(CLOSE_MS_MAX, () => socket.terminate());
  socket.on("close", () => timer.cancel());
}

function listen(server: Server, paths: ReadonlyMap<string, (upgrade: Upgrade) => void>): void {
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    const url = URL.parse(request.url ?? "/", "http://localhost");
    const take = url === null ? undefined : paths.get(url.pathname);
    if (url === null || take === undefined) refuseUpgrade(socket, { status: 404, message: "There is no WebSocket at this address." });
    else take({ request, url, socket, head });
  });
}
