/**
 * A worker's connection: the socket around the state machine (session.ts).
 *
 * I1  A worker that sends and does not read is not read either, until it has taken what waits for it: memory is bounded by the requests
 *     that it has.
 * I2  When the socket ends, however it ends, the worker leaves, once.
 *
 * Spec: wire 9.
 */
import {
  CONNECT_CONCURRENCY_DEFAULT,
  type ExtendLease,
  extendLeaseAck,
  FRAME,
  replyAck,
  type WorkerConnect,
  type WorkerReply,
} from "@pawl/protocol";
import type { WebSocket } from "ws";
import { endWebSocket } from "../http/upgrades.ts";
import { given } from "../json.ts";
import type { Timer } from "../ports/clock.ts";
import { encode } from "./codec.ts";
import type { Connect } from "./connect.ts";
import {
  frameOf,
  openSession,
  type SessionEffect,
  type SessionInput,
  type SessionState,
  type SessionStep,
  stepSession,
} from "./session.ts";
import type { SyncResult } from "./worker-sync.ts";
import { sdkOf } from "./worker-sync.ts";
import { type LeaveReason, Worker } from "./workers.ts";

/** Bytes that wait to be sent, above which the worker is not read. */
const BUFFERED_BYTES_MAX = 16 * 1_024 * 1_024;
const INTERNAL_ERROR = 1011;

export type WorkerSocket = {
  readonly socket: WebSocket;
  /** Where it comes from. */
  readonly address: string;
};

export class WorkerConnection {
  readonly #connect: Connect;
  readonly #socket: WebSocket;
  readonly #address: string;
  #state: SessionState;
  #worker: Worker | undefined;
  #timer: Timer | undefined;
  /** It has said that it takes no more. */
  #hasPaused = false;
  /** Why we have closed it. */
  #closedFor: string | undefined;
  /** Told once when the worker has introduced itself, or is gone. */
  #handshakeEnded: () => void;

  constructor(connect: Connect, { socket, address }: WorkerSocket, handshakeEnded: () => void) {
    this.#connect = connect;
    this.#socket = socket;
    this.#address = address;
    this.#handshakeEnded = handshakeEnded;
    // Frames that are too large or malformed end the connection; "close" follows.
    socket.on("error", () => {});
    socket.on("message", (content, isBinary) => this.#receive(content as Buffer, isBinary));
    socket.on("close", (code) => this.#ended(code));
    const opened = openSession(connect.clock.now());
    this.#state = opened.state;
    this.#take(opened);
  }

  /** The worker gets nothing new and finishes what it has; where there are peers, it looks for one of them. */
  drain(hasPeers: boolean): void {
    this.#input({ kind: "server-closing", hasPeers });
  }

  close(code: number, reason: string): void {
    this.#closedFor ??= reason;
    endWebSocket(this.#socket, { clock: this.#connect.clock, code, reason });
  }

  #receive(content: Buffer, isBinary: boolean): void {
    if (this.#worker !== undefined) this.#worker.heardAt = this.#connect.clock.now();
    // A text frame is no message; neither is one without bytes of the expected kind.
    this.#input({ kind: "frame", bytes: isBinary ? content : NOT_A_FRAME });
  }

  #input(input: SessionInput): void {
    try {
      this.#take(stepSession(this.#state, input, this.#connect.clock.now()));
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#connect.logger.error(
      { error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
      "a worker's frame failed",
    );
    this.close(INTERNAL_ERROR, "connect_internal_error");
  }

  #take({ state, effects }: SessionStep): void {
    const isMoved = state.deadline !== this.#state.deadline || this.#timer === undefined;
    this.#state = state;
    if (isMoved) this.#arm();
    for (const effect of effects) this.#do(effect);
  }

  /** Frames move the deadline far more often than it passes, so a running timer is left alone and looks again when it goes off. */
  #arm(): void {
    const { deadline } = this.#state;
    if (deadline === undefined || this.#timer !== undefined) return;
    const { clock } = this.#connect;
    this.#timer = clock.setTimer(deadline - clock.now(), () => {
      this.#timer = undefined;
      this.#input({ kind: "tick" });
    });
  }

