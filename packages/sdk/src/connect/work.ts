/**
 * The calls that a worker has in progress: accepted, kept alive, answered.
 *
 * I1  A call that is begun is confirmed before it runs; one that can't be taken is not, so the server gives it to another worker.
 * I2  While a call runs, its lease is extended over the connection that is there; a lost lease is not asked for again.
 * I3  An answer is kept until the server has confirmed it: over the connection, or by a flush when there is none.
 *
 * Source: wire-protocol 9.5 to 9.8.
 */
import {
  extendLease,
  FRAME,
  requestAck,
  workerReply,
  type ExecutorRequest,
  type ExtendLeaseAck,
  type RequestAck,
  type WorkerReply,
} from "@pawl/protocol";
import { delay, type Runtime } from "../client/runtime.ts";
import type { Logger } from "../logger.ts";
import type { Link } from "./link.ts";
import { encodeMessage } from "./protobuf.ts";
import type { WorkerApp } from "./worker-app.ts";

/** Time in which an answer must be confirmed, milliseconds. */
const REPLY_ACK_MS_MAX = 5_000;
/** Kept answers that are delivered at the same time: a worker that closes while its server is away must not try them one after the other. */
const FLUSHES_AT_ONCE = 10;
/** Attempts to deliver one kept answer, and the delay after a failed one. */
const FLUSHES_MAX = 5;
const FLUSH_AGAIN_MS = 500;

export type WorkSettings = {
  /** By name. */
  readonly apps: ReadonlyMap<string, WorkerApp>;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Calls at the same time. */
  readonly concurrency: number;
  readonly flush: (reply: WorkerReply) => Promise<void>;
  /** A call has ended. */
  readonly onEnded: (link: Link | undefined) => void;
};

type Call = {
  readonly request: ExecutorRequest;
  readonly startedAt: number;
  link: Link | undefined;
  leaseId: string;
  isLeaseLost: boolean;
  /** Set when it has been sent and is not confirmed yet. */
  reply: WorkerReply | undefined;
  cancelTimer: () => void;
};

export class Work {
  private readonly settings: WorkSettings;
  private readonly calls = new Map<string, Call>();
  /** By id of the request. */
  private readonly kept = new Map<string, WorkerReply>();
  private active: Link | undefined;
  private flushing: Promise<void> | undefined;
  private idleWaiters: (() => void)[] = [];

  constructor(settings: WorkSettings) {
    this.settings = settings;
  }

  get inFlight(): readonly { readonly requestId: string; readonly functionSlug: string; readonly startedAt: number }[] {
    return [...this.calls.values()].map(({ request, startedAt }) => ({
      requestId: request.requestId,
      functionSlug: request.functionSlug,
      startedAt,
    }));
  }

  get keptCount(): number {
    return this.kept.size;
  }

  /** Calls that came over a link. */
  countOf(link: Link): number {
    let count = 0;
    for (const call of this.calls.values()) if (call.link === link) count += 1;
    return count;
  }

  /** Takes a call, or leaves it to others (I1). */
  take(link: Link, request: ExecutorRequest): void {
    const app = this.settings.apps.get(request.appName);
    if (app === undefined || this.calls.size >= this.settings.concurrency || this.calls.has(request.requestId)) return;
    const startedAt = this.settings.runtime.now();
    const { leaseId } = request;
    const call: Call = { request, startedAt, link, leaseId, isLeaseLost: false, reply: undefined, cancelTimer: () => {} };
    this.calls.set(request.requestId, call);
    link.send(FRAME.requestAck, encodeMessage(requestAck, ackOf(request)));
    this.armExtension(call, link.extendMs);
    void app.answer(request).then((reply) => this.answered(call, reply));
  }

  /** The server's answer to an extension: without a new lease, the old one is lost. */
  extended({ requestId, newLeaseId }: ExtendLeaseAck): void {
    const call = this.calls.get(requestId);
    if (call === undefined) return;
    if (newLeaseId !== undefined && newLeaseId !== "") {
      call.leaseId = newLeaseId;
      return;
    }
    call.isLeaseLost = true;
    this.settings.logger.warn(`The lease of a call of "${call.request.functionSlug}" is lost: another worker may be making it again.`);
  }

