/**
 * One node: the services, wired together. The same in a server, inside a user's process and in the simulator; only the ports differ.
 */
import {
  type AppRow,
  type ChangeSet,
  decideCancel,
  decideResume,
  type FunctionRow,
  invokedEvent,
  type ItemRow,
  type RandomSource,
  type RunState,
  scheduleRun,
} from "@pawl/engine";
import type { Store } from "@pawl/store";
import type { Clock } from "../ports/clock.ts";
import type { Invoker } from "../ports/invoker.ts";
import type { Logger } from "../ports/logger.ts";
import { type CheckpointRequest, type CheckpointResult, saveCheckpoint } from "./checkpoints.ts";
import { Commits } from "./commits.ts";
import { Executor } from "./executor.ts";
import { Ingest, type NewEvent } from "./ingest.ts";
import { Live } from "./live.ts";
import { Queue } from "./queue.ts";
import { Registry } from "./registry.ts";
import { Runner } from "./runner.ts";
import { Runs } from "./runs.ts";

export type EngineOptions = {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly invoker: Invoker;
  readonly logger: Logger;
  /** Calls to apps in progress at the same time. Default 100. */
  readonly workers?: number;
  /** Signs calls. */
  readonly signingKey?: string;
  /** Constant delay of retries in milliseconds, in the place of the protocol's table. */
  readonly retryIntervalMs?: number;
};

const WORKERS_DEFAULT = 100;

export type CancelResult = "cancelled" | "no-run" | "ended";

export class Engine {
  readonly store: Store;
  readonly clock: Clock;
  readonly registry: Registry = new Registry();
  readonly live: Live = new Live();
  readonly runs: Runs;
  readonly queue: Queue;
  readonly executor: Executor;
  readonly #random: RandomSource;
  readonly #commits: Commits;
  readonly #runner: Runner;
  readonly #ingest: Ingest;
  readonly #invoker: Invoker;

