/**
 * The node: starts, dies, stops and starts again on what the store kept.
 *
 * I1  At most one node is up. A dead one keeps nothing: its timers don't go off, its promises don't settle, its calls go on at the app.
 * I2  A new node opens a copy of the committed state, as after a crash: leases are gone.
 */
import type { ChangeSet } from "@pawl/engine";
import { Engine, type Invoker, type Logger } from "@pawl/server";
import { openMemoryStore, type MemorySnapshot, type MemoryStore } from "@pawl/store-memory";
import type { FakeApp } from "../app/fake-app.ts";
import { faultyTransport } from "../app/faulty-transport.ts";
import { APP_ID, APP_URL, functionRowOf } from "../app/generate-program.ts";
import type { Program } from "../app/program.ts";
import type { Canary } from "../canary/canary.ts";
import type { Watch } from "../check/watch.ts";
import { fakeGateway } from "./fake-gateway.ts";
import { hasSoundStore, type Scenario } from "./scenario.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { connectStore, leasedItemOf, type NodeState } from "./store-connection.ts";
import type { Trace } from "./trace.ts";
import type { VirtualClock } from "./virtual-clock.ts";

const RESTART_MS_MAX = 20_000;
const ZOMBIE_MS_MAX = 600_000;
const DRAIN_MS_MAX = 30_000;
/** How long a registration that failed, or found no node, waits. */
const REGISTER_AGAIN_MS = 1_000;
/** A graceful stop takes its drain time, and then this for what is being committed. */
const STOP_SLACK_MS = 60_000;

export type ClusterOptions = {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly scenario: Scenario;
  readonly programs: readonly Program[];
  readonly watch: Watch;
  readonly trace: Trace;
  readonly canary: Canary | undefined;
  /** Whether faults still happen. */
  readonly isFaulty: () => boolean;
  readonly isAppDown: () => boolean;
};

/** Ids of syncs are not from the seed. */
const SYNC_ID = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g;

function textOf({ guards, changes }: ChangeSet): string {
  const text = JSON.stringify({ guards, changes });
  return changes.some(({ kind }) => kind === "put-app") ? text.replaceAll(SYNC_ID, "sync") : text;
}

type Node = { readonly index: number; state: NodeState; readonly engine: Engine; isReady: boolean };

export class Cluster {
  readonly #options: ClusterOptions;
  #disk: MemoryStore = openMemoryStore();
  /** Stands for what an earlier flush had written; only canaries look at it. */
  #earlier: MemorySnapshot | undefined;
  #app: FakeApp | undefined;
  #node: Node | undefined;
  #starts = 0;
  #isRegistered = false;

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  /** The engine that takes requests; undefined while none is up. */
  get engine(): Engine | undefined {
    return this.#node?.isReady === true ? this.#node.engine : undefined;
  }

  get starts(): number {
    return this.#starts;
  }

  /** What is stored now. */
  stored(): MemorySnapshot {
    return this.#disk.snapshot();
  }

  /** Starts the first node. */
  begin(app: FakeApp): void {
    this.#app = app;
    this.#boot();
  }

  /** Kills the node. Nothing where none is there. */
  crash(): void {
    const node = this.#node;
    if (node === undefined) return;
    const { clock, random, scenario } = this.#options;
    const isZombie = random.chance(scenario.node.zombie);
    this.#note(`node ${node.index} ${isZombie ? "becomes a zombie" : "crashes"}`);
    node.state = isZombie ? "zombie" : "dead";
    if (isZombie) clock.setTimer(random.integer(ZOMBIE_MS_MAX), () => (node.state = "dead"));
    this.#leave(node);
  }

