/**
 * Connect: what a worker and a gateway say to each other over a WebSocket. Types of the messages, and tables of their protobuf fields;
 * how bytes are read and written is the business of each side.
 *
 * Source: wire-protocol 9.
 */

/** WebSocket subprotocol. */
export const CONNECT_SUBPROTOCOL = "v0.connect.inngest.com";

/** Path of the gateway, and below it `/start` and `/flush`. */
export const CONNECT_PATH = "/v0/connect";

/** Kinds of frames. */
export const FRAME = {
  gatewayHello: 0,
  workerConnect: 1,
  connectionReady: 2,
  executorRequest: 3,
  workerReady: 4,
  requestAck: 5,
  reply: 6,
  replyAck: 7,
  workerPause: 8,
  workerHeartbeat: 9,
  gatewayHeartbeat: 10,
  gatewayClosing: 11,
  extendLease: 12,
  extendLeaseAck: 13,
  syncFailed: 14,
  workerStatus: 15,
} as const;

/** Outcome of a call: 206, 200 and 500 of HTTP. */
export const REPLY_STATUS = { notCompleted: 0, done: 1, error: 2 } as const;

/** `integer`: int32, uint32, int64 or an enum; whole numbers up to 2^53. */
export type FieldKind = "text" | "bytes" | "boolean" | "integer" | AnyTable;

/** A table whose message isn't known. */
export type AnyTable = { readonly [name: string]: FieldEntry };

/** `single` has a default (empty, 0, false); `optional` is absent where it was not sent. */
export type FieldRule = "single" | "optional" | "repeated";

export type FieldEntry = readonly [number: number, kind: FieldKind, rule?: FieldRule];

/** Fields of a message by name. */
export type MessageTable<T> = { readonly [Name in keyof T]-?: FieldEntry };

export type ConnectFrame = { readonly kind: number; readonly payload: Uint8Array };
export const connectFrame: MessageTable<ConnectFrame> = { kind: [1, "integer"], payload: [2, "bytes"] };

/** `excludeGateways`: groups that failed or are draining. */
export type StartRequest = { readonly excludeGateways: readonly string[] };
export const startRequest: MessageTable<StartRequest> = { excludeGateways: [1, "text", "repeated"] };

export type StartResponse = {
  /** ULID. */
  readonly connectionId: string;
  /** URL of the WebSocket. */
  readonly gatewayEndpoint: string;
  readonly gatewayGroup: string;
  /** Opens one connection, for five minutes. */
  readonly sessionToken: string;
  readonly syncToken: string;
};
export const startResponse: MessageTable<StartResponse> = {
  connectionId: [1, "text"],
  gatewayEndpoint: [2, "text"],
  gatewayGroup: [3, "text"],
  sessionToken: [4, "text"],
  syncToken: [5, "text"],
};

export type AppConfiguration = {
  readonly appName: string;
  readonly appVersion?: string;
  /** JSON: list of function configurations. */
  readonly functions: Uint8Array;
};
export const appConfiguration: MessageTable<AppConfiguration> = {
  appName: [1, "text"],
  appVersion: [2, "text", "optional"],
  functions: [4, "bytes"],
};

export type AuthData = { readonly sessionToken: string; readonly syncToken: string };
export const authData: MessageTable<AuthData> = { sessionToken: [1, "text"], syncToken: [2, "text"] };

export type SystemAttributes = { readonly cpuCores: number; readonly memBytes: number; readonly os: string };
export const systemAttributes: MessageTable<SystemAttributes> = {
  cpuCores: [1, "integer"],
  memBytes: [2, "integer"],
  os: [3, "text"],
};

export type Timestamp = { readonly seconds: number; readonly nanos: number };
export const timestamp: MessageTable<Timestamp> = { seconds: [1, "integer"], nanos: [2, "integer"] };

export type WorkerConnect = {
  readonly connectionId: string;
  /** The same for all connections of one process. */
  readonly instanceId: string;
  readonly authData?: AuthData;
  /** JSON. */
  readonly capabilities: Uint8Array;
  readonly apps: readonly AppConfiguration[];
  /** Whether the worker says by `workerReady` when it takes requests; else it does so at once. */
  readonly workerManualReadinessAck: boolean;
  readonly systemAttributes?: SystemAttributes;
  readonly environment?: string;
  readonly framework: string;
  readonly platform?: string;
  readonly sdkVersion: string;
  readonly sdkLanguage: string;
  readonly startedAt?: Timestamp;
  /** Calls at the same time; absent: the gateway's default. */
  readonly maxWorkerConcurrency?: number;
};
export const workerConnect: MessageTable<WorkerConnect> = {
  connectionId: [1, "text"],
  instanceId: [2, "text"],
  authData: [3, authData, "optional"],
  capabilities: [4, "bytes"],
  apps: [5, appConfiguration, "repeated"],
  workerManualReadinessAck: [6, "boolean"],
  systemAttributes: [7, systemAttributes, "optional"],
  environment: [8, "text", "optional"],
  framework: [9, "text"],
  platform: [10, "text", "optional"],
  sdkVersion: [11, "text"],
  sdkLanguage: [12, "text"],
  startedAt: [13, timestamp, "optional"],
  maxWorkerConcurrency: [14, "integer", "optional"],
};

