/** Turns an upgrade into a worker's connection. Imported with the first worker, so that a start pays for neither `ws` nor protobuf. */
import { CONNECT_FRAME_BYTES_MAX, CONNECT_SUBPROTOCOL } from "@pawl/protocol";
import { WebSocketServer } from "ws";
import type { Upgrade } from "../http/upgrades.ts";
import type { Connect } from "./connect.ts";
import { WorkerConnection } from "./connection.ts";

const acceptor = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: CONNECT_FRAME_BYTES_MAX,
  handleProtocols: () => CONNECT_SUBPROTOCOL,
});

/** Accepts an upgrade whose subprotocol has been checked. `address`: where the worker is. */
export function openWorkerSocket(connect: Connect, { request, socket, head, address }: Upgrade & { readonly address: string }): void {
  acceptor.handleUpgrade(request, socket, head, (webSocket) => {
    const opened = { socket: webSocket, address };
    connect.accept(webSocket, (handshakeEnded) => new WorkerConnection(connect, opened, handshakeEnded));
  });
}
