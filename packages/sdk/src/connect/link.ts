/**
 * One connection to a gateway: the handshake, heartbeats, and the end.
 *
 * I1  It ends once, and says why. A gateway that doesn't answer the handshake or two heartbeats is gone.
 * I2  Nothing is sent before the gateway has said that it is ready.
 *
 * Source: wire-protocol 9.2, 9.3, 9.7, 9.8.
 */
import {
  CONNECT_EXTEND_MS,
  CONNECT_HEARTBEAT_MS,
  CONNECT_SUBPROTOCOL,
  connectFrame,
  connectionReady,
  executorRequest,
  extendLeaseAck,
  FRAME,
  parseGoDurationMs,
  replyAck,
  systemError,
  type ConnectFrame,
  type ExecutorRequest,
  type ExtendLeaseAck,
} from "@pawl/protocol";
import type { Runtime } from "../client/runtime.ts";
import type { WebSocketClass, WebSocketLike } from "./options.ts";
import { decodeMessage, encodeMessage } from "./protobuf.ts";

/** Time for the whole handshake, milliseconds. */
const HANDSHAKE_MS_MAX = 10_000;
const HEARTBEATS_MISSED_MAX = 2;

/** `WebSocket.OPEN`. */
const OPEN = 1;
const NORMAL_CLOSURE = 1000;
/** Close code for handshakes that failed on this side. */
const UNEXPECTED = 4001;

const NO_PAYLOAD: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** Why a link ended. `refused`: the server won't have this worker as it is. */
export type LinkEnd = { readonly kind: "lost" | "refused"; readonly message: string };

export type LinkEvents = {
  readonly onReady: (link: Link) => void;
  readonly onRequest: (link: Link, request: ExecutorRequest) => void;
  readonly onExtended: (ack: ExtendLeaseAck) => void;
  readonly onReplyAcked: (requestId: string) => void;
  /** The gateway is stopping: another one is needed. */
  readonly onDraining: (link: Link) => void;
  readonly onEnd: (link: Link, end: LinkEnd) => void;
};

export type LinkSettings = {
  readonly url: string;
  readonly connectionId: string;
  readonly gatewayGroup: string;
  readonly webSocket: WebSocketClass;
  readonly runtime: Runtime;
  /** `WorkerConnect`, encoded. */
  readonly introduction: Uint8Array<ArrayBuffer>;
  readonly events: LinkEvents;
};

export class Link {
  readonly connectionId: string;
  readonly gatewayGroup: string;
  /** How often leases are extended, milliseconds. */
  extendMs: number = CONNECT_EXTEND_MS;
  sentHeartbeatAt: number | undefined;
  heardHeartbeatAt: number | undefined;
  private readonly settings: LinkSettings;
  private readonly socket: WebSocketLike;
  private phase: "opening" | "introduced" | "ready" | "ended" = "opening";
  private heartbeatMs: number = CONNECT_HEARTBEAT_MS;
  private unanswered = 0;
  private cancelTimer: () => void;

  /** Throws where the URL is none. */
  constructor(settings: LinkSettings) {
    this.settings = settings;
    this.connectionId = settings.connectionId;
    this.gatewayGroup = settings.gatewayGroup;
    this.socket = new settings.webSocket(settings.url, [CONNECT_SUBPROTOCOL]);
    this.socket.binaryType = "arraybuffer";
    this.socket.addEventListener("message", ({ data }) => this.receive(data));
    this.socket.addEventListener("error", () => {});
    this.socket.addEventListener("close", ({ code, reason }) => this.onClose(code, reason));
    const late = `the gateway at ${settings.url} did not finish the handshake within ${HANDSHAKE_MS_MAX / 1_000} s`;
    this.cancelTimer = settings.runtime.setTimer(HANDSHAKE_MS_MAX, () => this.end({ kind: "lost", message: late }, UNEXPECTED));
  }

  get isOpen(): boolean {
    return this.phase === "ready" && this.socket.readyState === OPEN;
  }