/** Durations as Go writes them: `10s`. */
export type ConnectionReady = {
  readonly heartbeatInterval: string;
  readonly extendLeaseInterval: string;
  /** `0s`: no status is asked for. */
  readonly statusInterval: string;
};
export const connectionReady: MessageTable<ConnectionReady> = {
  heartbeatInterval: [1, "text"],
  extendLeaseInterval: [2, "text"],
  statusInterval: [3, "text"],
};

export type ExecutorRequest = {
  readonly requestId: string;
  readonly accountId: string;
  readonly envId: string;
  readonly appId: string;
  readonly appName: string;
  readonly functionId: string;
  readonly functionSlug: string;
  /** Absent or `step`: discovery. */
  readonly stepId?: string;
  /** JSON: the body of a call. */
  readonly requestPayload: Uint8Array;
  /** JSON: `{traceparent, tracestate}`. */
  readonly systemTraceCtx: Uint8Array;
  readonly userTraceCtx: Uint8Array;
  readonly runId: string;
  readonly leaseId: string;
  readonly jobId: string;
};
export const executorRequest: MessageTable<ExecutorRequest> = {
  requestId: [1, "text"],
  accountId: [2, "text"],
  envId: [3, "text"],
  appId: [4, "text"],
  appName: [5, "text"],
  functionId: [6, "text"],
  functionSlug: [7, "text"],
  stepId: [8, "text", "optional"],
  requestPayload: [9, "bytes"],
  systemTraceCtx: [10, "bytes"],
  userTraceCtx: [11, "bytes"],
  runId: [12, "text"],
  leaseId: [13, "text"],
  jobId: [14, "text"],
};

export type RequestAck = {
  readonly requestId: string;
  readonly accountId: string;
  readonly envId: string;
  readonly appId: string;
  readonly functionSlug: string;
  readonly stepId?: string;
  readonly systemTraceCtx: Uint8Array;
  readonly userTraceCtx: Uint8Array;
  readonly runId: string;
};
export const requestAck: MessageTable<RequestAck> = {
  requestId: [1, "text"],
  accountId: [2, "text"],
  envId: [3, "text"],
  appId: [4, "text"],
  functionSlug: [5, "text"],
  stepId: [6, "text", "optional"],
  systemTraceCtx: [7, "bytes"],
  userTraceCtx: [8, "bytes"],
  runId: [9, "text"],
};

/** The lease as the worker knows it. */
export type ExtendLease = RequestAck & { readonly leaseId: string };
export const extendLease: MessageTable<ExtendLease> = { ...requestAck, leaseId: [10, "text"] };

export type ExtendLeaseAck = {
  readonly requestId: string;
  readonly accountId: string;
  readonly envId: string;
  readonly appId: string;
  readonly functionSlug: string;
  /** Absent: the lease is lost. */
  readonly newLeaseId?: string;
};
export const extendLeaseAck: MessageTable<ExtendLeaseAck> = {
  requestId: [1, "text"],
  accountId: [2, "text"],
  envId: [3, "text"],
  appId: [4, "text"],
  functionSlug: [5, "text"],
  newLeaseId: [6, "text", "optional"],
};

/** A worker's answer to a call. */
export type WorkerReply = {
  readonly requestId: string;
  readonly accountId: string;
  readonly envId: string;
  readonly appId: string;
  /** One of `REPLY_STATUS`. */
  readonly status: number;
  readonly body: Uint8Array;
  readonly noRetry: boolean;
  /** As the header `Retry-After`. */
  readonly retryAfter?: string;
  /** `<sdk>:v<version>`. */
  readonly sdkVersion: string;
  readonly requestVersion: number;
  readonly systemTraceCtx: Uint8Array;
  readonly userTraceCtx: Uint8Array;
  readonly runId: string;
};
export const workerReply: MessageTable<WorkerReply> = {
  requestId: [1, "text"],
  accountId: [2, "text"],
  envId: [3, "text"],
  appId: [4, "text"],
  status: [5, "integer"],
  body: [6, "bytes"],
  noRetry: [7, "boolean"],
  retryAfter: [8, "text", "optional"],
  sdkVersion: [9, "text"],
  requestVersion: [10, "integer"],
  systemTraceCtx: [11, "bytes"],
  userTraceCtx: [12, "bytes"],
  runId: [13, "text"],
};

/** Answer to a reply, over the connection or to a flush. */
export type ReplyAck = { readonly requestId: string };
export const replyAck: MessageTable<ReplyAck> = { requestId: [1, "text"] };

export type WorkerStatus = { readonly inFlightRequestIds: readonly string[]; readonly shutdownRequested: boolean };
export const workerStatus: MessageTable<WorkerStatus> = {
  inFlightRequestIds: [1, "text", "repeated"],
  shutdownRequested: [2, "boolean"],
};

export type SystemError = { readonly code: string; readonly data?: Uint8Array; readonly message: string };
export const systemError: MessageTable<SystemError> = { code: [1, "text"], data: [2, "bytes", "optional"], message: [3, "text"] };
