/**
 * A subscriber by WebSocket.
 *
 * Server to client: messages as text frames. Client to server: `{"kind":"sub","data":"<token>"}` adds topics,
 * `{"kind":"unsub","data":[<topics>]}` removes some; neither is answered, and what is neither is ignored.
 *
 * I1  A peer that is gone is noticed within two keepalive periods.
 *
 * Spec: wire 10.4, A.9.
 */
import type { WebSocket, WebSocketServer } from "ws";
import { parseJson } from "../http/ui/stored-json.ts";
import { endWebSocket, refuseUpgrade, type Upgrade } from "../http/upgrades.ts";
import { isRecord, textOf } from "../json.ts";
import type { CloseReason, Subscriber, SubscriberSink } from "./hub.ts";
import type { Frame } from "./outbox.ts";
import type { Realtime } from "./realtime.ts";
import { readTopics, type Topic } from "./topic.ts";

const PING_MS = 15_000;
/** A frame of a client holds a token at most. */
const CLIENT_FRAME_BYTES_MAX = 64 * 1_024;
/** Bytes handed to the socket and not sent yet, above which the outbox is asked to wait. */
const BUFFERED_BYTES_MAX = 64 * 1_024;

/** Codes of RFC 6455 and its registry: going away, try again later. */
const CODES: Readonly<Record<CloseReason, number>> = { closing: 1001, "too-slow": 1013 };

let acceptor: WebSocketServer | undefined;

/** Accepts an upgrade and subscribes it. */
export async function openWebSocket(
  realtime: Realtime,
  { upgrade, topics }: { readonly upgrade: Upgrade; readonly topics: readonly Topic[] },
): Promise<void> {
  const { request, socket, head } = upgrade;
  acceptor ??= await createAcceptor();
  acceptor.handleUpgrade(request, socket, head, (webSocket) => {
    const connection = new SocketConnection(webSocket, realtime);
    const subscriber = realtime.subscribe(connection, topics);
    if (subscriber === "full") connection.close("too-slow");
    else connection.open(subscriber);
  });
}

/** Imported on the first connection, so that a start doesn't pay for it (7 ms, 2 shared cores, November 2026). */
async function createAcceptor(): Promise<WebSocketServer> {
  const library = await import("ws");
  return new library.WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: CLIENT_FRAME_BYTES_MAX,
  });
}

/** Refuses an upgrade. */
export function refuseWebSocket({ socket }: Upgrade, message: string): void {
  refuseUpgrade(socket, { status: 401, message });
}

class SocketConnection implements SubscriberSink {
  readonly takesRaw = false;
  readonly #socket: WebSocket;
  readonly #realtime: Realtime;
  #isWaiting = false;
  #isAlive = true;

  constructor(socket: WebSocket, realtime: Realtime) {
    this.#socket = socket;
    this.#realtime = realtime;
    // Frames that are too large or malformed end the connection; "close" follows.
    socket.on("error", () => {});
  }

  open(subscriber: Subscriber): void {
    const socket = this.#socket;
    const { clock, hub } = this.#realtime;
    socket.on("message", (content, isBinary) => {
      if (!isBinary) this.#take(subscriber, textOfFrame(content));
    });
    socket.on("pong", () => (this.#isAlive = true));
    let timer = clock.setTimer(PING_MS, () => tick());
    const tick = (): void => {
      timer = clock.setTimer(PING_MS, tick);
      this.#ping();
    };
    socket.on("close", () => {
      timer.cancel();
      hub.leave(subscriber);
    });
    this.#onSent = () => {
      if (!this.#isWaiting || socket.bufferedAmount > BUFFERED_BYTES_MAX) return;
      this.#isWaiting = false;
      subscriber.ready();
    };
  }

  send({ text }: Frame): boolean {
    this.#socket.send(text, () => this.#onSent());
    this.#isWaiting = this.#socket.bufferedAmount > BUFFERED_BYTES_MAX;
    return !this.#isWaiting;
  }

  close(reason: CloseReason): void {
    endWebSocket(this.#socket, { clock: this.#realtime.clock, code: CODES[reason], reason });
  }

  #onSent = (): void => {};

  /** Keeps I1. */
  #ping(): void {
    if (!this.#isAlive) return this.#socket.terminate();
    this.#isAlive = false;
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  #take(subscriber: Subscriber, text: string): void {
    const frame = parseJson(text);
    if (!isRecord(frame)) return;
    if (frame["kind"] === "sub") this.#realtime.hub.add(subscriber, this.#realtime.verify(textOf(frame["data"]))?.topics ?? []);
    if (frame["kind"] === "unsub") this.#realtime.hub.remove(subscriber, readTopics(frame["data"]) ?? []);
  }
}

function textOfFrame(content: Buffer | ArrayBuffer | Buffer[]): string {
  return Array.isArray(content) ? Buffer.concat(content).toString() : Buffer.from(content as Buffer).toString();
}
