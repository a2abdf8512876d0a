/**
 * Calls apps over their workers' connections.
 *
 * I1  A request that a worker does not take is offered to others, `CONNECT_FORWARDS_MAX` times in all.
 * I2  A call that no worker takes, or whose worker was lost, is held and not failed: it is made anew, from the newest state, and uses up no
 *     attempt. A worker that is lost over the same item `CONNECT_FORWARDS_MAX` times is a failed attempt, so a step that kills
 *     every worker it meets ends.
 * I3  A call waits here only while workers that have the function are connected and full, which the lanes' slots make rare (workers.ts, I3).
 *
 * Spec: wire 9.5, 9.7; semantics 12.1.
 */
import type { RandomSource, RawReply } from "@pawl/engine";
import { CONNECT_FORWARDS_MAX, type ExecutorRequest, executorRequest, FRAME, HEADER, QUERY } from "@pawl/protocol";
import type { Registry } from "../core/registry.ts";
import { ACCOUNT_ID, ENVIRONMENT_ID } from "../http/rest/identity.ts";
import type { Clock } from "../ports/clock.ts";
import type { AppCall, CallHeld, Invoker } from "../ports/invoker.ts";
import { answerKey, systemContextOf } from "./early-answers.ts";
import type { HandedOverCall } from "./expected.ts";
import { keepNewest } from "./keep-newest.ts";
import { rawReplyOf } from "./reply.ts";
import type { ForwardOutcome, Requests } from "./requests.ts";
import type { Target, Worker, Workers } from "./workers.ts";

export type ConnectInvokerOptions = {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly workers: Workers;
  readonly requests: Requests;
  readonly registry: Registry;
};

type Destination = Target & { readonly appName: string; readonly functionId: string };
type Seeker = { readonly requestId: string; readonly excluded: ReadonlySet<Worker>; readonly signal: AbortSignal };
type Waiter = { readonly target: Target; readonly excluded: ReadonlySet<Worker>; readonly resolve: () => void };

/** Items whose workers were lost that are remembered. */
const LOSSES_KEPT_MAX = 10_000;

const ABORTED: RawReply = { kind: "no-response", code: "aborted", message: "The call was cut off." };

export class ConnectInvoker implements Invoker {
  readonly #options: ConnectInvokerOptions;
  readonly #waiters = new Set<Waiter>();
  /** Workers lost, by item. */
  readonly #losses = new Map<string, number>();
  /** After the close: what workers have. */
  underway: readonly HandedOverCall[] = [];

  constructor(options: ConnectInvokerOptions) {
    this.#options = options;
    options.requests.onFree = () => this.roomChanged();
  }

  async call(call: AppCall): Promise<RawReply | CallHeld> {
    const slug = new URL(call.url).searchParams.get(QUERY.functionSlug) ?? "";
    const destination = this.#destinationOf(slug);
    if (destination === undefined)
      return { kind: "no-response", code: "unknown_function", message: `The function ${slug} is not registered any more.` };
    const { [HEADER.jobId]: jobId = "", [HEADER.generationId]: generation } = call.headers;
    const asked = { jobId, attempt: call.attempt, generation: Number(generation) };
    const message = messageOf(call, destination);
    const rejoined = await this.#options.requests.rejoin(answerKey(asked), call.signal);
    if (rejoined !== undefined && rejoined.kind !== "not-taken") return this.#ended(rejoined, { call, message });
    const excluded = new Set<Worker>();
    const writeFrame = await loadFrameWriter();
    for (let forwards = 0; forwards < CONNECT_FORWARDS_MAX; forwards++) {
      const worker = await this.#place(destination, { requestId: message.requestId, excluded, signal: call.signal });
      if (worker === undefined) break;
      const leaseId = this.#options.random.ulid(this.#options.clock.now());
      const frame = writeFrame({ ...message, leaseId });
      const { requestId } = message;
      const outcome = await this.#options.requests.forward({ requestId, call: asked, leaseId, worker, frame, signal: call.signal });
      if (outcome.kind !== "not-taken") return this.#ended(outcome, { call, message });
      excluded.add(worker);
    }
    return call.signal.aborted ? ABORTED : { kind: "held", reason: "no-worker-connected" };
  }

