/**
 * What `connect` takes and returns.
 *
 * Source: sdk 18; wire-protocol 9.9.
 */
import type { AnyPawl } from "../client/client.ts";
import type { AnyFunction } from "../function/function.ts";

export type ConnectApp = {
  readonly client: AnyPawl;
  /** Default: all functions that the client has made so far. */
  readonly functions?: readonly AnyFunction[];
};

export type ConnectOptions = {
  /** At most ten, all of one environment. */
  readonly apps: readonly ConnectApp[];
  /** Name of this process, shown at the server. Default: the host's name. */
  readonly instanceId?: string;
  /** Calls at the same time. Default: `PAWL_CONNECT_MAX_WORKER_CONCURRENCY`, else what the server gives. */
  readonly maxWorkerConcurrency?: number;
  /** Signals that close the connection; none: `[]`. Default: SIGINT and SIGTERM. A second signal ends the process as usual. */
  readonly handleShutdownSignals?: readonly string[];
  /** URL of the gateway. Default: `PAWL_CONNECT_GATEWAY_URL`, else what the server says. */
  readonly gatewayUrl?: string;
  /** Has no effect: the connection lives in the same thread as the functions. For code that was written for another client. */
  readonly isolateExecution?: boolean;
  /** Default: the platform's, which Node has from version 22 on. */
  readonly webSocket?: WebSocketClass;
};

/** As much of the platform's WebSocket as is used. */
export type WebSocketLike = Pick<WebSocket, "readyState" | "send" | "close" | "binaryType" | "addEventListener">;
export type WebSocketClass = new (url: string, protocols: string[]) => WebSocketLike;

/** `PAUSED` never occurs; it is kept for code that compares with it. */
export type ConnectionState = "CONNECTING" | "ACTIVE" | "PAUSED" | "RECONNECTING" | "CLOSING" | "CLOSED";

/** What a worker is doing. Times in Unix milliseconds. */
export type ConnectDebugState = {
  readonly state: ConnectionState;
  readonly connectionId: string | undefined;
  readonly lastHeartbeatSentAt: number | undefined;
  readonly lastHeartbeatReceivedAt: number | undefined;
  readonly inFlight: readonly { readonly requestId: string; readonly functionSlug: string; readonly startedAt: number }[];
  /** Answers that wait to be delivered. */
  readonly bufferedCount: number;
};

/** A worker's connection to its server. */
export interface WorkerConnection {
  /** Of the connection that is active, or was last; it changes with each reconnect. */
  readonly connectionId: string;
  readonly state: ConnectionState;
  /** Resolves when the worker has closed. */
  readonly closed: Promise<void>;
  /** Takes no more calls, finishes those in progress, delivers their answers, and ends. */
  close(): Promise<void>;
  getDebugState(): ConnectDebugState;
}