  constructor(options: EngineOptions) {
    const { store, clock, random, logger, invoker } = options;
    const { registry, live } = this;
    this.store = store;
    this.clock = clock;
    this.#random = random;
    this.#invoker = invoker;
    const functionById = (functionId: string): FunctionRow | undefined => registry.functionById(functionId);
    this.#commits = new Commits(store, {
      itemOffered: (item) => this.queue.offer(item),
      itemDeleted: (itemId) => this.queue.forget(itemId),
      runWorkDeleted: (runId) => {
        this.queue.forgetRun(runId);
        this.executor.abortRun(runId);
      },
      eventStored: (event) => void this.#runner.push(event),
      runUncertain: (runId) => this.queue.reconcileRun(runId),
      runChanged: (run) => live.publish({ kind: "run", run }),
      traced: (entries) => live.publish({ kind: "trace", entries }),
    });
    const queuedDiscovery = (runId: string): ItemRow | undefined => this.queue.queuedDiscovery(runId);
    const isDiscovering = (runId: string): boolean => this.executor.isDiscovering(runId);
    const isInProgress = (itemId: string): boolean => this.queue.isInProgress(itemId);
    this.runs = new Runs({ store, clock, random, commits: this.#commits, functionById, queuedDiscovery, isInProgress, isDiscovering });
    this.#runner = new Runner({ store, clock, random, logger, registry, runs: this.runs, commits: this.#commits });
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
      ...(options.signingKey === undefined ? {} : { signingKey: options.signingKey }),
      ...(options.retryIntervalMs === undefined ? {} : { retryIntervalMs: options.retryIntervalMs }),
    });
    this.queue = new Queue({
      store,
      clock,
      logger,
      workers: options.workers ?? WORKERS_DEFAULT,
      functionById,
      process: (item, generation) => this.executor.process(item, generation),
    });
    this.#ingest = new Ingest({ store, clock, random, runner: this.#runner });
  }

  /** Reads what the store holds and begins to work. */
  async start(): Promise<void> {
    const { apps, functions } = await this.store.loadRegistry();
    for (const app of apps) this.registry.putApp(app);
    this.registry.putFunctions(functions);
    await this.#runner.start();
    await this.queue.start();
  }

  /** Starts nothing more and waits for what is in progress, at most `drainMs`; then calls are cut off and their items given back. */
  async stop(drainMs: number): Promise<void> {
    const drained = this.queue.stop();
    const timer = this.clock.setTimer(drainMs, () => this.executor.abortAll());
    await drained;
    timer.cancel();
    await this.#runner.stop();
    await this.#invoker.close();
  }

  /** Stores events. Resolves with their internal ids when they are durable. */
  async send(events: readonly NewEvent[]): Promise<readonly string[]> {
    const ids = await this.#ingest.accept(events);
    this.live.publish({ kind: "event", count: ids.length });
    return ids;
  }

  /** Asks for one function to be run. Resolves with the event's internal id when it is durable. */
  async invoke({
    target,
    payload,
    internalId,
  }: {
    readonly target: string;
    readonly payload: Readonly<Record<string, unknown>>;
    readonly internalId?: string;
  }): Promise<string> {
    const now = this.clock.now();
    const event = invokedEvent({ target, payload, expire: 0, name: "" }, { id: internalId ?? this.#random.ulid(now), now });
    await this.#ingest.acceptInternal(event);
    return event.id;
  }

  /** Saves steps of a call in progress. */
  checkpoint(request: CheckpointRequest): Promise<CheckpointResult> {
    return saveCheckpoint(request, {
      clock: this.clock,
      runs: this.runs,
      executor: this.executor,
      currentItem: (item) => this.queue.current(item),
    });
  }

  /** Cancels a run. `reason` is a sentence for people. */
  async cancel(runId: string, reason: string): Promise<CancelResult> {
    const decided = await this.runs.decide(runId, (state, env) => decideCancel(state, { reason }, env));
    if (decided.kind === "no-run") return "no-run";
    return decided.kind === "committed" ? "cancelled" : "ended";
  }

  /** Runs a run's function again with the same event. Resolves with the new run's id; undefined where run or function are gone. */
  async rerun(runId: string): Promise<string | undefined> {
    const original = await this.store.loadRun(runId);
    const row = original === undefined ? undefined : this.registry.functionById(original.run.functionId);
    const event = original === undefined ? undefined : await this.store.history.eventById(original.run.eventIds[0] ?? "");
    if (original === undefined || row === undefined || event === undefined) return undefined;
    const rerunOf = original.run.rerunOf ?? runId;
    const run = scheduleRun(
      { function: row, event: { ...event, ts: 0 }, parsed: JSON.parse(event.body), rerunOf },
      { now: this.clock.now(), random: this.#random },
    );
    this.runs.adopt(run.state);
    await this.#commits.commit({ guards: [], changes: run.changes, trace: [run.trace] });
    return run.state.run.id;
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
  async register({
    app,
    functions,
    removedAppIds = [],
  }: {
    readonly app: AppRow;
    readonly functions: readonly FunctionRow[];
    readonly removedAppIds?: readonly string[];
  }): Promise<void> {
    const changeSet: ChangeSet = {
      guards: [],
      changes: [
        ...removedAppIds.map((appId) => ({ kind: "delete-app", appId }) as const),
        { kind: "put-app", app },
        ...functions.map((row) => ({ kind: "put-function", function: row }) as const),
      ],
    };
    await this.store.apply(changeSet);
    for (const appId of removedAppIds) this.registry.deleteApp(appId);
    this.registry.putApp(app);
    this.registry.putFunctions(functions);
    this.queue.limitsChanged();
    this.live.publish({ kind: "apps" });
  }

  /** State of a run, for the app that asks for it. */
  state(runId: string): Promise<RunState | undefined> {
    return this.runs.get(runId);
  }
}
