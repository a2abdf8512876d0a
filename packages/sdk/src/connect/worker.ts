/**
 * A worker: keeps a connection to the server, whatever happens to it, until it is closed.
 *
 * I1  Before a connection is given up for another, the other one is there; calls in progress stay with the old one until they end.
 * I2  Attempts to connect follow each other later and later, with jitter, so that many workers don't come back at the same instant.
 * I3  Closing waits for the calls in progress and delivers their answers.
 *
 * Source: wire-protocol 9.8, 9.9; sdk 18. Departure: the delay grows to 30 s and not to 5 min: a server that is back should have its workers back.
 */
import { FRAME } from "@pawl/protocol";
import type { Runtime } from "../client/runtime.ts";
import type { Logger } from "../logger.ts";
import { ConnectRefusedError } from "./gateway-api.ts";
import type { Link, LinkEnd, LinkEvents } from "./link.ts";
import type { ConnectDebugState, ConnectionState, WorkerConnection } from "./options.ts";
import type { Work } from "./work.ts";

const RECONNECT_MS = [1_000, 2_000, 5_000, 10_000, 20_000, 30_000] as const;
/** Shortest wait before another gateway is looked for while the old one drains; up to a second is added. */
const DRAINING_MS = 500;
const JITTER_MS = 1_000;

export type WorkerSettings = {
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Asks the server for a connection and begins to open it. */
  readonly openLink: (excludeGateways: readonly string[], events: LinkEvents) => Promise<Link>;
  readonly makeWork: (onEnded: (link: Link | undefined) => void) => Work;
};

/** The connection that is being opened. */
type Waiting = PromiseWithResolvers<Link> & { link?: Link };

export class Worker implements WorkerConnection {
  state: ConnectionState = "CONNECTING";
  readonly closed: Promise<void>;
  private readonly settings: WorkerSettings;
  private readonly work: Work;
  private readonly links = new Set<Link>();
  private active: Link | undefined;
  private lastConnectionId = "";
  private waiting: Waiting | undefined;
  private wake: () => void = () => {};
  private resolveClosed: () => void = () => {};
  private closing: Promise<void> | undefined;

  constructor(settings: WorkerSettings) {
    this.settings = settings;
    this.work = settings.makeWork((link) => this.onCallEnded(link));
    this.closed = new Promise((resolve) => (this.resolveClosed = resolve));
  }

  get connectionId(): string {
    return this.active?.connectionId ?? this.lastConnectionId;
  }

  /** Resolves when the first connection is active; rejects when the server refuses this worker. */
  async start(): Promise<void> {
    const first = Promise.withResolvers<void>();
    void this.stayConnected(first);
    await first.promise;
  }

  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  getDebugState(): ConnectDebugState {
    const { state, active, work } = this;
    return {
      state,
      connectionId: active?.connectionId,
      lastHeartbeatSentAt: active?.sentHeartbeatAt,
      lastHeartbeatReceivedAt: active?.heardHeartbeatAt,
      inFlight: work.inFlight,
      bufferedCount: work.keptCount,
    };
  }

  private async stayConnected(first: PromiseWithResolvers<void>): Promise<void> {
    let failures = 0;
    let draining: Link | undefined;
    // Once it has ended, its name says nothing any more: a server that was restarted has the same.
    const excluded = (): readonly string[] => (draining !== undefined && this.links.has(draining) ? [draining.gatewayGroup] : []);
    while (this.closing === undefined) {
      try {
        const link = await this.connect(excluded());
        failures = 0;
        first.resolve();
        draining = (await this.untilNeeded(link)) === "draining" ? link : undefined;
      } catch (error) {
        if (this.lastConnectionId === "" && error instanceof ConnectRefusedError) return this.giveUp(first, error);
        if (this.closing === undefined) this.settings.logger.warn(`No connection to the server: ${messageOf(error)}. Trying again.`);
      }
      if (this.closing !== undefined) break;
      if (excluded().length > 0) await this.pause(DRAINING_MS);
      else await this.pause(RECONNECT_MS[Math.min(failures++, RECONNECT_MS.length - 1)] ?? 0);
    }
    first.resolve();
  }

