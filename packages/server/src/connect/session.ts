/**
 * One worker's connection as a state machine: frames and time in, frames and facts out. No socket, no clock, no store.
 *
 *   hello → syncing → connected → ready → draining
 *
 * I1  Nothing is believed before the worker has introduced itself and its token was accepted: any other frame ends the connection.
 * I2  A frame that can't be read, or that doesn't belong to the phase, ends the connection with a code that says which.
 * I3  A closed session does nothing more.
 *
 * Spec: wire 9.2, 9.3, 9.7, 9.8; semantics 12.1.
 */
import {
  CONNECT_APPS_MAX,
  CONNECT_EXTEND_MS,
  CONNECT_HEARTBEAT_MS,
  CONNECT_HEARTBEATS_MISSED_MAX,
  CONNECT_HELLO_MS_MAX,
  type ConnectFrame,
  connectFrame,
  connectionReady,
  type ExtendLease,
  extendLease,
  FRAME,
  type RequestAck,
  requestAck,
  systemError,
  type WorkerConnect,
  workerConnect,
  type WorkerReply,
  workerReply,
  type WorkerStatus,
  workerStatus,
} from "@pawl/protocol";
import { encode, tryDecode } from "./codec.ts";

type SessionPhase = "hello" | "syncing" | "connected" | "ready" | "draining" | "closed";

export type SessionState = {
  readonly phase: SessionPhase;
  /** When the session ends if nothing comes before, milliseconds since the epoch; absent while the server is at work. */
  readonly deadline?: number;
  /** Whether the worker says itself when it takes requests. */
  readonly isReadinessManual: boolean;
};

export type SessionInput =
  | { readonly kind: "frame"; readonly bytes: Uint8Array }
  /** The worker's token was accepted and its apps are registered. */
  | { readonly kind: "synced" }
  | { readonly kind: "refused"; readonly code: string }
  | { readonly kind: "sync-failed"; readonly code: string; readonly message: string }
  /** The deadline may have passed. */
  | { readonly kind: "tick" }
  /** The server is stopping. `hasPeers`: the worker is to look for another one. */
  | { readonly kind: "server-closing"; readonly hasPeers: boolean };

export type SessionEffect =
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  | { readonly kind: "close"; readonly code: number; readonly reason: string }
  /** To be answered with `synced`, `refused` or `sync-failed`. */
  | { readonly kind: "introduced"; readonly worker: WorkerConnect }
  | { readonly kind: "ready" }
  | { readonly kind: "paused" }
  | { readonly kind: "acked"; readonly ack: RequestAck }
  | { readonly kind: "extended"; readonly lease: ExtendLease }
  | { readonly kind: "replied"; readonly reply: WorkerReply }
  | { readonly kind: "status"; readonly status: WorkerStatus };

export type SessionStep = { readonly state: SessionState; readonly effects: readonly SessionEffect[] };

/** Codes of RFC 6455. */
const POLICY_VIOLATION = 1008;
const GOING_AWAY = 1001;

const NO_PAYLOAD = new Uint8Array(0);
const ALIVE_MS = CONNECT_HEARTBEAT_MS * CONNECT_HEARTBEATS_MISSED_MAX;

/** A frame. */
export function frameOf(kind: number, payload: Uint8Array = NO_PAYLOAD): Uint8Array {
  return encode(connectFrame, { kind, payload });
}

/** A session begins: the gateway greets. */
export function openSession(now: number): SessionStep {
  const state: SessionState = { phase: "hello", deadline: now + CONNECT_HELLO_MS_MAX, isReadinessManual: false };
  return { state, effects: [{ kind: "send", bytes: frameOf(FRAME.gatewayHello) }] };
}

/** What an input brings about. `now` in milliseconds since the epoch. */
export function stepSession(state: SessionState, input: SessionInput, now: number): SessionStep {
  if (state.phase === "closed") return { state, effects: [] };
  switch (input.kind) {
    case "frame":
      return onFrame(state, input.bytes, now);
    case "synced":
      return onSynced(state, now);
    case "refused":
      return closed(input.code);
    case "sync-failed":
      return onSyncFailed(input);
    case "tick":
      return onTick(state, now);
    case "server-closing":
      return onServerClosing(state, input.hasPeers);
  }
}

function onTick(state: SessionState, now: number): SessionStep {
  if (state.deadline === undefined || now < state.deadline) return { state, effects: [] };
  if (state.phase === "hello") return closed("connect_worker_hello_timeout");
  return closed("CONSECUTIVE_HEARTBEATS_MISSED");
}

/**
 * A worker that is told to look for another gateway and finds none is lost for long: the official client delivers no answers meanwhile, and
 * after ten refusals waits for five minutes (npm inngest 4.24.0, November 2026). So it is told only where there is another.
 */