  /** Sends a frame; false where the link is not open. */
  send(kind: number, payload: Uint8Array = NO_PAYLOAD): boolean {
    if (!this.isOpen) return false;
    this.sendFrame(kind, payload);
    return true;
  }

  /** Ends the link. */
  close(): void {
    if (this.phase === "ended") return;
    this.phase = "ended";
    this.cancelTimer();
    this.socket.close(NORMAL_CLOSURE, "WORKER_SHUTDOWN");
  }

  private sendFrame(kind: number, payload: Uint8Array): void {
    this.socket.send(encodeMessage(connectFrame, { kind, payload }));
  }

  /** Keeps I1. */
  private end(end: LinkEnd, code?: number): void {
    if (this.phase === "ended") return;
    this.phase = "ended";
    this.cancelTimer();
    if (code !== undefined) this.socket.close(code, "UNEXPECTED");
    this.settings.events.onEnd(this, end);
  }

  private onClose(code: number, reason: string): void {
    this.end({ kind: "lost", message: `the connection was closed (${code}${reason === "" ? "" : ` ${reason}`})` });
  }

  private receive(data: unknown): void {
    if (this.phase === "ended") return;
    try {
      if (!(data instanceof ArrayBuffer)) throw new TypeError("a text came where a message was expected");
      this.onFrame(decodeMessage(connectFrame, new Uint8Array(data)));
    } catch (error) {
      this.end({ kind: "lost", message: `the gateway sent what can't be read (${String(error)})` }, UNEXPECTED);
    }
  }

  private onFrame({ kind, payload }: ConnectFrame): void {
    const { events } = this.settings;
    switch (kind) {
      case FRAME.gatewayHello:
        return this.introduce();
      case FRAME.connectionReady:
        return this.onReady(payload);
      case FRAME.syncFailed:
        return this.onSyncFailed(payload);
      case FRAME.gatewayHeartbeat:
        this.unanswered = 0;
        this.heardHeartbeatAt = this.settings.runtime.now();
        return undefined;
      case FRAME.executorRequest:
        return events.onRequest(this, decodeMessage(executorRequest, payload));
      case FRAME.extendLeaseAck:
        return events.onExtended(decodeMessage(extendLeaseAck, payload));
      case FRAME.replyAck:
        return events.onReplyAcked(decodeMessage(replyAck, payload).requestId);
      case FRAME.gatewayClosing:
        return events.onDraining(this);
      default:
        return undefined;
    }
  }

  private introduce(): void {
    if (this.phase !== "opening") return;
    this.phase = "introduced";
    this.sendFrame(FRAME.workerConnect, this.settings.introduction);
  }

  private onReady(payload: Uint8Array): void {
    if (this.phase !== "introduced") return;
    const ready = decodeMessage(connectionReady, payload);
    this.heartbeatMs = positive(parseGoDurationMs(ready.heartbeatInterval)) ?? CONNECT_HEARTBEAT_MS;
    this.extendMs = positive(parseGoDurationMs(ready.extendLeaseInterval)) ?? CONNECT_EXTEND_MS;
    this.cancelTimer();
    this.phase = "ready";
    this.beat();
    // What the worker prepares on this event is sent before it says that it is ready.
    this.settings.events.onReady(this);
    this.send(FRAME.workerReady);
  }

  private onSyncFailed(payload: Uint8Array): void {
    const { code, message } = decodeMessage(systemError, payload);
    this.end({ kind: "refused", message: `the server refused the functions: ${message} (${code})` }, UNEXPECTED);
  }

  private beat(): void {
    this.cancelTimer = this.settings.runtime.setTimer(this.heartbeatMs, () => {
      if (this.unanswered >= HEARTBEATS_MISSED_MAX)
        return this.end({ kind: "lost", message: `the gateway did not answer ${this.unanswered} heartbeats` }, UNEXPECTED);
      this.unanswered += 1;
      this.sentHeartbeatAt = this.settings.runtime.now();
      this.send(FRAME.workerHeartbeat);
      this.beat();
    });
  }
}

function positive(ms: number | undefined): number | undefined {
  return ms !== undefined && ms > 0 ? ms : undefined;
}