  /** Stops the node as a deploy does. */
  async stop(): Promise<void> {
    const node = this.#node;
    if (node?.isReady !== true) return;
    const { clock, random, watch } = this.#options;
    const drainMs = random.integer(DRAIN_MS_MAX);
    this.#note(`node ${node.index} stops within ${drainMs} ms`);
    node.isReady = false;
    const limit = clock.setTimer(drainMs + STOP_SLACK_MS, () => {
      if (this.#node === node) watch.report("world", `node ${node.index} did not stop within ${drainMs} ms`);
    });
    await node.engine.stop(drainMs);
    limit.cancel();
    if (this.#node !== node) return;
    node.state = "dead";
    this.#note(`node ${node.index} has stopped`);
    this.#leave(node);
  }

  /** Registers every function without its schedules, as soon as a node can. Call when nothing fails any more. */
  endSchedules(): void {
    void this.#endSchedules().catch(() => this.#options.clock.setTimer(REGISTER_AGAIN_MS, () => this.endSchedules()));
  }

  async #endSchedules(): Promise<void> {
    const { engine } = this;
    const { programs } = this.#options;
    if (programs.every(({ flow }) => flow.schedules.length === 0)) return;
    const app = engine?.registry.apps().find(({ id }) => id === APP_ID);
    if (engine === undefined || app === undefined) throw new Error("No node takes requests.");
    const functions = programs.flatMap(({ slug }) => engine.registry.functionById(slug) ?? []);
    const without = functions.map((row) => {
      const triggers = row.definition.triggers.filter(({ kind }) => kind !== "cron");
      return { ...row, version: row.version + 1, definition: { ...row.definition, triggers } };
    });
    await engine.register(() => ({ app, functions: without }));
  }

  #leave(node: Node): void {
    const { clock, random, canary } = this.#options;
    if (this.#node === node) this.#node = undefined;
    const now = this.#disk.snapshot();
    const kept = this.#earlier === undefined ? now : (canary?.alterCrash?.(now, this.#earlier) ?? now);
    this.#disk = openMemoryStore({ snapshot: kept });
    clock.setTimer(random.integer(RESTART_MS_MAX), () => this.#boot());
  }

  #boot(): void {
    const node = this.#makeNode(this.#starts++);
    this.#node = node;
    this.#note(`node ${node.index} starts`);
    node.engine
      .start()
      .then(() => this.#ready(node))
      .catch(() => {
        if (this.#node === node) this.crash();
      });
  }

  async #ready(node: Node): Promise<void> {
    const { clock, programs, canary } = this.#options;
    // An app that is registered as it is registers no more.
    if (node.engine.registry.appById(APP_ID) !== undefined) this.#isRegistered = true;
    if (!this.#isRegistered) {
      const now = clock.now();
      const app = {
        id: APP_ID,
        name: APP_ID,
        url: APP_URL,
        sdk: "js:v4.24.0",
        framework: "",
        checksum: "",
        createdAt: now,
        syncedAt: now,
      };
      const functions = programs.map((program) => ({
        ...functionRowOf(program, now),
        ...(program.isGuest === true ? { archivedAt: now } : {}),
      }));
      await node.engine.register(() => ({
        app: { ...app, method: "serve" },
        functions: functions.map((row) => canary?.alterFunction?.(row) ?? row),
      }));
      this.#isRegistered = true;
    }
    if (canary?.alterCrash !== undefined) this.#earlier = this.#disk.snapshot();
    if (this.#node === node) node.isReady = true;
  }

  #makeNode(index: number): Node {
    const { clock, scenario, watch, trace, canary } = this.#options;
    const random = this.#options.random.fork(`node ${index}`);
    const isFaulty = (): boolean => this.#isRegistered && this.#options.isFaulty();
    const state = (): NodeState => node.state;
    const store = connectStore({
      disk: () => this.#disk,
      clock,
      random: random.fork("store"),
      latencyMs: scenario.storeLatencyMs,
      faults: () => (isFaulty() ? scenario.store : undefined),
      state,
      canary,
      committed: ({ wanted, changeSet }) => {
        trace.note(clock.now(), () => `node ${index} commits ${textOf(changeSet)}`);
        const isZombie = node.state === "zombie";
        watch.committed({ at: clock.now(), isZombie, leasedItemId: leasedItemOf(wanted), changeSet });
      },
      claimed: (claim) => watch.claimed(claim),
    });
    const engine = new Engine({
      store,
      clock: {
        now: () => clock.now(),
        setTimer: (delayMs, callback) =>
          clock.setTimer(delayMs, () => {
            if (node.state !== "dead") callback();
          }),
      },
      random: random.fork("engine"),
      invoker: this.#invoker(index, random.fork("transport")),
      gateway: fakeGateway({
        node: index,
        clock,
        random: random.fork("gateway"),
        watch,
        faults: () => (isFaulty() ? scenario.app : undefined),
      }),
      logger: this.#logger(state),
      workers: scenario.workers,
    });
    const node: Node = { index, state: "up", engine, isReady: false };
    return node;
  }

  #invoker(index: number, random: SeededRandom): Invoker {
    const { clock, scenario, watch, trace, isFaulty, isAppDown } = this.#options;
    if (this.#app === undefined) throw new Error("The cluster has not begun.");
    return faultyTransport({
      app: this.#app,
      clock,
      random,
      faults: () => (isFaulty() ? scenario.app : undefined),
      isDown: isAppDown,
      began: (call) => {
        const { itemId, body } = watch.callBegan(index, call);
        trace.note(
          clock.now(),
          () => `node ${index} calls for ${itemId}, attempt ${body.ctx.attempt}, generation ${body.ctx.generation_id}`,
        );
      },
      ended: (call, reply) => {
        const observed = watch.callEnded(call);
        trace.note(clock.now(), () => `node ${index} is answered for ${observed?.itemId}: ${JSON.stringify(reply)}`);
      },
    });
  }

  /** Errors without a fault of the store behind them are bugs. */
  #logger(state: () => NodeState): Logger {
    const { watch, scenario, trace, clock } = this.#options;
    const isSound = hasSoundStore(scenario);
    const note = (fields: Readonly<Record<string, unknown>>, message: string): void => {
      trace.note(clock.now(), () => `log: ${message} ${String(fields["error"]).split("\n")[0]}`);
      const isExpected = !isSound && String(fields["error"]).includes("SimulatedFault");
      if (state() === "up" && !isExpected) watch.report("world", `the node logged: ${message} ${JSON.stringify(fields)}`);
    };
    return { debug: () => {}, info: () => {}, warn: note, error: note };
  }

  #note(line: string): void {
    this.#options.trace.note(this.#options.clock.now(), () => line);
  }
}