  /** Requests end with their connections. Keeps what workers have. */
  async close(): Promise<void> {
    this.underway = this.#options.requests.stop();
    for (const waiter of this.#waiters) this.#settle(waiter);
  }

  /** Workers have come or gone, or a place is free: calls that wait for one are looked at, in order. */
  roomChanged(): void {
    for (const waiter of this.#waiters) {
      const choice = this.#options.workers.choose(waiter.target, waiter.excluded);
      if (choice.kind !== "full") this.#settle(waiter);
    }
  }

  #destinationOf(slug: string): Destination | undefined {
    const row = this.#options.registry.functionBySlug(slug);
    const app = row === undefined ? undefined : this.#options.registry.appById(row.appId);
    return row === undefined || app === undefined ? undefined : { appId: app.id, appName: app.name, slug, functionId: row.id };
  }

  /** A worker with a free place, which is taken at once; undefined where none has the function, or the call was cut off. */
  async #place(target: Target, { requestId, excluded, signal }: Seeker): Promise<Worker | undefined> {
    let choice = this.#options.workers.choose(target, excluded);
    // Another one may have taken the place before this one has its turn.
    while (choice.kind === "full" && !signal.aborted) {
      await this.#wait({ target, excluded }, signal);
      choice = this.#options.workers.choose(target, excluded);
    }
    if (choice.kind !== "worker" || signal.aborted) return undefined;
    choice.worker.requests.add(requestId);
    return choice.worker;
  }

  #wait(waiting: Omit<Waiter, "resolve">, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const onAbort = (): void => this.#settle(waiter);
      const waiter: Waiter = {
        ...waiting,
        resolve: () => {
          // A call may wait many times in vain.
          signal.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      this.#waiters.add(waiter);
      signal.addEventListener("abort", onAbort);
    });
  }

  #settle(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    waiter.resolve();
  }

  #ended(
    outcome: Exclude<ForwardOutcome, { kind: "not-taken" }>,
    { call, message }: { readonly call: AppCall; readonly message: ExecutorRequest },
  ): RawReply | CallHeld {
    if (outcome.kind === "aborted") return ABORTED;
    if (outcome.kind === "lost") return this.#lost(message);
    void call.isStored.then(outcome.isStored);
    this.#losses.delete(message.jobId);
    return rawReplyOf(outcome.reply, outcome.sdk);
  }

  /** Keeps I2. */
  #lost({ jobId }: ExecutorRequest): RawReply | CallHeld {
    const losses = (this.#losses.get(jobId) ?? 0) + 1;
    this.#losses.delete(jobId);
    if (losses >= CONNECT_FORWARDS_MAX)
      return {
        kind: "no-response",
        code: "connect_worker_stopped_responding",
        message: `The worker stopped responding to the request. That has happened ${losses} times; does this step end its process, or block its event loop?`,
      };
    this.#losses.set(jobId, losses);
    keepNewest(this.#losses, LOSSES_KEPT_MAX);
    return { kind: "held", reason: "worker-lost" };
  }
}

type WriteFrame = (message: ExecutorRequest) => Uint8Array;

let writeRequest: WriteFrame | undefined;

/** The codec is imported with the first call (codec.ts). */
async function loadFrameWriter(): Promise<WriteFrame> {
  if (writeRequest !== undefined) return writeRequest;
  const [{ encode }, { frameOf }] = await Promise.all([import("./codec.ts"), import("./session.ts")]);
  writeRequest = (message) => frameOf(FRAME.executorRequest, encode(executorRequest, message));
  return writeRequest;
}

function messageOf({ headers, body, attempt }: AppCall, destination: Destination): ExecutorRequest {
  const { [HEADER.traceparent]: traceparent, [HEADER.tracestate]: tracestate } = headers;
  const jobId = headers[HEADER.jobId] ?? "";
  return {
    requestId: headers[HEADER.requestId] ?? "",
    accountId: ACCOUNT_ID,
    envId: ENVIRONMENT_ID,
    appId: destination.appId,
    appName: destination.appName,
    functionId: destination.functionId,
    functionSlug: destination.slug,
    stepId: headers[HEADER.stepId] ?? "",
    requestPayload: new TextEncoder().encode(body),
    systemTraceCtx: systemContextOf({ jobId, attempt }),
    userTraceCtx: new TextEncoder().encode(JSON.stringify({ traceparent, tracestate })),
    runId: headers[HEADER.runId] ?? "",
    leaseId: "",
    jobId,
  };
}
