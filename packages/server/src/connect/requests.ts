/**
 * Requests that workers have: taken or not, leased, answered, lost.
 *
 * I1  Every request ends in exactly one way, at the latest when its lease is over.
 * I2  A lease is extended only for the worker that has it. One whose connection broke has `CONNECT_RETURN_MS` to come back, or to deliver
 *     its answer, over any connection or by a flush.
 * I3  An answer is confirmed when what follows from it is stored, or when nobody waits for it. Until then its worker keeps it and delivers
 *     it again.
 * I4  A call that was given up leaves its request with the worker, which goes on working: the place is taken until the worker says that it
 *     is done or asks for more time, which it does not get.
 * I5  An answer to a request of before this server's start is an answer to the same attempt now, whoever has that (early-answers.ts). One to
 *     a request that was lost since then changes nothing.
 * I6  A worker that asks for more time for such a request has the call again, if the server before has handed it over (expected.ts).
 * I7  A server that stops confirms no answer that it does not use and takes no lease away: the next one may use them.
 *
 * Spec: wire 9.5 to 9.7; semantics 12.1.
 */
import { CONNECT_ACK_MS_MAX, CONNECT_LEASE_MS, CONNECT_RETURN_MS, type ExtendLease, ulidTime, type WorkerReply } from "@pawl/protocol";
import type { Clock, Timer } from "../ports/clock.ts";
import { answerKey, contextKey, EarlyAnswers, keyOfAnswer } from "./early-answers.ts";
import { Expected, type HandedOverCall } from "./expected.ts";
import type { Worker } from "./workers.ts";

export type ForwardOutcome =
  /** `isStored` is to be called when it is known whether what follows from the answer is stored. */
  | { readonly kind: "replied"; readonly reply: WorkerReply; readonly sdk: string; readonly isStored: (isStored: boolean) => void }
  /** The worker did not say that it has it: it never will, or it will be refused. */
  | { readonly kind: "not-taken" }
  /** The worker had it, and was not heard of any more. */
  | { readonly kind: "lost" }
  | { readonly kind: "aborted" };

export type Forward = {
  readonly requestId: string;
  readonly call: HandedOverCall;
  readonly leaseId: string;
  readonly worker: Worker;
  readonly frame: Uint8Array;
  readonly signal: AbortSignal;
};

type Request = {
  readonly id: string;
  readonly call: HandedOverCall;
  /** Of the call. */
  readonly key: string;
  readonly leaseId: string;
  readonly sdk: string;
  /** Undefined after its connection broke. */
  worker: Worker | undefined;
  expiresAt: number;
  isTaken: boolean;
  /** Undefined after the call was given up. */
  end: ((outcome: ForwardOutcome) => void) | undefined;
  timer: Timer | undefined;
};