  private giveUp(first: PromiseWithResolvers<void>, error: Error): void {
    this.state = "CLOSED";
    this.resolveClosed();
    first.reject(error);
  }

  /** Opens a link. Rejects when it ends before it is ready. */
  private async connect(exclude: readonly string[]): Promise<Link> {
    const waiting: Waiting = Promise.withResolvers<Link>();
    const link = await this.settings.openLink(exclude, this.events);
    waiting.link = link;
    this.waiting = waiting;
    this.links.add(link);
    if (this.closing !== undefined) this.stopWaiting(link);
    return waiting.promise;
  }

  private readonly events: LinkEvents = {
    onReady: (link) => this.onReady(link),
    onRequest: (link, request) => {
      if (this.closing === undefined) this.work.take(link, request);
    },
    onExtended: (ack) => this.work.extended(ack),
    onReplyAcked: (requestId) => this.work.confirmed(requestId),
    onDraining: (link) => this.onDraining(link),
    onEnd: (link, end) => this.onEnd(link, end),
  };

  private onReady(link: Link): void {
    if (this.closing !== undefined) return this.stopWaiting(link);
    const previous = this.active;
    this.active = link;
    this.lastConnectionId = link.connectionId;
    this.state = "ACTIVE";
    this.work.activated(link);
    if (previous !== undefined) this.dropIfDone(previous);
    this.waiting?.resolve(link);
    this.settings.logger.info(`Connected to the server as worker ${link.connectionId}.`);
  }

  private onDraining(link: Link): void {
    if (this.active !== link) return;
    this.settings.logger.info("The server is stopping; looking for another connection.");
    if (this.state === "ACTIVE") this.state = "RECONNECTING";
    this.needed("draining");
  }

  private onEnd(link: Link, { kind, message }: LinkEnd): void {
    this.links.delete(link);
    this.work.lost(link);
    const error = kind === "refused" ? new ConnectRefusedError(message) : new Error(message);
    if (this.waiting?.link === link) this.waiting.reject(error);
    if (this.active !== link) return;
    this.active = undefined;
    if (this.closing !== undefined) return;
    if (this.state === "ACTIVE") this.settings.logger.warn(`The connection to the server is lost: ${message}. Reconnecting.`);
    this.state = "RECONNECTING";
    this.needed("lost");
  }

  private onCallEnded(link: Link | undefined): void {
    if (link !== undefined) this.dropIfDone(link);
  }

  /** Keeps I1. */
  private dropIfDone(link: Link): void {
    if (link !== this.active && this.links.has(link) && this.work.countOf(link) === 0) this.drop(link);
  }

  /** The worker closes: a connection that is being opened has come too late. */
  private stopWaiting(link: Link): void {
    this.drop(link);
    if (this.waiting?.link === link) this.waiting.reject(new Error("the worker was closed"));
  }

  private drop(link: Link): void {
    this.links.delete(link);
    link.close();
  }

  private needed: (why: "draining" | "lost") => void = () => {};

  /** Resolves when another connection is needed. */
  private untilNeeded(link: Link): Promise<"draining" | "lost"> {
    return new Promise((resolve) => {
      this.needed = resolve;
      this.wake = () => resolve("lost");
      // It may have ended between being ready and this moment.
      if (!this.links.has(link)) resolve("lost");
    });
  }

  /** Waits before the next attempt; closing ends the wait. */
  private pause(ms: number): Promise<void> {
    const { runtime } = this.settings;
    const jitter = ((runtime.randomBytes(1)[0] ?? 0) / 256) * Math.min(JITTER_MS, ms * 2);
    return new Promise((resolve) => {
      const cancel = runtime.setTimer(ms + jitter, resolve);
      this.wake = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Keeps I3. */
  private async shutDown(): Promise<void> {
    if (this.state === "CLOSED") return;
    this.state = "CLOSING";
    // `closing` is set when this function has returned; what waits looks at it then.
    await Promise.resolve();
    this.wake();
    for (const link of this.links) link.send(FRAME.workerPause);
    await this.work.idle();
    await this.work.flush();
    for (const link of this.links) this.stopWaiting(link);
    this.active = undefined;
    this.state = "CLOSED";
    this.resolveClosed();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
