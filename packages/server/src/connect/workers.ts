/**
 * The workers that are connected, what each can do, and which one gets a call.
 *
 * I1  A worker has at most `capacity` requests at the same time, those included whose call was given up while it still works on them.
 * I2  Only a worker that is ready, and has the function, is chosen. Of several, those of the newest version of the app come first, ten to
 *     one, and the others by their free places: an old version drains while a new one comes up, and no worker fills before the rest.
 * I3  Capacities are slots of the queue's lanes (lanes.ts): work that no worker can take stays queued, and says why.
 * I4  Of workers that have left the newest `LEFT_KEPT_MAX` are remembered, for people: in memory, while this process runs.
 *
 * Spec: semantics 12.1; wire 9.7.
 */
import type { FunctionRow, RandomSource, Slot } from "@pawl/engine";
import type { SystemAttributes } from "@pawl/protocol";
import { workerSlotKey } from "../core/worker-slots.ts";

/** A worker that is not connected any more. */
export type LeftWorker = { readonly facts: WorkerFacts; readonly heardAt: number; readonly leave: Leave };

/** An app as one worker has it. */
export type ServedApp = {
  readonly name: string;
  readonly id: string;
  readonly version?: string;
  /** Hash of the app's code as far as it is known: SDK, version, functions. */
  readonly group: string;
  readonly slugs: ReadonlySet<string>;
};

export type WorkerFacts = {
  readonly connectionId: string;
  readonly instanceId: string;
  readonly apps: readonly ServedApp[];
  /** Requests at the same time; infinite where the worker sets no limit. */
  readonly capacity: number;
  /** `<language>:<version>`. */
  readonly sdk: string;
  readonly connectedAt: number;
  /** Address that it connected from: its own, or that of a proxy before the server. Empty where the socket doesn't tell. */
  readonly address: string;
  /** What it says of where it runs, such as the name of a host's platform. */
  readonly platform?: string;
  readonly system?: SystemAttributes;
};

/** Why a worker is not connected any more, in the protocol's words. */
export type LeaveReason = "WORKER_SHUTDOWN" | "UNEXPECTED" | "GATEWAY_DRAINING" | "CONSECUTIVE_HEARTBEATS_MISSED" | "MESSAGE_TOO_LARGE";

/** How a worker's connection ended; `at` in milliseconds since the epoch. */
export type Leave = { readonly at: number; readonly reason: LeaveReason };

export type WorkerPhase = "connected" | "ready" | "draining" | "gone";

export class Worker {
  readonly facts: WorkerFacts;
  /** Sends a request's frame. */
  readonly send: (frame: Uint8Array) => void;
  phase: WorkerPhase = "connected";
  /** Ids of requests that it has, or will be sent in this turn. */
  readonly requests: Set<string> = new Set();
  heardAt: number;

  constructor(facts: WorkerFacts, send: (frame: Uint8Array) => void) {
    this.facts = facts;
    this.send = send;
    this.heardAt = facts.connectedAt;
  }

  get free(): number {
    return this.facts.capacity - this.requests.size;
  }

  appById(appId: string): ServedApp | undefined {
    return this.facts.apps.find(({ id }) => id === appId);
  }
}

/** A function that is to be called. */
export type Target = { readonly appId: string; readonly slug: string };

export type Choice = { readonly kind: "worker"; readonly worker: Worker } | { readonly kind: "full" } | { readonly kind: "none" };

const LEFT_KEPT_MAX = 500;

/** How much likelier a worker of the newest version is chosen. */
const NEWEST_WEIGHT = 10;
/** Free places that count: beyond these a worker is no likelier to be chosen. */
const FREE_COUNTED_MAX = 1_000;
const WEIGHT_STEPS = 1_000_000;

