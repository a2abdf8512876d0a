/**
 * Connect: apps that reach the server instead of being reached. Their workers hold a WebSocket open and get calls over it.
 *
 * | part | |
 * | --- | --- |
 * | `session.ts`, `connection.ts` | one worker: state machine, and the socket around it |
 * | `workers.ts` | who is there, and who gets a call |
 * | `requests.ts` | leases |
 * | `expected.ts`, `early-answers.ts`, `handover.ts` | what workers have, or have done, when the server restarts |
 * | `connect-invoker.ts` | how the engine calls |
 * | `worker-sync.ts` | registration with the connection |
 * | `connect-routes.ts` | `start`, `flush`, the upgrade |
 *
 * Requests live in this process. After a restart of the server, workers reconnect. What they had is theirs still, if the server was stopped;
 * if it was killed, it is called anew, at least once, as always. If they answer what they were asked before, that counts.
 *
 * Spec: wire 9; semantics 12.1.
 */
import type { FunctionRow, RandomSource, Slot } from "@pawl/engine";
import { CONNECT_HANDSHAKES_MAX, CONNECT_WORKERS_MAX, type WorkerConnect, type WorkerReply } from "@pawl/protocol";
import type { WebSocket } from "ws";
import type { Engine } from "../core/engine.ts";
import type { Clock } from "../ports/clock.ts";
import type { AppCall, CallHeld, Invoker } from "../ports/invoker.ts";
import type { Logger } from "../ports/logger.ts";
import type { LoadSecret } from "../ports/secrets.ts";
import { ConnectInvoker } from "./connect-invoker.ts";
import type { WorkerConnection } from "./connection.ts";
import type { HandedOverCall } from "./expected.ts";
import { Requests } from "./requests.ts";
import { CONNECT_SECRET, opensSession, sessionToken } from "./token.ts";
import { type SyncResult, WorkerSync } from "./worker-sync.ts";
import { type LeaveReason, type Worker, Workers } from "./workers.ts";

export type ConnectOptions = {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly logger: Logger;
  readonly loadSecret: LoadSecret;
  /** How apps are called that have a URL. */
  readonly http: Invoker;
};

/** What opens a connection. */
export type Ticket = { readonly connectionId: string; readonly sessionToken: string };

const GOING_AWAY = 1001;

export class Connect {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly workers: Workers;
  readonly requests: Requests;
  readonly #options: ConnectOptions;
  readonly #secret: Uint8Array;
  readonly #connections = new Set<WorkerConnection>();
  #handshakes = 0;
  /** Connections of workers that have introduced themselves and wait for their registration. */
  readonly #syncing = new Set<string>();
  #sync: WorkerSync | undefined;
  #invoker: ConnectInvoker | undefined;
  #isDraining = false;

  constructor(options: ConnectOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.logger = options.logger;
    this.workers = new Workers(options.random);
    this.requests = new Requests(options.clock);
    this.#secret = options.loadSecret(CONNECT_SECRET);
  }

  /** For the engine: workers are called over their connection, all else as `http` does it. */
  readonly invoker: Invoker = {
    call: (call) => this.#call(call),
    close: async () => {
      await this.#invoker?.close();
      await this.#options.http.close();
    },
  };

  /** For the engine. */
  readonly slotsOf = (row: FunctionRow): readonly Slot[] => (isOfWorkers(row.definition.url) ? this.workers.slotsOf(row) : NO_SLOTS);

