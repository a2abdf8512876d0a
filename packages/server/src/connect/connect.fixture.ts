/**
 * An engine whose app is served by workers, in virtual time: the gateway's real connections, on sockets that are objects.
 *
 * I1  Everything that needs no time is done when `send`, `advance` and `settle` resolve.
 */
import type { RunRow } from "@pawl/engine";
import {
  connectFrame,
  executorRequest,
  type ExecutorRequest,
  extendLease,
  extendLeaseAck,
  FRAME,
  type MessageTable,
  REPLY_STATUS,
  requestAck,
  workerConnect,
  workerReply,
  type WorkerReply,
} from "@pawl/protocol";
import type { Store } from "@pawl/store";
import { openMemoryStore } from "@pawl/store-memory";
import type { WebSocket } from "ws";
import { Engine } from "../core/engine.ts";
import type { Hold } from "../core/lanes.ts";
import { functionConfig } from "../http/test-server.fixture.ts";
import { ManualClock, settled } from "../ports/manual-clock.fixture.ts";
import { silentLogger } from "../ports/logger.ts";
import { systemRandom } from "../ports/random.ts";
import { openSecrets } from "../ports/secrets.ts";
import { decode, encode } from "./codec.ts";
import { Connect, type Ticket } from "./connect.ts";
import { WorkerConnection } from "./connection.ts";
import { handOver, takeOver } from "./handover.ts";
import { frameOf } from "./session.ts";

/** A socket as `ws` has it, seen from the gateway. Frames go to `received`. */
class FakeSocket {
  readonly OPEN = 1;
  readyState = 1;
  isPaused = false;
  bufferedAmount = 0;
  closedWith: readonly [number, string] | undefined;
  readonly received: Uint8Array[] = [];
  onFrame: (bytes: Uint8Array) => void = () => {};
  readonly #listeners = new Map<string, ((...args: unknown[]) => void)[]>();

  on(name: string, listener: (...args: unknown[]) => void): void {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
  }

  emit(name: string, ...args: readonly unknown[]): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(...args);
  }

  send(bytes: Uint8Array, sent: () => void): void {
    this.received.push(bytes);
    this.onFrame(bytes);
    sent();
  }

  close(code: number, reason: string): void {
    this.closedWith ??= [code, reason];
    this.end(code);
  }

  end(code: number): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.emit("close", code);
  }

  terminate(): void {
    this.end(1006);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }
}

export type FakeWorkerOptions = {
  readonly instanceId?: string;
  readonly version?: string;
  readonly functions?: readonly string[];
  readonly limit?: number;
  readonly token?: string;
  /** Default: one of its own. */
  readonly ticket?: Ticket | undefined;
  /** Registered as they are, in the place of `functions`. */
  readonly config?: string;
};

/** A worker: its side of a connection. */
export class FakeWorker {
  readonly socket: FakeSocket = new FakeSocket();
  /** Requests that came, oldest first. */
  readonly requests: ExecutorRequest[] = [];
  /** What to do with a request. Default: confirm it. */
  onRequest: (request: ExecutorRequest) => void = (request) => this.ack(request);
  readonly extensions: (string | undefined)[] = [];

  constructor() {
    this.socket.onFrame = (bytes) => {
      const { kind, payload } = decode(connectFrame, bytes);
      if (kind === FRAME.executorRequest) this.#take(decode(executorRequest, payload));
      if (kind === FRAME.extendLeaseAck) this.extensions.push(decode(extendLeaseAck, payload).newLeaseId);
    };
  }

  get kinds(): readonly number[] {
    return this.socket.received.map((bytes) => decode(connectFrame, bytes).kind);
  }

  /** The nth request that came. Throws when it has not come. */
  request(index = 0): ExecutorRequest {
    const request = this.requests[index];
    if (request === undefined) throw new Error(`The worker has got ${this.requests.length} requests.`);
    return request;
  }

  say<T>(kind: number, table?: MessageTable<T>, message?: T): void {
    this.socket.emit("message", frameOf(kind, table === undefined ? undefined : encode(table, message as T)), true);
  }

  ack(request: ExecutorRequest): void {
    this.say(FRAME.requestAck, requestAck, request);
  }

  extend(request: ExecutorRequest): void {
    this.say(FRAME.extendLease, extendLease, request);
  }

  /** Answers with the function's result. */
  answer(request: ExecutorRequest, result: unknown, over: Partial<WorkerReply> = {}): void {
    this.say(FRAME.reply, workerReply, replyTo(request, result, over));
  }

  /** The connection ends; without a code, as when the process is killed. */
  cut(code = 1006): void {
    this.socket.end(code);
  }

  #take(request: ExecutorRequest): void {
    this.requests.push(request);
    // As on a real connection: not in the turn in which it was sent.
    queueMicrotask(() => this.onRequest(request));
  }
}

/** The answer of a function that returned. */
export function replyTo(request: ExecutorRequest, result: unknown, over: Partial<WorkerReply> = {}): WorkerReply {
  const { requestId, accountId, envId, appId, systemTraceCtx, userTraceCtx, runId } = request;
  return {
    requestId,
    accountId,
    envId,
    appId,
    status: REPLY_STATUS.done,
    body: new TextEncoder().encode(JSON.stringify(result)),
    noRetry: false,
    sdkVersion: "test:v1",
    requestVersion: 2,
    systemTraceCtx,
    userTraceCtx,
    runId,
    ...over,
  };
}

