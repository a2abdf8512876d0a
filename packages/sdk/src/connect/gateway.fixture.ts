/** A gateway for tests: sockets and HTTP answers that are functions, no network. */
import {
  connectFrame,
  connectionReady,
  executorRequest,
  FRAME,
  startResponse,
  workerConnect,
  workerReply,
  type ConnectFrame,
  type ExecutorRequest,
  type MessageTable,
  type StartResponse,
  type WorkerConnect,
  type WorkerReply,
} from "@pawl/protocol";
import { event, turn } from "../run/call.fixture.ts";
import type { WebSocketClass } from "./options.ts";
import { decodeMessage, encodeMessage } from "./protobuf.ts";

type Listener = (event: { readonly data?: unknown; readonly code?: number; readonly reason?: string }) => void;

/** The gateway's side of a socket. */
export class FakeSocket {
  readonly url: string;
  readonly protocols: readonly string[];
  binaryType: BinaryType = "blob";
  readyState = 1;
  readonly frames: ConnectFrame[] = [];
  closedWith: readonly [number | undefined, string | undefined] | undefined;
  private readonly listeners = new Map<string, Listener[]>();

  constructor(url: string, protocols: readonly string[]) {
    this.url = url;
    this.protocols = protocols;
  }

  addEventListener = (type: string, listener: unknown): void => {
    this.listeners.set(type, [...(this.listeners.get(type) ?? []), listener as Listener]);
  };

  send = (bytes: unknown): void => void this.frames.push(decodeMessage(connectFrame, new Uint8Array(bytes as ArrayBuffer)));

  close = (code?: number, reason?: string): void => {
    this.closedWith ??= [code, reason];
    this.readyState = 3;
  };

  /** The gateway sends a frame. */
  say<T>(kind: number, table?: MessageTable<T>, message?: T): void {
    const payload = table === undefined ? new Uint8Array(0) : encodeMessage(table, message as T);
    this.emit("message", { data: encodeMessage(connectFrame, { kind, payload }).buffer });
  }

  /** The connection breaks. */
  cut(code = 1006, reason = ""): void {
    this.readyState = 3;
    this.emit("close", { code, reason });
  }

  emit(type: string, content: Parameters<Listener>[0]): void {
    for (const listener of this.listeners.get(type) ?? []) listener(content);
  }

  kinds(): readonly number[] {
    return this.frames.map(({ kind }) => kind);
  }

  /** The last message of a kind. */
  last<T>(kind: number, table: MessageTable<T>): T {
    const frame = this.frames.findLast((candidate) => candidate.kind === kind);
    if (frame === undefined) throw new Error(`The worker sent no frame of kind ${kind}.`);
    return decodeMessage(table, frame.payload);
  }

  introduction(): WorkerConnect {
    return this.last(FRAME.workerConnect, workerConnect);
  }

  reply(): WorkerReply {
    return this.last(FRAME.reply, workerReply);
  }
}

export type Gateway = {
  readonly sockets: FakeSocket[];
  readonly flushed: WorkerReply[];
  readonly starts: { readonly authorization: string | undefined; readonly body: Uint8Array }[];
  /** Status of the next answers; 200 when there is none. */
  readonly statuses: number[];
  readonly webSocket: WebSocketClass;
  readonly fetch: typeof globalThis.fetch;
  /** The newest socket, its handshake done. */
  readonly accept: () => Promise<FakeSocket>;
};

/** A gateway. */
export function fakeGateway(): Gateway {
  const sockets: FakeSocket[] = [];
  const flushed: WorkerReply[] = [];
  const starts: { authorization: string | undefined; body: Uint8Array }[] = [];
  const statuses: number[] = [];
  class Opened extends FakeSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      sockets.push(this);
    }
  }
  const answer = async (url: unknown, init: RequestInit | undefined): Promise<Response> => {
    const body = init?.body as Uint8Array;
    const status = statuses.shift() ?? 200;
    const headers = init?.headers as Record<string, string>;
    const isStart = String(url).endsWith("/v0/connect/start");
    if (isStart) starts.push({ authorization: headers["authorization"], body });
    if (status !== 200) return new Response("no", { status });
    if (isStart) return new Response(encodeMessage(startResponse, ticket(starts.length)));
    const reply = decodeMessage(workerReply, body);
    flushed.push(reply);
    return new Response(encodeMessage({ requestId: [1, "text"] }, { requestId: reply.requestId }));
  };
  const accept = async (): Promise<FakeSocket> => {
    for (let count = 0; count < 20 && sockets.at(-1)?.frames.length !== 0; count++) await turn();
    const socket = sockets.at(-1);
    if (socket === undefined) throw new Error("The worker opened no socket.");
    socket.say(FRAME.gatewayHello);
    const ready = { heartbeatInterval: "10s", extendLeaseInterval: "5s", statusInterval: "0s" };
    socket.say(FRAME.connectionReady, connectionReady, ready);
    await turn();
    return socket;
  };
  return {
    sockets,
    flushed,
    starts,
    statuses,
    webSocket: Opened as unknown as WebSocketClass,
    fetch: answer,
    accept,
  };
}

function ticket(count: number): StartResponse {
  return {
    connectionId: `c${count}`,
    gatewayEndpoint: "ws://gateway.test/v0/connect",
    gatewayGroup: "gw-1",
    sessionToken: "session",
    syncToken: "sync",
  };
}

/** A call, as a server sends it. */
export function requestOf(over: Partial<ExecutorRequest> = {}): ExecutorRequest {
  const body = {
    version: -1,
    event,
    events: [event],
    steps: {},
    ctx: {
      run_id: "run",
      fn_id: "",
      attempt: 0,
      max_attempts: 4,
      qi_id: "q",
      stack: { stack: null, current: 0 },
      disable_immediate_execution: false,
    },
  };
  return {
    requestId: "r1",
    accountId: "a",
    envId: "e",
    appId: "app-1",
    appName: "shop",
    functionId: "f",
    functionSlug: "shop-import",
    stepId: "step",
    requestPayload: new TextEncoder().encode(JSON.stringify(body)),
    systemTraceCtx: new TextEncoder().encode("{}"),
    userTraceCtx: new TextEncoder().encode("{}"),
    runId: "run",
    leaseId: "lease-1",
    jobId: "job",
    ...over,
  };
}

/** Sends a call over a socket. */
export function sendRequest(socket: FakeSocket, over: Partial<ExecutorRequest> = {}): void {
  socket.say(FRAME.executorRequest, executorRequest, requestOf(over));
}
