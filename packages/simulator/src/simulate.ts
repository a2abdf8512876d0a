/**
 * One world, from one seed: faults, then healing, then rest; and what the checkers say about it.
 *
 * I1  The same seed gives the same world, event by event: its trace has the same hash.
 * I2  Every world comes to rest: within a bound of virtual time after the last fault, nothing is left to do.
 */
import { Executions } from "./app/executions.ts";
import { FakeApp } from "./app/fake-app.ts";
import { FakeEndpoint } from "./app/fake-endpoint.ts";
import { generateEndpoints, generatePrograms } from "./app/generate-program.ts";
import type { Canary } from "./canary/canary.ts";
import type { Program } from "./app/program.ts";
import { Watch, type Violation } from "./check/watch.ts";
import { AppApi } from "./world/app-api.ts";
import { beginCalls } from "./world/callers.ts";
import { Cluster } from "./world/cluster.ts";
import { Load } from "./world/load.ts";
import { beginNotes } from "./world/noters.ts";
import { beginRegistrations } from "./world/registrar.ts";
import { ofWorldKind, type Scenario, scenarioOf, type WorldKind } from "./world/scenario.ts";
import { SeededRandom } from "./world/seeded-random.ts";
import { Trace, type TraceMode } from "./world/trace.ts";
import { turn, VirtualClock, WORLD_BEGIN } from "./world/virtual-clock.ts";

/** Retries of calls, hanging calls, sleeps in a row, and hundreds of runs that have to wait for one another: it takes less than this. */
const REST_MS_MAX: number = 90 * 86_400_000;
/** Timers that go off in one world. The largest ones have some ten thousand. */
const TIMERS_MAX = 300_000;
/** Timers between two kills, at most: so kills fall where much happens, not where time passes. */
const TIMERS_PER_CRASH_MAX = 150;
const OUTAGE_MS_MAX = 120_000;
/** After the faults: so much later the schedules end, since a world that goes on ticking never rests. */
const SCHEDULES_END_MS = 200_000;

export type SimulationOptions = {
  readonly canary?: Canary;
  /** What becomes of the trace. Default `off`. */
  readonly trace?: TraceMode;
  /** What the world leaves out, whatever the seed chooses. Default `full`: nothing. */
  readonly kind?: WorldKind;
};

export type SimulationResult = {
  readonly seed: number;
  readonly scenario: Scenario;
  readonly violations: readonly Violation[];
  /** Hash of everything that happened; empty where nothing was noted. */
  readonly hash: string;
  readonly timers: number;
  readonly virtualMs: number;
  readonly runs: number;
  readonly starts: number;
  readonly trace: readonly string[];
};

/** Simulates a seed. */
export async function runSeed(seed: number, options: SimulationOptions = {}): Promise<SimulationResult> {
  const world = new World(seed, options);
  const note = (error: unknown): void => world.noteUnhandled(error);
  process.on("unhandledRejection", note);
  try {
    return await world.run();
  } finally {
    process.off("unhandledRejection", note);
  }
}

class World {
  readonly #seed: number;
  readonly #clock = new VirtualClock();
  readonly #trace: Trace;
  readonly #random: SeededRandom;
  readonly #scenario: Scenario;
  readonly #watch: Watch;
  readonly #cluster: Cluster;
  readonly #app: FakeApp;
  readonly #load: Load;
  readonly #programs: readonly Program[];
  readonly #endpoints: readonly Program[];
  readonly #endpoint: FakeEndpoint;
  #appIsDown = false;
  #timers = 0;

