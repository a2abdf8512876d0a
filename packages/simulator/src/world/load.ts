/**
 * Those who use the server from outside: senders of events and signals, people who cancel runs, run them again, one by one or in
 * bulk, and pause functions.
 *
 * I1  What a sender was told is remembered; what it was not told may have happened or not.
 * I2  Every function that was paused is resumed in the end.
 */
import type { NewEvent } from "@pawl/server";
import { BULK_ABOVE, CANCEL_EVENT, K_BOUND, N_BOUND, type Program, SIGNALS, TRIGGER_EVENTS } from "../app/program.ts";
import type { Mirror } from "../check/mirror.ts";
import type { Cluster } from "./cluster.ts";
import type { Scenario } from "./scenario.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { VirtualClock } from "./virtual-clock.ts";

const EVENTS_PER_REQUEST_MAX = 3;
const ANSWER_MS_MAX = 10_000;
const TRIES_MAX = 6;
/** After the faults, so much later nothing is paused any more. */
const RESUME_ALL_MS = 30_000;
/** Instants at which everything happens in a bursty world. */
const BURSTS = 4;
const IDS = ["order-1", "order-2", "order-3"] as const;

export type LoadOptions = {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly scenario: Scenario;
  readonly cluster: Cluster;
  readonly mirror: Mirror;
  readonly programs: readonly Program[];
};

export class Load {
  /** Internal ids of events whose senders know that they are stored. */
  readonly acknowledged: string[] = [];
  readonly #options: LoadOptions;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** Sets everything up that will be sent. */
  begin(): void {
    const { clock, random, scenario } = this.#options;
    const later = (what: () => Promise<void>): void => {
      const at = random.integer(scenario.faultyMs);
      clock.setTimer(scenario.isBursty ? at - (at % Math.ceil(scenario.faultyMs / BURSTS)) : at, () => void what());
    };
    for (let index = 0; index < scenario.events; index++) later(() => this.#send());
    for (let index = random.integer(4); index > 0; index--) later(() => this.#cancel());
    for (let index = random.integer(6); index > 0; index--) later(() => this.#signal());
    for (let index = scenario.pauses; index > 0; index--) later(() => this.#pause());
    for (let index = scenario.reruns; index > 0; index--) later(() => this.#rerun());
    for (let index = scenario.bulks; index > 0; index--) later(() => this.#bulk());
    if (scenario.pauses > 0) clock.setTimer(scenario.faultyMs + RESUME_ALL_MS, () => void this.#resumeAll());
  }

  async #send(): Promise<void> {
    const { random, clock } = this.#options;
    const isSeeded = random.chance(0.5);
    const events = Array.from({ length: random.between(1, EVENTS_PER_REQUEST_MAX) }, () => this.#makeEvent(isSeeded));
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const { engine } = this.#options.cluster;
      const ids = engine === undefined ? undefined : await this.#answered(engine.send(events));
      if (ids !== undefined) {
        this.acknowledged.push(...ids);
        return;
      }
      await clock.sleep(random.integer(ANSWER_MS_MAX));
    }
  }

  #makeEvent(isSeeded: boolean): NewEvent {
    const { random, clock, scenario } = this.#options;
    const now = clock.now();
    const name = random.chance(0.1) ? CANCEL_EVENT : random.pick(TRIGGER_EVENTS);
    const data = { k: random.integer(K_BOUND), n: random.integer(N_BOUND) };
    return {
      name,
      data,
      ...(scenario.hasDefers && data.n % 2 === 1 ? { meta: { sessions: { k: `k${data.k}`, n: String(data.n) } } } : {}),
      ...(random.chance(0.2) ? { id: random.pick(IDS) } : {}),
      ...(random.chance(0.1) ? { ts: now + random.integer(600_000) } : {}),
      ...(isSeeded ? { internalId: random.ulid(now) } : {}),
    };
  }

  async #cancel(): Promise<void> {
    const { random, cluster, mirror } = this.#options;
    const live = [...mirror.runs.values()].filter(({ endedAt }) => endedAt === undefined);
    if (live.length === 0 || cluster.engine === undefined) return;
    await this.#answered(cluster.engine.cancel(random.pick(live).id, "simulated"));
  }

  async #signal(): Promise<void> {
    const { random, cluster } = this.#options;
    if (cluster.engine !== undefined) await this.#answered(cluster.engine.signal(random.pick(SIGNALS), { n: random.integer(N_BOUND) }));
  }

  async #rerun(): Promise<void> {
    const { random, cluster, mirror } = this.#options;
    const runs = [...mirror.runs.keys()];
    if (runs.length === 0 || cluster.engine === undefined) return;
    const runId = random.pick(runs);
    const steps = [...mirror.stepsOf(runId).keys()];
    const from = steps.length > 0 && random.chance(0.5) ? { stepId: random.pick(steps) } : undefined;
    await this.#answered(cluster.engine.rerun(runId, from));
  }

  async #bulk(): Promise<void> {
    const { random, clock, cluster } = this.#options;
    const { engine } = cluster;
    if (engine === undefined) return;
    const now = clock.now();
    const made = await this.#answered(
      engine.bulks.create({
        kind: random.pick(["cancel", "replay"]),
        functionId: random.pick(this.#functionIds().filter((id) => this.#isKept(id))),
        until: now,
        perSecond: random.between(1, 3),
        ...(random.chance(0.3) ? { from: now - random.integer(600_000) } : {}),
        ...(random.chance(0.3) ? { condition: `event.data.n > ${BULK_ABOVE}` } : {}),
        ...(random.chance(0.3) ? { delayMs: random.integer(60_000) } : {}),
      }),
    );
    if (made === undefined || !random.chance(0.2)) return;
    await clock.sleep(random.integer(60_000));
    if (cluster.engine !== undefined) await this.#answered(cluster.engine.bulks.stop(made.id));
  }

  async #pause(): Promise<void> {
    const { random, clock, cluster, scenario } = this.#options;
    const functionId = random.pick(this.#functionIds());
    const mode = random.pick(["hold", "drop", "drain"] as const);
    if (cluster.engine !== undefined) await this.#answered(cluster.engine.pause(functionId, mode));
    clock.setTimer(random.integer(scenario.faultyMs), () => {
      const { engine } = cluster;
      if (engine !== undefined) void this.#answered(engine.pause(functionId, undefined));
    });
  }

  async #resumeAll(): Promise<void> {
    const { cluster, clock } = this.#options;
    for (const functionId of this.#functionIds())
      for (;;) {
        const { engine } = cluster;
        if (engine !== undefined && (await this.#answered(engine.pause(functionId, undefined))) !== undefined) break;
        await clock.sleep(1_000);
      }
  }

  /** What bulk operations do with a function that is away is not checked. */
  #isKept(functionId: string): boolean {
    return this.#options.programs.find(({ slug }) => slug === functionId)?.isGuest !== true;
  }

  /** Of the app's functions, and of its endpoints that have begun a run. */
  #functionIds(): readonly string[] {
    const { programs, mirror } = this.#options;
    const endpoints = [...mirror.functions.values()].filter(({ definition }) => definition.endpoint !== undefined);
    return [...programs.map(({ slug }) => slug), ...endpoints.map(({ id }) => id)];
  }

  /** The answer to a request; undefined where it failed or did not come in time. */
  #answered<T>(request: Promise<T>): Promise<T | undefined> {
    const failed = request.catch(() => undefined);
    return Promise.race([failed, this.#options.clock.sleep(ANSWER_MS_MAX).then(() => undefined)]);
  }
}