export class Requests {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #early: EarlyAnswers;
  /** Requests of before the start whose worker has come back, and whose call is not made yet. */
  readonly #claims = new Map<string, Request>();
  #isStopping = false;
  readonly #requests = new Map<string, Request>();
  /** Answers that are being stored. */
  readonly #answered = new Map<string, Promise<boolean>>();
  /** What workers had when the server before this one stopped. */
  readonly expected: Expected;
  /** Called when a worker has a free place. */
  onFree: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#early = new EarlyAnswers(clock);
    this.expected = new Expected(clock);
  }

  get size(): number {
    return this.#requests.size;
  }

  /** Sends a request to a worker that has a place for it. */
  forward({ requestId, call, leaseId, worker, frame, signal }: Forward): Promise<ForwardOutcome> {
    this.expected.forget(answerKey(call));
    if (signal.aborted || worker.phase === "gone") {
      worker.requests.delete(requestId);
      return Promise.resolve({ kind: signal.aborted ? "aborted" : "not-taken" });
    }
    return new Promise((resolve) => {
      const request = this.#begin({ id: requestId, call, leaseId, worker, isTaken: false, end: resolve });
      signal.addEventListener("abort", () => giveUp(request), { once: true });
      worker.send(frame);
    });
  }

  /** A worker says that it has a request. */
  taken(requestId: string, worker: Worker): void {
    const request = this.#requests.get(requestId);
    if (request === undefined || request.worker !== worker) return;
    request.isTaken = true;
    request.expiresAt = this.#clock.now() + CONNECT_LEASE_MS;
  }

  /** A worker asks for more time. False: the lease is lost. */
  extend(lease: ExtendLease, worker: Worker): boolean {
    const { requestId, leaseId } = lease;
    const request = this.#requests.get(requestId) ?? this.#claim(lease, worker);
    if (request === undefined || request.leaseId !== leaseId) return this.#isStopping;
    if (request.end === undefined) {
      if (this.#isStopping) return true;
      this.#remove(request, { kind: "aborted" });
      return false;
    }
    // It came back over another connection (keeps I2): only the holder knows the lease.
    if (request.worker !== worker) this.#move(request, worker);
    this.taken(requestId, worker);
    return true;
  }

  /** An answer. One that nobody waits for any more changes nothing. Resolves with whether the worker may forget it (keeps I3). */
  replied(reply: WorkerReply): Promise<boolean> {
    const known = this.#answered.get(reply.requestId);
    if (known !== undefined) return known;
    const request = this.#requests.get(reply.requestId);
    if (request === undefined) return this.#isStopping ? Promise.resolve(false) : this.#repliedEarly(reply);
    if (request.end === undefined) {
      if (!this.#isStopping) this.#remove(request, { kind: "aborted" });
      return Promise.resolve(!this.#isStopping);
    }
    const { promise, isStored } = this.#answer(reply);
    this.#remove(request, { kind: "replied", reply, sdk: request.sdk, isStored });
    return promise;
  }

  /** What becomes of a call that a worker has since before the start, or has answered. Undefined: it is to be made. */
  async rejoin(key: string, signal: AbortSignal): Promise<ForwardOutcome | undefined> {
    do {
      const early = this.#early.take(key);
      if (early !== undefined) {
        this.expected.forget(key);
        return { kind: "replied", sdk: "", ...early };
      }
      const claim = this.#claims.get(key);
      if (claim !== undefined) return this.#adopt(claim, signal);
    } while (await this.expected.wait(key, signal));
    return signal.aborted ? { kind: "aborted" } : undefined;
  }

  /** From now on it is known that the server stops (I7). */
  drain(): void {
    this.#isStopping = true;
    this.expected.drain();
  }

  /** Keeps I6. */
  #claim({ requestId, leaseId, systemTraceCtx }: ExtendLease, worker: Worker): Request | undefined {
    const key = contextKey(systemTraceCtx);
    const call = key === undefined ? undefined : this.expected.get(key);
    if (key === undefined || call === undefined || !this.#isOfBefore(requestId)) return undefined;
    const end = (outcome: ForwardOutcome): void => {
      this.#claims.delete(key);
      if (outcome.kind === "replied") void this.#early.keep(key, outcome.reply).then(outcome.isStored);
    };
    const request = this.#begin({ id: requestId, call, leaseId, worker, isTaken: true, end });
    this.#claims.set(key, request);
    this.expected.found(key);
    return request;
  }

  #begin(facts: Pick<Request, "id" | "call" | "leaseId" | "isTaken" | "end"> & { readonly worker: Worker }): Request {
    const { id, call, worker, isTaken } = facts;
    const expiresAt = this.#clock.now() + (isTaken ? CONNECT_LEASE_MS : CONNECT_ACK_MS_MAX);
    const request: Request = { ...facts, key: answerKey(call), sdk: worker.facts.sdk, expiresAt, timer: undefined };
    this.#requests.set(id, request);
    worker.requests.add(id);
    this.#arm(request);
    return request;
  }

  #adopt(request: Request, signal: AbortSignal): Promise<ForwardOutcome> {
    this.#claims.delete(request.key);
    return new Promise((resolve) => {
      request.end = resolve;
      if (signal.aborted) giveUp(request);
      else signal.addEventListener("abort", () => giveUp(request), { once: true });
    });
  }

  #isOfBefore(requestId: string): boolean {
    return (ulidTime(requestId) ?? Infinity) < this.#startedAt;
  }

  /** Keeps I5. */
  #repliedEarly(reply: WorkerReply): Promise<boolean> {
    const key = keyOfAnswer(reply);
    if (key === undefined || !this.#isOfBefore(reply.requestId)) return Promise.resolve(true);
    const { promise, isStored } = this.#answer(reply);
    const underway = [...this.#requests.values()].find((request) => request.key === key && request.end !== undefined);
    if (underway === undefined) {
      void this.#early.keep(key, reply).then(isStored);
      this.expected.found(key);
    } else giveUp(underway, { kind: "replied", reply, sdk: underway.sdk, isStored });
    return promise;
  }

  /** What the worker waits for, however often it delivers the answer. */
  #answer({ requestId }: WorkerReply): { readonly promise: Promise<boolean>; readonly isStored: (isStored: boolean) => void } {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#answered.set(requestId, promise);
    return {
      promise,
      isStored: (isStored) => {
        this.#answered.delete(requestId);
        resolve(isStored);
      },
    };
  }

  /** A worker's connection has ended. */
  left(worker: Worker): void {
    for (const id of worker.requests) {
      const request = this.#requests.get(id);
      if (request === undefined) continue;
      if (!request.isTaken || request.end === undefined) this.#remove(request, { kind: "not-taken" });
      else this.#orphan(request);
    }
  }

  /** Ends all, for a stop. Returns what workers have, or may come back with. */
  stop(): readonly HandedOverCall[] {
    this.drain();
    const expected = this.expected.stop();
    const taken = [...this.#requests.values()].filter(({ isTaken }) => isTaken).map(({ call }) => call);
    const underway = new Map([...expected, ...taken].map((call) => [call.jobId, call]));
    for (const request of this.#requests.values()) this.#remove(request, { kind: "aborted" });
    this.#early.stop();
    return [...underway.values()];
  }

  #orphan(request: Request): void {
    request.worker = undefined;
    request.expiresAt = Math.min(request.expiresAt, this.#clock.now() + CONNECT_RETURN_MS);
    this.#arm(request);
  }

  #move(request: Request, worker: Worker): void {
    request.worker?.requests.delete(request.id);
    request.worker = worker;
    worker.requests.add(request.id);
  }

  #arm(request: Request): void {
    request.timer?.cancel();
    request.timer = this.#clock.setTimer(request.expiresAt - this.#clock.now(), () => this.#expire(request));
  }

  /** Extensions only move the end; the timer looks whether it has come. */
  #expire(request: Request): void {
    if (this.#clock.now() < request.expiresAt) this.#arm(request);
    else this.#remove(request, { kind: request.isTaken ? "lost" : "not-taken" });
  }

  /** Keeps I1. */
  #remove(request: Request | undefined, outcome: ForwardOutcome): void {
    if (request === undefined || this.#requests.get(request.id) !== request) return;
    request.timer?.cancel();
    this.#requests.delete(request.id);
    request.worker?.requests.delete(request.id);
    if (outcome.kind !== "aborted" || !this.#isStopping) this.expected.forget(request.key);
    request.end?.(outcome);
    request.end = undefined;
    this.onFree();
  }
}

/** Keeps I4. */
function giveUp(request: Request, outcome: ForwardOutcome = { kind: "aborted" }): void {
  request.end?.(outcome);
  request.end = undefined;
}
