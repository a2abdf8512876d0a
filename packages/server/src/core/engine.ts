/**
 * One node: the services, wired together. The same in a server, inside a user's process and in the simulator; only the ports differ.
 */
import {
  decideCancel,
  decideResume,
  type FunctionPause,
  type FunctionRow,
  invokedEvent,
  isOfRun,
  type ItemRow,
  type RandomSource,
  type RerunFrom,
  type RunLimits,
  type RunState,
  type Slot,
} from "@pawl/engine";
import type { Store } from "@pawl/store";
import type { Clock } from "../ports/clock.ts";
import type { Gateway } from "../ports/gateway.ts";
import type { HandedOver } from "../ports/handed-over.ts";
import type { Invoker } from "../ports/invoker.ts";
import type { Logger } from "../ports/logger.ts";
import { given } from "../json.ts";
import { type CheckpointRequest, type CheckpointResult, saveCheckpoint } from "./checkpoints.ts";
import { ApiKeys } from "./api-keys.ts";
import { Bulks } from "./bulk.ts";
import { Cells } from "./cells.ts";
import { type CommitListeners, Commits } from "./commits.ts";
import { Executor } from "./executor.ts";
import { FlowCommits } from "./flow-commits.ts";
import { FlowItems } from "./flow-items.ts";
import { Ingest, type NewEvent } from "./ingest.ts";
import { Live } from "./live.ts";
import { Notes } from "./notes.ts";
import { Queue } from "./queue.ts";
import { Registry } from "./registry.ts";
import { Registrations, type StoredRegistration } from "./registrations.ts";
import { rerun, type RerunResult } from "./rerun.ts";
import { Retention } from "./retention.ts";
import { Runner } from "./runner.ts";
import { Runs } from "./runs.ts";
import { SyncRuns } from "./sync-runs.ts";
import { UserSpans } from "../tracing/user-spans.ts";

export type EngineOptions = {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly invoker: Invoker;
  /** Makes the requests of steps to other servers. Default: they fail. */
  readonly gateway?: Gateway;
  readonly logger: Logger;
  /** Calls to apps in progress at the same time. Default 100. */
  readonly workers?: number;
  /** Places of connected workers that calls of a function need. After a change, call `queue.limitsChanged`. Default: none are needed. */
  readonly workerSlotsOf?: (row: FunctionRow) => readonly Slot[];
  /** Calls that the server before this one has handed over. Default: none. */
  readonly handedOver?: HandedOver;
  /** Signs calls. */
  readonly signingKey?: string;
  /** Constant delay of retries in milliseconds, in the place of the protocol's table. */
  readonly retryIntervalMs?: number;
  /** How long ended runs and events are kept, milliseconds. Default: for ever. */
  readonly retention?: { readonly runsMs: number; readonly eventsMs: number };
};

const WORKERS_DEFAULT = 100;

export type CancelResult = "cancelled" | "no-run" | "ended";

export class Engine {
  readonly store: Store;
  readonly clock: Clock;
  readonly registry: Registry = new Registry();
  readonly live: Live = new Live();
  /** Limits of functions' runs that differ from the usual, by function; only in memory. */
  readonly runLimits: Map<string, RunLimits> = new Map();
  readonly runs: Runs;
  readonly queue: Queue;
  readonly executor: Executor;
  readonly bulks: Bulks;
  readonly notes: Notes;
  readonly userSpans: UserSpans;
  readonly syncRuns: SyncRuns;
  readonly apiKeys: ApiKeys;
  readonly #random: RandomSource;
  readonly #cells: Cells;
  readonly #commits: Commits;
  readonly #flowCommits: FlowCommits;
  readonly #flowItems: FlowItems;
  readonly #registrations: Registrations;
  readonly #retention: Retention | undefined;
  readonly #runner: Runner;
  readonly #ingest: Ingest;
  readonly #invoker: Invoker;
  readonly #gateway: Gateway | undefined;
  readonly #handedOver: HandedOver | undefined;

