/**
 * Metrics of a server: hooks that count, and a scrape that tells.
 *
 * I1  Nothing is read or computed between scrapes: hooks raise numbers.
 * I2  A scrape succeeds when the store fails; what only the store knows is left out then.
 *
 * Spec: semantics 11.7; the list of names is in docs/operations.md.
 */
import type { TraceEntry } from "@pawl/engine";
import type { Store } from "@pawl/store";
import type { Engine } from "../core/engine.ts";
import { given } from "../json.ts";
import type { Clock } from "../ports/clock.ts";
import type { Invoker } from "../ports/invoker.ts";
import type { Logger } from "../ports/logger.ts";
import { type Backlog, BacklogReader } from "./backlog.ts";
import { exposition } from "./exposition.ts";
import { countFamilies, processFamilies, stateFamilies, type TraceCounts, traceFamilies } from "./families.ts";
import { measuredInvoker } from "./measured-invoker.ts";
import { measuredStore } from "./measured-store.ts";
import { type FunctionMeter, Meters } from "./meters.ts";

export type MetricsOptions = {
  readonly clock: Pick<Clock, "now">;
  readonly logger: Logger;
  readonly version: string;
  /** Workers connected now. */
  readonly workersConnected: () => number;
  /** Milliseconds, with a fraction, to measure by. Default: the process's. */
  readonly elapsed?: () => number;
};

export class Metrics {
  readonly #options: MetricsOptions;
  readonly #meters = new Meters();
  readonly #elapsed: () => number;
  #engine: Engine | undefined;
  #backlog: BacklogReader | undefined;
  #traces: TraceCounts | undefined;

  constructor(options: MetricsOptions) {
    this.#options = options;
    this.#elapsed = options.elapsed ?? (() => performance.now());
  }

  /** The store for the engine, so that commits are counted. */
  measureStore(store: Store): Store {
    return measuredStore(store, { meters: this.#meters, now: this.#elapsed });
  }

  /** The invoker for the engine, so that calls are counted. */
  measureInvoker(invoker: Invoker): Invoker {
    const callOf: Engine["executor"]["callOf"] = (itemId) => this.#engine?.executor.callOf(itemId);
    return measuredInvoker(invoker, { meters: this.#meters, clock: this.#options.clock, callOf });
  }

  /** The engine that is measured. Once, before it starts. */
  attach(engine: Engine): void {
    this.#engine = engine;
    const { store, queue, clock } = engine;
    this.#backlog = new BacklogReader({ store, held: () => queue.held(), now: () => clock.now(), elapsed: this.#elapsed });
    engine.live.watch((change) => {
      if (change.kind === "trace") for (const entry of change.entries) this.#count(entry);
    });
  }

  /** What the export of traces counts. */
  attachTraces(counts: TraceCounts): void {
    this.#traces = counts;
  }

  /** The text for Prometheus. */
  async collect(): Promise<string> {
    const engine = this.#engine;
    if (engine === undefined) return "";
    const slugOf = (functionId: string): string => engine.registry.functionById(functionId)?.slug ?? functionId;
    const backlog = await this.#readBacklog();
    const state = { sizes: engine.queue.sizes(), workersConnected: this.#options.workersConnected(), ...given("backlog", backlog) };
    return exposition([
      ...stateFamilies(state, slugOf),
      ...countFamilies(this.#meters, slugOf),
      ...traceFamilies(this.#traces),
      ...processFamilies({ version: this.#options.version, storeKind: engine.store.kind }),
    ]);
  }

  async #readBacklog(): Promise<Backlog | undefined> {
    try {
      return await this.#backlog?.read();
    } catch (error) {
      this.#options.logger.warn({ error: String(error) }, "counting the backlog for metrics failed");
      return undefined;
    }
  }

  #count(entry: TraceEntry): void {
    if (entry.kind === "event-outcome") this.#meters.countOutcome(entry.reason);
    else countTrace(this.#meters.of(entry.functionId), entry);
  }
}

function countTrace(meter: FunctionMeter, entry: Exclude<TraceEntry, { readonly kind: "event-outcome" }>): void {
  switch (entry.kind) {
    case "run-scheduled":
      meter.runsScheduled += 1;
      return;
    case "run-started":
      meter.runsStarted += 1;
      return;
    case "run-ended":
      meter.runsEnded[entry.status === "COMPLETED" ? "completed" : entry.status === "CANCELLED" ? "cancelled" : "failed"] += 1;
      return;
    case "run-retrying":
    case "step-retrying":
      meter.retries += 1;
      return;
    case "step-completed":
      meter.stepsEnded.completed += 1;
      return;
    case "step-failed":
      meter.stepsEnded.failed += 1;
      return;
    case "step-timed-out":
      meter.stepsEnded.timed_out += 1;
      return;
    case "step-planned":
    case "step-sleeping":
    case "step-waiting":
  }
}