  /** The engine whose calls these are. Once, before it starts. */
  attach(engine: Engine): void {
    const { clock, random, logger } = this.#options;
    const { workers, requests } = this;
    this.#sync = new WorkerSync({ engine, clock, logger, workers });
    const invoker = new ConnectInvoker({ clock, random, workers, requests, registry: engine.registry });
    this.#invoker = invoker;
    workers.onChange = () => {
      engine.queue.limitsChanged();
      invoker.roomChanged();
      engine.live.publish({ kind: "apps" });
    };
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** A ticket for a new connection; undefined where there are too many workers. */
  ticket(): Ticket | undefined {
    if (this.#places <= 0) return undefined;
    const now = this.clock.now();
    const connectionId = this.#options.random.ulid(now);
    return { connectionId, sessionToken: sessionToken(connectionId, { secret: this.#secret, now }) };
  }

  /** Whether another connection may be opened now: those that have not introduced themselves are few. */
  get hasRoom(): boolean {
    return !this.#isDraining && this.#handshakes < CONNECT_HANDSHAKES_MAX && this.#places > 0;
  }

  /** While the store hangs, workers come, give up and come again: those whose registration waits count, since what they sent is kept. */
  get #places(): number {
    return CONNECT_WORKERS_MAX - this.workers.size - this.#syncing.size;
  }

  /** Takes an open socket. */
  accept(socket: WebSocket, open: (handshakeEnded: () => void) => WorkerConnection): void {
    this.#handshakes += 1;
    let isOver = false;
    const connection = open(() => {
      if (!isOver) this.#handshakes -= 1;
      isOver = true;
    });
    if (socket.readyState === socket.OPEN) this.#connections.add(connection);
  }

  /** Whether a worker may connect: its ticket is this server's, new, and not in use. */
  admits({ connectionId, authData }: WorkerConnect): boolean {
    if (authData === undefined) return false;
    if (!opensSession(authData.sessionToken, { connectionId, secret: this.#secret, now: this.clock.now() })) return false;
    return !this.#syncing.has(connectionId) && !this.workers.all().some(({ facts }) => facts.connectionId === connectionId);
  }

  /** Registers a worker's apps. */
  async sync(worker: WorkerConnect): Promise<SyncResult> {
    if (this.#sync === undefined) return { kind: "failed", code: "connect_internal_error", message: "The server is starting." };
    this.#syncing.add(worker.connectionId);
    try {
      return await this.#sync.sync(worker);
    } finally {
      // The caller adds the worker in the same turn.
      this.#syncing.delete(worker.connectionId);
    }
  }

  /** An answer that a worker could not deliver over its connection, or that was not confirmed. Resolves with whether it is now. */
  flush(reply: WorkerReply): Promise<boolean> {
    return this.requests.replied(reply);
  }

  /** A connection has ended. */
  left(connection: WorkerConnection, worker: Worker | undefined, reason: LeaveReason): void {
    this.#connections.delete(connection);
    if (worker === undefined) return;
    this.workers.remove(worker, { at: this.clock.now(), reason });
    this.requests.left(worker);
    this.#sync?.left(worker);
  }

  /** Takes no more workers and sends no more requests; workers finish what they have. `hasPeers`: they are sent to the other servers. */
  drain(hasPeers: boolean): void {
    this.#stopSync();
    this.requests.drain();
    for (const connection of this.#connections) connection.drain(hasPeers);
  }

  /** What workers have, after the engine has stopped: for the server that comes after, by `requests.expected`. */
  get underway(): readonly HandedOverCall[] {
    return this.#invoker?.underway ?? [];
  }

  /** Ends all connections. */
  close(): void {
    this.#stopSync();
    for (const connection of this.#connections) connection.close(GOING_AWAY, "connect_gateway_closing");
  }

  #stopSync(): void {
    this.#isDraining = true;
    this.#sync?.stop();
  }

  /** Apps may be served by connections and by URLs at the same time; each function says by which. */
  #call(call: AppCall): ReturnType<Invoker["call"]> {
    if (!isOfWorkers(call.url)) return this.#options.http.call(call);
    return this.#invoker?.call(call) ?? Promise.resolve<CallHeld>({ kind: "held", reason: "no-worker-connected" });
  }
}

const NO_SLOTS: readonly Slot[] = [];

function isOfWorkers(url: string): boolean {
  return url.startsWith("ws:") || url.startsWith("wss:");
}