export class Workers {
  readonly #random: RandomSource;
  readonly #workers = new Set<Worker>();
  /** Oldest first (I4). */
  readonly #left: LeftWorker[] = [];
  /** Slots by function; they change with the workers only. */
  readonly #slots = new Map<string, readonly Slot[]>();
  /** The group of each app, by id, that was registered last. */
  readonly #newest = new Map<string, string>();
  /** Called when workers have come, gone, or changed their phase. */
  onChange: () => void = () => {};

  constructor(random: RandomSource) {
    this.#random = random;
  }

  get size(): number {
    return this.#workers.size;
  }

  all(): readonly Worker[] {
    return [...this.#workers];
  }

  add(worker: Worker): void {
    this.#workers.add(worker);
  }

  setPhase(worker: Worker, phase: WorkerPhase): void {
    worker.phase = phase;
    this.#slots.clear();
    this.onChange();
  }

  /** Those that have left, the last one first (I4). */
  left(): readonly LeftWorker[] {
    return this.#left.toReversed();
  }

  remove(worker: Worker, leave: Leave): void {
    if (!this.#workers.delete(worker)) return;
    this.#left.push({ facts: worker.facts, heardAt: worker.heardAt, leave });
    if (this.#left.length > LEFT_KEPT_MAX) this.#left.shift();
    this.setPhase(worker, "gone");
  }

  /** The app's registration is now the one of this group. */
  setNewest(appId: string, group: string): void {
    this.#newest.set(appId, group);
  }

  /** Whether a worker of a group is connected. */
  hasGroup(group: string): boolean {
    for (const { facts } of this.#workers) if (facts.apps.some((app) => app.group === group)) return true;
    return false;
  }

  /** The app as the worker has it that came last; undefined where none has it. */
  newestOf(appName: string): ServedApp | undefined {
    let newest: { readonly app: ServedApp; readonly at: number } | undefined;
    for (const { facts } of this.#workers) {
      const app = facts.apps.find(({ name }) => name === appName);
      if (app !== undefined && (newest === undefined || facts.connectedAt >= newest.at)) newest = { app, at: facts.connectedAt };
    }
    return newest?.app;
  }

  /** Who gets a call (I2). `full`: those that have the function have no place. */
  choose(target: Target, excluded: ReadonlySet<Worker>): Choice {
    const able = this.#able(target).filter((worker) => !excluded.has(worker));
    if (able.length === 0) return { kind: "none" };
    const weights = able.map((worker) => this.#weight(worker, target.appId));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    if (total === 0) return { kind: "full" };
    let rest = (this.#random.integer(WEIGHT_STEPS) / WEIGHT_STEPS) * total;
    const index = weights.findIndex((weight) => (rest -= weight) < 0);
    return { kind: "worker", worker: able[index] ?? (able[0] as Worker) };
  }

  /** Slots of a function whose app works over connections (I3). */
  slotsOf(row: FunctionRow): readonly Slot[] {
    const known = this.#slots.get(row.id);
    if (known !== undefined) return known;
    const slots = this.#countSlots(row);
    this.#slots.set(row.id, slots);
    return slots;
  }

  #countSlots({ appId, slug, id }: FunctionRow): readonly Slot[] {
    let ofApp = 0;
    let ofFunction = 0;
    for (const worker of this.#workers) {
      const app = worker.phase === "ready" ? worker.appById(appId) : undefined;
      if (app === undefined) continue;
      ofApp += worker.facts.capacity;
      if (app.slugs.has(slug)) ofFunction += worker.facts.capacity;
    }
    return [
      { key: workerSlotKey(id), limit: ofFunction },
      { key: workerSlotKey(appId), limit: ofApp },
    ];
  }

  #able({ appId, slug }: Target): Worker[] {
    return [...this.#workers].filter((worker) => worker.phase === "ready" && worker.appById(appId)?.slugs.has(slug) === true);
  }

  #weight(worker: Worker, appId: string): number {
    const free = Math.min(Math.max(0, worker.free), FREE_COUNTED_MAX);
    const isNewest = worker.appById(appId)?.group === this.#newest.get(appId);
    return free * (isNewest ? NEWEST_WEIGHT : 1);
  }
}