export class ConnectWorld {
  readonly clock: ManualClock;
  readonly connect: Connect;
  readonly engine: Engine;
  readonly logged: string[] = [];
  /** What commits wait for. */
  commitGate: Promise<void> | undefined;

  constructor(memory: Store = openMemoryStore(), clock: ManualClock = new ManualClock()) {
    this.clock = clock;
    const random = systemRandom();
    const http = { call: () => Promise.reject(new Error("no HTTP here")), close: async () => {} };
    const logger = { ...silentLogger, error: (_fields: object, message: string) => void this.logged.push(message) };
    this.connect = new Connect({ clock: this.clock, random, logger, loadSecret: openSecrets(), http });
    const { invoker, slotsOf } = this.connect;
    const store: Store = {
      ...memory,
      apply: async (changeSet) => {
        if (this.commitGate !== undefined) await this.commitGate;
        return memory.apply(changeSet);
      },
    };
    this.engine = new Engine({
      store,
      clock: this.clock,
      random,
      invoker,
      workerSlotsOf: slotsOf,
      handedOver: this.connect.requests.expected,
      logger,
      workers: 10,
    });
    this.connect.attach(this.engine);
    this.clock.settle = () => this.settle();
  }

  async settle(): Promise<void> {
    for (let count = 0; count < 4; count++) await settled();
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
  }

  /** A socket is opened; the worker has said nothing. */
  open(): FakeWorker {
    const worker = new FakeWorker();
    const socket = worker.socket as unknown as WebSocket;
    const opened = { socket, address: "127.0.0.1" };
    this.connect.accept(socket, (handshakeEnded) => new WorkerConnection(this.connect, opened, handshakeEnded));
    return worker;
  }

  /** A worker that has introduced itself. */
  async introduce(options: FakeWorkerOptions = {}): Promise<FakeWorker> {
    const { instanceId = "w", version, functions = ["shop-import"], limit, token, config } = options;
    const worker = this.open();
    const ticket = options.ticket ?? this.connect.ticket();
    const configs = functions.map((slug) => ({
      ...functionConfig(slug),
      triggers: [{ event: slug.replace("-", "/") }],
      steps: stepsOf(slug),
    }));
    worker.say(FRAME.workerConnect, workerConnect, {
      connectionId: ticket?.connectionId ?? "",
      instanceId,
      authData: { sessionToken: token ?? ticket?.sessionToken ?? "", syncToken: "" },
      capabilities: new Uint8Array(0),
      apps: [
        {
          appName: "shop",
          functions: new TextEncoder().encode(config ?? JSON.stringify(configs)),
          ...(version === undefined ? {} : { appVersion: version }),
        },
      ],
      workerManualReadinessAck: true,
      framework: "connect",
      sdkVersion: "v1",
      sdkLanguage: "test",
      ...(limit === undefined ? {} : { maxWorkerConcurrency: limit }),
    });
    await this.settle();
    return worker;
  }

  /** A worker that takes requests, and shows every 10 s that it is alive. */
  async worker(options: FakeWorkerOptions = {}): Promise<FakeWorker> {
    const worker = await this.introduce(options);
    worker.say(FRAME.workerReady);
    const beat = (): void => {
      if (worker.socket.readyState !== worker.socket.OPEN) return;
      worker.say(FRAME.workerHeartbeat);
      this.clock.setTimer(10_000, beat);
    };
    beat();
    await this.settle();
    return worker;
  }

  /** Sends an event that starts a function; resolves with its run. */
  async send(name = "shop/import"): Promise<string> {
    const before = new Set((await this.runs()).map(({ id }) => id));
    await this.engine.send([{ name, data: {} }]);
    await this.settle();
    return (await this.runs()).find(({ id }) => !before.has(id))?.id ?? "";
  }

  async runs(): Promise<readonly RunRow[]> {
    return this.engine.store.history.listRuns({ filter: {}, timeField: "queuedAt", order: "asc", limit: 100 });
  }

  async run(runId: string): Promise<RunRow | undefined> {
    return (await this.runs()).find(({ id }) => id === runId);
  }

  /** What holds a run back. */
  async holdOf(runId: string): Promise<Hold | undefined> {
    const [item] = await this.engine.store.itemsOfRun(runId);
    return item === undefined ? undefined : this.engine.queue.holdOf(item.id);
  }

  /** Stops as a server does that is told to, with `drainMs` for what is in progress. */
  async handOver(drainMs = 0): Promise<void> {
    const { clock, connect, engine } = this;
    connect.drain(false);
    const stopped = engine.stop(drainMs);
    await this.advance(drainMs);
    await stopped;
    await handOver({ store: engine.store, clock, random: systemRandom() }, connect.underway);
    connect.close();
    await this.settle();
  }

  async stop(): Promise<void> {
    this.connect.close();
    const stopped = this.engine.stop(0);
    await this.advance(0);
    await stopped;
  }
}

function stepsOf(slug: string): Readonly<Record<string, unknown>> {
  const runtime = { type: "ws", url: `wss://connect/?fnId=${slug}&stepId=step` };
  return { step: { id: "step", name: "step", runtime, retries: { attempts: 1 } } };
}

/** Starts one, on what is stored. */
export async function connectWorld(store?: Store, clock?: ManualClock): Promise<ConnectWorld> {
  const world = new ConnectWorld(store, clock);
  world.connect.requests.expected.expect(await takeOver({ store: world.engine.store, clock: world.clock }));
  await world.engine.start();
  return world;
}