  constructor(options: EngineOptions) {
    const { store, clock, random, logger, invoker } = options;
    const { registry, live } = this;
    this.store = store;
    this.clock = clock;
    this.#random = random;
    this.#invoker = invoker;
    this.#gateway = options.gateway;
    this.#handedOver = options.handedOver;
    const functionById = (functionId: string): FunctionRow | undefined => registry.functionById(functionId);
    this.#cells = new Cells(store);
    this.#commits = new Commits(store, this.#cells, this.#commitListeners());
    const queuedDiscovery = (runId: string): ItemRow | undefined => this.queue.queuedDiscovery(runId);
    const isDiscovering = (runId: string): boolean => this.executor.isDiscovering(runId);
    const isInProgress = (itemId: string): boolean => this.queue.isInProgress(itemId);
    const limitsOf = (functionId: string): RunLimits | undefined => this.runLimits.get(functionId);
    const queue = { queuedDiscovery, isInProgress, isDiscovering };
    this.runs = new Runs({ store, clock, random, commits: this.#commits, functionById, limitsOf, ...queue });
    const { runs } = this;
    this.#flowCommits = new FlowCommits({ clock, random, cells: this.#cells, commits: this.#commits, runs });
    this.#runner = new Runner({ store, clock, logger, registry, runs, flowCommits: this.#flowCommits });
    const flow = { store, clock, random, registry, cells: this.#cells, commits: this.#commits, flowCommits: this.#flowCommits };
    this.notes = new Notes({ store, clock, random });
    this.userSpans = new UserSpans({ store, clock });
    this.apiKeys = new ApiKeys({ store, clock, random });
    this.bulks = new Bulks({ ...flow, runs });
    this.#flowItems = new FlowItems({ ...flow, bulks: this.bulks });
    const { runsMs, eventsMs } = options.retention ?? {};
    if (runsMs !== undefined && eventsMs !== undefined) this.#retention = new Retention({ store, clock, logger, runsMs, eventsMs });
    this.executor = new Executor({
      store,
      clock,
      random,
      logger,
      registry,
      invoker,
      runs: this.runs,
      currentItem: (item) => this.queue.current(item),
      itemDeleted: (itemId) => this.queue.forget(itemId),
      ...(options.gateway === undefined ? {} : { gateway: options.gateway }),
      ...(options.signingKey === undefined ? {} : { signingKey: options.signingKey }),
      ...(options.retryIntervalMs === undefined ? {} : { retryIntervalMs: options.retryIntervalMs }),
    });
    this.queue = new Queue({
      store,
      clock,
      logger,
      workers: options.workers ?? WORKERS_DEFAULT,
      ...(options.workerSlotsOf === undefined ? {} : { workerSlotsOf: options.workerSlotsOf }),
      functionById,
      process: (item, generation) => (isOfRun(item) ? this.executor : this.#flowItems).process(item, generation),
      returned: (runId) => void this.#showAgain(runId),
    });
    this.#registrations = new Registrations({ store, clock, registry, live, runs, commits: this.#commits, queue: this.queue });
    this.syncRuns = new SyncRuns({
      store,
      clock,
      random,
      registry,
      runs,
      commits: this.#commits,
      register: (build) => this.register(build),
      ...(options.retryIntervalMs === undefined ? {} : { retryIntervalMs: options.retryIntervalMs }),
    });
    this.#ingest = new Ingest({ store, clock, random, runner: this.#runner });
  }

  #commitListeners(): CommitListeners {
    return {
      itemOffered: (item) => this.queue.offer(item),
      itemAmended: (item) => this.queue.amend(item),
      itemDeleted: (itemId) => this.queue.forget(itemId),
      runWorkDeleted: (runId) => {
        this.queue.forgetRun(runId);
        this.executor.abortRun(runId);
      },
      eventStored: (event, storing) => void this.#runner.push(event, storing),
      uncertain: (ownerId) => this.queue.reconcile(ownerId),
      runChanged: (run) => this.live.publish({ kind: "run", run }),
      traced: (entries) => this.live.publish({ kind: "trace", entries }),
    };
  }

  /** For those who watch. A run that can't be read now is shown with its next change. */
  async #showAgain(runId: string): Promise<void> {
    const state = await this.runs.get(runId).catch(() => undefined);
    if (state !== undefined && state.run.endedAt === undefined) this.live.publish({ kind: "run", run: state.run });
  }

  /** Reads what the store holds and begins to work. */
  async start(): Promise<void> {
    const { apps, functions } = await this.store.loadRegistry();
    this.registry.replace(apps, functions);
    await this.apiKeys.load();
    await this.#registrations.takeUp(functions);
    await this.#runner.start();
    await this.queue.start();
    this.#retention?.start();
  }

  /** Starts nothing more and waits for what is in progress, at most `drainMs`; then calls are cut off and their items given back. */
  async stop(drainMs: number): Promise<void> {
    const purged = this.#retention?.stop();
    const drained = this.queue.stop();
    const timer = this.clock.setTimer(drainMs, () => this.executor.abortAll());
    await drained;
    timer.cancel();
    await this.#runner.stop();
    this.#registrations.stop();
    await purged;
    await this.#invoker.close();
    await this.#gateway?.close();
  }

  /** Stores events. Resolves with their internal ids when they are durable. */
  async send(events: readonly NewEvent[]): Promise<readonly string[]> {
    const ids = await this.#ingest.accept(events);
    this.live.publish({ kind: "event", count: ids.length });
    return ids;
  }

  /** Events in memory that are not processed: what senders are slowed down by. */
  get pendingEvents(): { readonly count: number; readonly bytes: number } {
    return this.#runner.pending;
  }

  /** Asks for one function to be run. Resolves with the event's internal id when it is durable. */
  async invoke({
    target,
    payload,
    internalId,
    traceparent,
    api,
  }: {
    readonly target: string;
    readonly payload: Readonly<Record<string, unknown>>;
    readonly internalId?: string;
    readonly traceparent?: string;
    readonly api?: { readonly keyHash?: string };
  }): Promise<string> {
    const now = this.clock.now();
    const event = invokedEvent(
      { target, payload, expire: 0, name: "", ...given("api", api) },
      { id: internalId ?? this.#random.ulid(now), now },
    );
    await this.#ingest.acceptInternal({ ...event, ...given("traceparent", traceparent) });
    return event.id;
  }

  /** Saves steps of a call in progress. */
  checkpoint(request: CheckpointRequest): Promise<CheckpointResult> {
    return saveCheckpoint(request, {
      clock: this.clock,
      runs: this.runs,
      executor: this.executor,
      currentItem: (item) => this.queue.current(item),
      handedOver: this.#handedOver,
    });
  }

  /** Cancels a run. `reason` is a sentence for people. */
  async cancel(runId: string, reason: string): Promise<CancelResult> {
    const decided = await this.runs.decide(runId, (state, env) => decideCancel(state, { reason }, env));
    if (decided.kind === "no-run") return "no-run";
    return decided.kind === "committed" ? "cancelled" : "ended";
  }

  /**
   * Runs a run's function again with the same events, from its beginning or from a step. The new run may be one that was skipped
   * (singleton, pause).
   */
  rerun(runId: string, from?: RerunFrom): Promise<RerunResult> {
    const { store, clock, registry } = this;
    return rerun(runId, from, { store, clock, registry, flowCommits: this.#flowCommits });
  }

  /** Delivers a signal. Resolves with the run that waited for it; undefined where none did. */
  async signal(signal: string, data: unknown): Promise<string | undefined> {
    const pause = await this.store.pauseBySignal(signal);
    if (pause === undefined) return undefined;
    const decided = await this.runs.decide(pause.runId, (state, env) =>
      decideResume(state, { pause, resumption: { kind: "signal", signal, data } }, env),
    );
    return decided.kind === "committed" ? pause.runId : undefined;
  }

  /** Stores a registration, and then knows it. */
  register(build: () => StoredRegistration | undefined): Promise<void> {
    return this.#registrations.register(build);
  }

  /** Holds back or refuses what a function would start, or ends that (`undefined`). Resolves with false where there is no such function. */
  pause(functionId: string, mode: FunctionPause["mode"] | undefined): Promise<boolean> {
    return this.#registrations.pause(functionId, mode);
  }

  /** Stored state of a run, for the app that asks for it. */
  state(runId: string): Promise<RunState | undefined> {
    return this.runs.stored(runId);
  }
}