  #do(effect: SessionEffect): void {
    const { workers, requests } = this.#connect;
    const worker = this.#worker;
    switch (effect.kind) {
      case "send":
        return this.#send(effect.bytes);
      case "close":
        return this.close(effect.code, effect.reason);
      case "introduced":
        this.#introduced(effect.worker).catch((error: unknown) => this.#failed(error));
        return undefined;
      case "ready":
        return worker === undefined ? undefined : workers.setPhase(worker, "ready");
      case "paused":
        this.#hasPaused = true;
        return worker === undefined ? undefined : workers.setPhase(worker, "draining");
      case "acked":
        return worker === undefined ? undefined : requests.taken(effect.ack.requestId, worker);
      case "extended":
        return worker === undefined ? undefined : this.#extend(effect.lease, worker);
      case "replied":
        void this.#confirm(effect.reply);
        return undefined;
      case "status":
        return undefined;
    }
  }

  async #introduced(message: WorkerConnect): Promise<void> {
    const admitted = this.#connect.admits(message);
    this.#handshakeEnded();
    if (!admitted) return this.#input({ kind: "refused", code: "connect_authentication_failed" });
    const result = await this.#connect.sync(message);
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (result.kind === "failed") return this.#input({ kind: "sync-failed", code: result.code, message: result.message });
    this.#join(message, result);
    this.#input({ kind: "synced" });
  }

  #join(message: WorkerConnect, { apps }: Extract<SyncResult, { kind: "synced" }>): void {
    const { clock, workers } = this.#connect;
    const { connectionId, instanceId, maxWorkerConcurrency: limit = CONNECT_CONCURRENCY_DEFAULT } = message;
    const facts = {
      connectionId,
      instanceId,
      apps,
      capacity: limit > 0 ? limit : Number.POSITIVE_INFINITY,
      sdk: sdkOf(message),
      connectedAt: clock.now(),
      address: this.#address,
      ...given("platform", message.platform),
      ...given("system", message.systemAttributes),
    };
    this.#worker = new Worker(facts, (frame) => this.#send(frame));
    workers.add(this.#worker);
  }

  async #confirm(reply: WorkerReply): Promise<void> {
    const { requestId } = reply;
    if (await this.#connect.requests.replied(reply)) this.#send(frameOf(FRAME.replyAck, encode(replyAck, { requestId })));
  }

  #extend(lease: ExtendLease, worker: Worker): void {
    const isExtended = this.#connect.requests.extend(lease, worker);
    const { requestId, accountId, envId, appId, functionSlug, leaseId } = lease;
    const ack = { requestId, accountId, envId, appId, functionSlug, ...(isExtended ? { newLeaseId: leaseId } : {}) };
    this.#send(frameOf(FRAME.extendLeaseAck, encode(extendLeaseAck, ack)));
  }

  /** Keeps I1. */
  #send(frame: Uint8Array): void {
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) return;
    socket.send(frame, () => {
      if (socket.isPaused && socket.bufferedAmount <= BUFFERED_BYTES_MAX) socket.resume();
    });
    if (socket.bufferedAmount > BUFFERED_BYTES_MAX) socket.pause();
  }

  /** Keeps I2. */
  #ended(code: number): void {
    this.#timer?.cancel();
    const reason = this.#leaveReason(code);
    this.#state = { phase: "closed", isReadinessManual: false };
    this.#handshakeEnded();
    this.#connect.left(this, this.#worker, reason);
    this.#worker = undefined;
  }

  #leaveReason(code: number): LeaveReason {
    if (this.#closedFor === "CONSECUTIVE_HEARTBEATS_MISSED") return this.#closedFor;
    if (this.#closedFor === "connect_gateway_closing" || this.#connect.isDraining) return "GATEWAY_DRAINING";
    if (code === TOO_LARGE) return "MESSAGE_TOO_LARGE";
    return code === NORMAL || this.#hasPaused ? "WORKER_SHUTDOWN" : "UNEXPECTED";
  }
}

/** Codes of RFC 6455. */
const NORMAL = 1000;
const TOO_LARGE = 1009;

/** Field 1 with a wire type that a kind never has. */
const NOT_A_FRAME = new Uint8Array([10, 0]);