  confirmed(requestId: string): void {
    const call = this.calls.get(requestId);
    if (call?.reply !== undefined) this.finish(call);
  }

  /** A new connection is there: running calls are shown to it, and kept answers delivered. */
  activated(link: Link): void {
    this.active = link;
    for (const call of this.calls.values()) if (call.link === undefined && call.reply === undefined) this.extend(call);
    void this.flush();
  }

  /** A connection is gone: what was sent over it may not have arrived. */
  lost(link: Link): void {
    if (this.active === link) this.active = undefined;
    for (const call of this.calls.values()) {
      if (call.link !== link) continue;
      call.link = undefined;
      if (call.reply !== undefined) this.keep(call, call.reply);
    }
  }

  /** Resolves when no call is in progress. */
  idle(): Promise<void> {
    if (this.calls.size === 0) return Promise.resolve();
    return new Promise((resolve) => void this.idleWaiters.push(resolve));
  }

  /** Delivers kept answers. Never rejects; what can't be delivered after `FLUSHES_MAX` attempts is given up. */
  flush(): Promise<void> {
    this.flushing ??= this.flushAll().finally(() => (this.flushing = undefined));
    return this.flushing;
  }

  private async flushAll(): Promise<void> {
    // More may be kept while these are on their way.
    while (this.kept.size > 0) {
      const waiting = this.kept.values();
      const deliverEach = async (): Promise<void> => {
        for (const reply of waiting) await this.deliver(reply);
      };
      await Promise.all(Array.from({ length: FLUSHES_AT_ONCE }, deliverEach));
    }
  }

  private async deliver(reply: WorkerReply): Promise<void> {
    for (let flushes = 1; flushes <= FLUSHES_MAX; flushes++) {
      try {
        await this.settings.flush(reply);
        break;
      } catch (error) {
        if (flushes < FLUSHES_MAX) await delay(this.settings.runtime, FLUSH_AGAIN_MS * flushes);
        else this.settings.logger.error("An answer could not be delivered; the server will call the function again.", error);
      }
    }
    if (this.kept.get(reply.requestId) === reply) this.kept.delete(reply.requestId);
  }

  private armExtension(call: Call, ms: number): void {
    call.cancelTimer = this.settings.runtime.setTimer(ms, () => {
      this.extend(call);
      if (!call.isLeaseLost) this.armExtension(call, ms);
    });
  }

  /** Keeps I2. */
  private extend(call: Call): void {
    call.link ??= this.active;
    if (call.isLeaseLost) return;
    call.link?.send(FRAME.extendLease, encodeMessage(extendLease, { ...ackOf(call.request), leaseId: call.leaseId }));
  }

  /** Keeps I3. */
  private answered(call: Call, reply: WorkerReply): void {
    call.cancelTimer();
    call.link ??= this.active;
    call.reply = reply;
    if (call.link?.send(FRAME.reply, encodeMessage(workerReply, reply)) !== true) return this.keep(call, reply);
    call.cancelTimer = this.settings.runtime.setTimer(REPLY_ACK_MS_MAX, () => this.keep(call, reply));
  }

  private keep(call: Call, reply: WorkerReply): void {
    this.kept.set(reply.requestId, reply);
    this.finish(call);
    if (this.active !== undefined) void this.flush();
  }

  private finish(call: Call): void {
    call.cancelTimer();
    this.calls.delete(call.request.requestId);
    this.settings.onEnded(call.link);
    if (this.calls.size > 0) return;
    for (const resolve of this.idleWaiters.splice(0)) resolve();
  }
}

function ackOf(request: ExecutorRequest): RequestAck {
  const { requestId, accountId, envId, appId, functionSlug, stepId, systemTraceCtx, userTraceCtx, runId } = request;
  return {
    requestId,
    accountId,
    envId,
    appId,
    functionSlug,
    systemTraceCtx,
    userTraceCtx,
    runId,
    ...(stepId === undefined ? {} : { stepId }),
  };
}
