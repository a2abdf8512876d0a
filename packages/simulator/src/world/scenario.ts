/**
 * What a seed chooses: which faults exist and how often (a swarm: most seeds have a few of them, some all, some none), and how large the
 * world is.
 */
import type { SeededRandom } from "./seeded-random.ts";

/** Probabilities, but where the name says otherwise. */
export type Scenario = {
  readonly functions: number;
  readonly events: number;
  /** How long events keep coming and faults happen. */
  readonly faultyMs: number;
  readonly workers: number;
  /** Whether functions have flow control and schedules. */
  readonly hasFlow: boolean;
  /** Times at which somebody pauses a function, and resumes it some time later; a number. */
  readonly pauses: number;
  /** Times at which somebody runs a run again; a number. */
  readonly reruns: number;
  /** Whether much happens at the same few instants. */
  readonly isBursty: boolean;
  /** Bulk operations; a number. */
  readonly bulks: number;
  /** Whether functions defer others. */
  readonly hasDefers: boolean;
  /** HTTP endpoints that begin their runs themselves, and requests to them; numbers. */
  readonly endpoints: number;
  readonly requests: number;
  /** By how much the clock of the endpoints goes before ours; milliseconds. */
  readonly clockAheadMs: number;
  /** Whether the server makes requests for steps. */
  readonly hasFetches: boolean;
  /** Times at which the app registers anew, and updates of metadata; numbers. */
  readonly registrations: number;
  readonly notes: number;
  /** Longest time that the store takes for a commit or a read; 0: it answers at once. */
  readonly storeLatencyMs: number;
  readonly app: AppFaults;
  readonly store: StoreFaults;
  readonly node: NodeFaults;
};

/**
 * How much of the product a world uses: `plain` nothing but events and steps; `flow` flow control, schedules, pauses and runs that are run
 * again besides; `full` all. Smaller kinds keep the worlds that seeds had before the larger ones came.
 */
export type WorldKind = (typeof WORLD_KINDS)[number];

export const WORLD_KINDS = ["plain", "flow", "full"] as const;

/** Per call. */
export type AppFaults = {
  /** Refused: no connection. */
  readonly refuse: number;
  /** Never answered. */
  readonly hang: number;
  /** Worked on, but the answer is lost. */
  readonly lose: number;
  /** A proxy's page or a broken body in the place of an answer. */
  readonly garbage: number;
  /** The request arrives twice; the first answer counts. */
  readonly repeat: number;
  /** The answer takes minutes. */
  readonly delay: number;
  /** The checkpoint arrives twice, the second time late. */
  readonly repeatCheckpoint: number;
  /** An endpoint's process is stopped before it reports, or after. */
  readonly stop: number;
  /** Of a step's request to another server: nobody is there; it can't be made; the answer says that the server has failed; it takes minutes. */
  readonly fetchFails: number;
  readonly fetchRefused: number;
  readonly fetchStatus: number;
  readonly fetchDelay: number;
  /** Times at which the app is gone for a while; a number. */
  readonly outages: number;
};

export type StoreFaults = {
  /** A commit fails and leaves nothing. */
  readonly failBefore: number;
  /** A commit takes effect and is reported as failed. */
  readonly failAfter: number;
  readonly failRead: number;
  /** A guard on a run's version is reported as failed. */
  readonly conflict: number;
};

export type NodeFaults = {
  /** Kills; a number. */
  readonly crashes: number;
  /** Graceful stops; a number. */
  readonly stops: number;
  /** A killed node lives on for a while as a zombie whose answers come late. */
  readonly zombie: number;
};

/** The scenario of a seed. */
export function scenarioOf(random: SeededRandom): Scenario {
  const flow = random.fork("flow");
  const wire = random.fork("wire");
  // One world in six has no faults: there, what is promised only without them is checked too.
  const hasFaults = !random.chance(1 / 6);
  const rate = (most: number): number => (!hasFaults || random.chance(0.5) ? 0 : random.pick([0.1, 0.4, 1]) * most);
  const wireRate = (most: number): number => (!hasFaults || wire.chance(0.5) ? 0 : wire.pick([0.1, 0.4, 1]) * most);
  const count = (most: number): number => (!hasFaults || random.chance(0.5) ? 0 : random.between(1, most));
  return {
    functions: random.between(1, 5),
    events: random.between(3, 16),
    faultyMs: random.pick([5_000, 60_000, 600_000, 3_600_000]),
    workers: random.pick([1, 2, 5, 100]),
    hasFlow: flow.chance(2 / 3),
    pauses: flow.chance(0.3) ? flow.between(1, 3) : 0,
    reruns: flow.chance(0.3) ? flow.between(1, 3) : 0,
    isBursty: flow.chance(0.3),
    bulks: flow.chance(0.2) ? flow.between(1, 2) : 0,
    hasDefers: wire.chance(0.5),
    endpoints: wire.chance(0.5) ? wire.between(1, 2) : 0,
    requests: wire.between(2, 8),
    clockAheadMs: wire.pick([0, 0, 1_000, 7_200_000, -7_200_000]),
    hasFetches: wire.chance(0.4),
    registrations: wire.chance(0.4) ? wire.between(1, 4) : 0,
    notes: wire.chance(0.4) ? wire.between(2, 8) : 0,
    storeLatencyMs: random.pick([0, 0, 1, 3, 20]),
    app: {
      refuse: rate(0.2),
      hang: rate(0.03),
      lose: rate(0.2),
      garbage: rate(0.2),
      repeat: rate(0.3),
      delay: rate(0.2),
      repeatCheckpoint: rate(0.5),
      stop: wireRate(0.2),
      fetchFails: wireRate(0.5),
      fetchRefused: wireRate(0.1),
      fetchStatus: wireRate(0.5),
      fetchDelay: wireRate(0.2),
      outages: count(3),
    },
    store: { failBefore: rate(0.1), failAfter: rate(0.1), failRead: rate(0.05), conflict: rate(0.1) },
    node: { crashes: count(8), stops: count(2), zombie: rate(1) },
  };
}

/** The same world, with no more in it than its kind says. */
export function ofWorldKind(scenario: Scenario, kind: WorldKind): Scenario {
  if (kind === "full") return scenario;
  const app: AppFaults = { ...scenario.app, stop: 0, fetchFails: 0, fetchRefused: 0, fetchStatus: 0, fetchDelay: 0 };
  const flow: Scenario = { ...scenario, hasDefers: false, endpoints: 0, hasFetches: false, registrations: 0, notes: 0, app };
  return kind === "flow" ? flow : { ...flow, hasFlow: false, pauses: 0, reruns: 0, bulks: 0, isBursty: false };
}

/** Whether no fault can happen. */
export function isClean({ app, store, node }: Scenario): boolean {
  return [app, store, node].every((faults) => Object.values(faults).every((value) => value === 0));
}

/** Whether the store never fails. */
export function hasSoundStore({ store }: Scenario): boolean {
  return Object.values(store).every((value) => value === 0);
}