function onServerClosing(state: SessionState, hasPeers: boolean): SessionStep {
  if (state.phase === "hello" || state.phase === "syncing") return closed("connect_gateway_closing", GOING_AWAY);
  const told: readonly SessionEffect[] = hasPeers ? [{ kind: "send", bytes: frameOf(FRAME.gatewayClosing) }] : [];
  return { state: { ...state, phase: "draining" }, effects: [...told, { kind: "paused" }] };
}

function onSynced(state: SessionState, now: number): SessionStep {
  if (state.phase !== "syncing") return { state, effects: [] };
  const ready = {
    heartbeatInterval: `${CONNECT_HEARTBEAT_MS / 1_000}s`,
    extendLeaseInterval: `${CONNECT_EXTEND_MS / 1_000}s`,
    statusInterval: "0s",
  };
  const send = { kind: "send", bytes: frameOf(FRAME.connectionReady, encode(connectionReady, ready)) } as const;
  const next = { ...state, deadline: now + ALIVE_MS };
  if (state.isReadinessManual) return { state: { ...next, phase: "connected" }, effects: [send] };
  return { state: { ...next, phase: "ready" }, effects: [send, { kind: "ready" }] };
}

function onSyncFailed({ code, message }: Extract<SessionInput, { kind: "sync-failed" }>): SessionStep {
  const { state, effects } = closed(code);
  return { state, effects: [{ kind: "send", bytes: frameOf(FRAME.syncFailed, encode(systemError, { code, message })) }, ...effects] };
}

function onFrame(state: SessionState, bytes: Uint8Array, now: number): SessionStep {
  const frame = tryDecode(connectFrame, bytes);
  if (state.phase === "hello") return onHello(state, frame);
  if (frame === undefined) return closed("connect_run_invalid_message");
  if (state.phase === "syncing") return onEarly(state, frame);
  return onMessage({ ...state, deadline: now + ALIVE_MS }, frame);
}

/** Keeps I1. */
function onHello(state: SessionState, frame: ConnectFrame | undefined): SessionStep {
  if (frame === undefined || frame.kind !== FRAME.workerConnect) return closed("connect_worker_hello_invalid_msg");
  const worker = tryDecode(workerConnect, frame.payload);
  if (worker === undefined || worker.apps.length === 0) return closed("connect_worker_hello_invalid_payload");
  if (worker.apps.length > CONNECT_APPS_MAX) return closed("connect_too_many_apps_per_connection");
  return {
    state: { phase: "syncing", isReadinessManual: worker.workerManualReadinessAck },
    effects: [{ kind: "introduced", worker }],
  };
}

/** While its apps are being registered, a worker can only show that it is alive. */
function onEarly(state: SessionState, { kind }: ConnectFrame): SessionStep {
  return kind === FRAME.workerHeartbeat ? heartbeat(state) : closed("connect_run_invalid_message");
}

function onMessage(state: SessionState, { kind, payload }: ConnectFrame): SessionStep {
  switch (kind) {
    case FRAME.workerHeartbeat:
      return heartbeat(state);
    case FRAME.workerReady:
      return state.phase === "connected" ? { state: { ...state, phase: "ready" }, effects: [{ kind: "ready" }] } : { state, effects: [] };
    case FRAME.workerPause:
      return { state: { ...state, phase: "draining" }, effects: [{ kind: "paused" }] };
    case FRAME.requestAck:
      return fact(state, tryDecode(requestAck, payload), {
        code: "connect_worker_request_ack_invalid_payload",
        of: (ack) => ({ kind: "acked", ack }),
      });
    case FRAME.extendLease:
      return fact(state, tryDecode(extendLease, payload), {
        code: "connect_worker_request_extend_lease_invalid_payload",
        of: (lease) => ({ kind: "extended", lease }),
      });
    case FRAME.reply:
      return fact(state, tryDecode(workerReply, payload), {
        code: "connect_worker_reply_invalid_payload",
        of: (reply) => ({ kind: "replied", reply }),
      });
    case FRAME.workerStatus:
      return fact(state, tryDecode(workerStatus, payload), {
        code: "connect_worker_status_invalid_payload",
        of: (status) => ({ kind: "status", status }),
      });
    default:
      return closed("connect_run_invalid_message");
  }
}

function heartbeat(state: SessionState): SessionStep {
  return { state, effects: [{ kind: "send", bytes: frameOf(FRAME.gatewayHeartbeat) }] };
}

function fact<T>(
  state: SessionState,
  message: T | undefined,
  { code, of }: { readonly code: string; readonly of: (message: T) => SessionEffect },
): SessionStep {
  return message === undefined ? closed(code) : { state, effects: [of(message)] };
}

function closed(reason: string, code: number = POLICY_VIOLATION): SessionStep {
  return { state: { phase: "closed", isReadinessManual: false }, effects: [{ kind: "close", code, reason }] };
}