  constructor(seed: number, { canary, trace: mode = "off", kind = "full" }: SimulationOptions) {
    this.#seed = seed;
    const clock = this.#clock;
    const random = new SeededRandom(String(seed));
    const trace = new Trace(mode);
    const scenario = ofWorldKind(scenarioOf(random.fork("scenario")), kind);
    const programs = generatePrograms(random.fork("programs"), scenario);
    const endpoints = generateEndpoints(random.fork("endpoints"), scenario);
    const watch = new Watch({ programs, endpoints, scenario, now: () => clock.now() });
    const common = { clock, scenario, programs, watch, trace };
    this.#random = random.fork("world");
    this.#trace = trace;
    this.#scenario = scenario;
    this.#watch = watch;
    this.#cluster = new Cluster({
      ...common,
      random: random.fork("cluster"),
      canary,
      isFaulty: () => this.#isFaulty(),
      isAppDown: () => this.#appIsDown && this.#isFaulty(),
    });
    const endpointRandom = random.fork("endpoint requests");
    const isFaulty = (): boolean => this.#isFaulty();
    const api = new AppApi({ clock, scenario, cluster: () => this.#cluster, watch, random: this.#random, endpointRandom, isFaulty });
    const executions = new Executions({ clock, notes: scenario.notes > 0, executed: (execution) => watch.executed(execution) });
    this.#app = new FakeApp({
      programs,
      endpoints,
      clock,
      executions,
      checkpoint: (request) => api.checkpoint(request),
      fetchState: (call) => api.fetchState(call),
    });
    this.#programs = programs;
    this.#endpoints = endpoints;
    this.#endpoint = new FakeEndpoint({
      executions,
      start: (request, ops) => api.start(request, ops),
      report: (runId, ops) => api.report(runId, ops),
      now: () => clock.now() + scenario.clockAheadMs,
      isStopped: () => this.#isFaulty() && endpointRandom.chance(scenario.app.stop),
    });
    this.#load = new Load({ ...common, random: random.fork("load"), cluster: this.#cluster, mirror: watch.mirror });
    trace.note(clock.now(), () => JSON.stringify({ seed, scenario, programs, endpoints }));
  }

  /** Nobody waits for a promise that was rejected: a server would end. */
  noteUnhandled(error: unknown): void {
    this.#watch.report("world", `a rejection was not handled: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }

  async run(): Promise<SimulationResult> {
    this.#cluster.begin(this.#app);
    this.#load.begin();
    const calls = { clock: this.#clock, random: this.#random.fork("callers"), scenario: this.#scenario };
    beginCalls({ ...calls, endpoints: this.#endpoints, endpoint: this.#endpoint });
    const outside = { clock: this.#clock, scenario: this.#scenario, cluster: this.#cluster, watch: this.#watch };
    beginRegistrations({ ...outside, programs: this.#programs, random: this.#random.fork("registrations") });
    beginNotes({ ...outside, random: this.#random.fork("notes"), mirror: this.#watch.mirror });
    this.#planFaults();
    this.#clock.setTimer(this.#scenario.faultyMs + SCHEDULES_END_MS, () => this.#cluster.endSchedules());
    if (await this.#comesToRest()) this.#watch.ended({ acknowledged: this.#load.acknowledged, stored: this.#cluster.stored() });
    return {
      seed: this.#seed,
      scenario: this.#scenario,
      violations: this.#watch.violations,
      hash: this.#trace.digest(),
      timers: this.#timers,
      virtualMs: this.#clock.now() - WORLD_BEGIN,
      runs: this.#watch.mirror.runs.size,
      starts: this.#cluster.starts,
      trace: this.#trace.lines(),
    };
  }

  #isFaulty(): boolean {
    return this.#clock.now() < WORLD_BEGIN + this.#scenario.faultyMs;
  }

  /** False where it is given up before: it never would, or enough has been found. */
  async #comesToRest(): Promise<boolean> {
    const { crashes } = this.#scenario.node;
    let crashesLeft = crashes;
    let untilCrash = this.#random.integer(TIMERS_PER_CRASH_MAX);
    const end = WORLD_BEGIN + this.#scenario.faultyMs + REST_MS_MAX;
    await turn();
    while (this.#clock.fireNext()) {
      await turn();
      this.#timers += 1;
      if (this.#timers > TIMERS_MAX || this.#clock.now() > end) {
        this.#watch.report("world", `the world did not come to rest: ${this.#timers} timers, ${this.#clock.now() - WORLD_BEGIN} ms`);
        return false;
      }
      if (this.#watch.violations.length > 0 && this.#timers % 1_000 === 0) return false;
      untilCrash -= 1;
      if (untilCrash > 0 || crashesLeft === 0 || !this.#isFaulty()) continue;
      crashesLeft -= 1;
      untilCrash = this.#random.between(1, TIMERS_PER_CRASH_MAX);
      this.#cluster.crash();
    }
    return true;
  }

  #planFaults(): void {
    const { faultyMs, node, app } = this.#scenario;
    for (let index = 0; index < node.stops; index++)
      this.#clock.setTimer(this.#random.integer(faultyMs), () => void this.#cluster.stop().catch(() => this.#cluster.crash()));
    for (let index = 0; index < app.outages; index++) {
      const at = this.#random.integer(faultyMs);
      this.#clock.setTimer(at, () => (this.#appIsDown = true));
      this.#clock.setTimer(at + this.#random.integer(OUTAGE_MS_MAX), () => (this.#appIsDown = false));
    }
  }
}
