/** Bare connections to servers that listen, for what no HTTP client would send. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, type Server, type Socket } from "node:net";

export type Dialled = {
  readonly socket: Socket;
  /** All that was received, once the connection is closed. */
  readonly received: Promise<string>;
};

const sockets: Socket[] = [];

/** Ends what is open. After each test. */
export function hangUp(): void {
  for (const socket of sockets.splice(0)) socket.destroy();
}

/** A connection to a server, or to a port of this machine. */
export async function dial(to: Server | number): Promise<Dialled> {
  const port = typeof to === "number" ? to : (to.address() as AddressInfo).port;
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  // A connection that is cut off is what several tests wait for.
  socket.on("error", () => socket.destroy());
  await once(socket, "connect");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.once("close", () => resolve(Buffer.concat(chunks).toString()));
  return { socket, received: promise };
}
