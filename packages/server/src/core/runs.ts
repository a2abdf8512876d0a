/**
 * Decisions about runs: load, decide, commit, and again where another decision came first.
 *
 * I1  A cached state is what the store will hold once the pending commits are through; where one fails, the state is dropped.
 * I2  Decisions about one run commit in the order in which they were taken.
 * I3  The cache is bounded; a run that sleeps or waits leaves it as others come.
 * I4  A discovery that a pending commit will store counts as queued: decisions that follow share it. They build on that commit (on the
 *     same state), so they fail with it. A decision on a state that was read anew does not build on it, and does not count on it.
 *     Without this, 100 parallel steps that end together asked for up to 50 discoveries instead of one.
 *     The same holds for an item whose attempts a pending commit resets: an answer to a call of it counts from there.
 * I5  That there is nothing to decide is found only once what it was found on is durable: a wait that another event seems to have ended
 *     is open again where that commit fails.
 * I6  What an app is told on request is stored: unlike a call, nobody checks later that it was true. It is not less than what its call was
 *     made on either: that is waited for.
 */
import {
  type ApplyResult,
  type Decision,
  evolve,
  type FunctionRow,
  type Guard,
  type ItemRow,
  type RandomSource,
  type RunEnvironment,
  type RunLimits,
  type RunState,
} from "@pawl/engine";
import type { Store } from "@pawl/store";
import { given } from "../json.ts";
import type { Clock } from "../ports/clock.ts";
import type { Commits } from "./commits.ts";

/** States kept. One takes a few kB plus its stored results. */
const STATES_MAX = 1_000;

/** Bytes of stored results kept, estimated from `stateBytes`. */
const STATE_BYTES_MAX: number = 64 * 1024 * 1024;

/** A decision is taken anew this often; then something is wrong, and the item comes again later. */
const TRIES_MAX = 20;

export type RunsOptions = {
  readonly store: Pick<Store, "loadRun">;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly commits: Pick<Commits, "commit">;
  readonly functionById: (functionId: string) => FunctionRow | undefined;
  /** Limits of a function's runs that differ from the usual. Default: none. */
  readonly limitsOf?: (functionId: string) => RunLimits | undefined;
  readonly queuedDiscovery: (runId: string) => ItemRow | undefined;
  /** Whether an item is being worked on. */
  readonly isInProgress: (itemId: string) => boolean;
  /** Whether a call is under way that will tell what is next in a run. A call whose answer has arrived is under way no more. */
  readonly isDiscovering: (runId: string) => boolean;
};

/** What became of a decision. `stale`: a guard other than the run's version failed, so the input no longer counts. */
export type Decided =
  | { readonly kind: "committed"; readonly state: RunState }
  | { readonly kind: "nothing" }
  | { readonly kind: "no-run" }
  | { readonly kind: "stale"; readonly guard: Guard };

export type DecidedTogether =
  | { readonly kind: "committed" }
  | { readonly kind: "nothing" }
  | { readonly kind: "conflict"; readonly guard: Guard };

export class Runs {
  readonly #options: RunsOptions;
  /** Oldest first; the oldest leaves first. A run that is busy for long is read again now and then, which costs little. */
  readonly #states = new Map<string, RunState>();
  readonly #loading = new Map<string, Promise<RunState | undefined>>();
  /** Discoveries in pending commits, by the state that is ahead of them. */
  readonly #discoveries = new Map<RunState, ItemRow>();
  /** Items as pending commits leave them, with the state that is ahead of these. */
  readonly #amended = new Map<string, { readonly state: RunState; readonly item: ItemRow }>();
  /** The newest pending commit of a state; it ends after those before it. */
  readonly #pending = new Map<RunState, Promise<ApplyResult>>();
  #bytes = 0;

  constructor(options: RunsOptions) {
    this.#options = options;
  }

  /** The state of a run; only for reading. */
  async get(runId: string): Promise<RunState | undefined> {
    const known = this.#states.get(runId);
    if (known !== undefined) return known;
    const loading = this.#loading.get(runId) ?? this.#load(runId);
    return loading;
  }

  /** The state of a run as it is stored, for those outside (I6). It is a copy: no decision that follows changes it. */
  async stored(runId: string): Promise<RunState | undefined> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const state = await this.get(runId);
      const pending = state === undefined ? undefined : this.#pending.get(state);
      if (pending === undefined)
        return state === undefined ? undefined : { ...state, steps: new Map(state.steps), defers: new Map(state.defers) };
      await pending.catch(() => undefined);
    }
    return this.#options.store.loadRun(runId);
  }

  /** An item of a run as a commit will leave it that the state is ahead of (I4). */
  amendedItem(state: RunState, itemId: string): ItemRow | undefined {
    const amended = this.#amended.get(itemId);
    return amended?.state === state ? amended.item : undefined;
  }

  /** Keeps the state of a run that was just created. */
  adopt(state: RunState): void {
    if (!this.#states.has(state.run.id)) this.#keep(state);
  }

  /** Forgets a state, so that it is read from the store the next time. */
  drop(runId: string): void {
    const state = this.#states.get(runId);
    if (state === undefined) return;
    this.#states.delete(runId);
    this.#bytes -= state.run.stateBytes;
  }

  /** Takes a decision about a run and commits it. `decide` may be called again, on a newer state; it returns undefined for nothing. */
  async decide(runId: string, decide: (state: RunState, env: RunEnvironment) => Decision | undefined): Promise<Decided> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const state = await this.get(runId);
      if (state === undefined) return { kind: "no-run" };
      const decision = decide(state, this.#environment(state));
      if (decision === undefined) {
        if (await this.#isDurable(state)) return { kind: "nothing" };
        continue;
      }
      const result = await this.#commit([state], decision);
      if (result === undefined) return { kind: "committed", state };
      if (result.kind !== "run-version") return { kind: "stale", guard: result };
    }
    throw new Error(`The decision about run ${runId} lost against others ${TRIES_MAX} times.`);
  }

  /**
   * Takes a decision that ends or changes several runs at once, together with others' changes: all of it commits, or nothing. Runs that
   * are not there are left out. `decide` may be called again, on newer states; it returns undefined for nothing.
   */
  async decideTogether(
    runIds: readonly string[],
    decide: (found: readonly { readonly state: RunState; readonly env: RunEnvironment }[]) => Decision | undefined,
  ): Promise<DecidedTogether> {
    const states = (await Promise.all(runIds.map((runId) => this.get(runId)))).filter((state) => state !== undefined);
    const decision = decide(states.map((state) => ({ state, env: this.#environment(state) })));
    if (decision === undefined) {
      const durable = await Promise.all(states.map((state) => this.#isDurable(state)));
      return durable.every(Boolean) ? { kind: "nothing" } : this.decideTogether(runIds, decide);
    }
    const guard = await this.#commit(states, decision);
    return guard === undefined ? { kind: "committed" } : { kind: "conflict", guard };
  }

  /** Waits for the commits that a state is ahead of; false where one failed (I5). */
  async #isDurable(state: RunState): Promise<boolean> {
    const pending = this.#pending.get(state);
    if (pending === undefined) return true;
    return pending.then(
      ({ kind }) => kind === "applied",
      () => false,
    );
  }

  /** Undefined when committed, else the guard that failed. The states go ahead of the commit (I1). */
  async #commit(states: readonly RunState[], decision: Decision): Promise<Guard | undefined> {
    for (const state of states) this.#evolve(state, decision);
    const discovery = discoveryIn(decision);
    const forget = this.#amend(states, decision);
    const committing = this.#options.commits.commit(decision);
    for (const state of states) {
      if (discovery?.runId === state.run.id) this.#discoveries.set(state, discovery);
      this.#pending.set(state, committing);
    }
    try {
      const result = await committing;
      if (result.kind === "conflict") {
        for (const state of states) this.#dropIfSame(state);
        return result.guard;
      }
    } catch (error) {
      for (const state of states) this.#dropIfSame(state);
      throw error;
    } finally {
      forget?.();
      for (const state of states) {
        if (this.#pending.get(state) === committing) this.#pending.delete(state);
        if (discovery !== undefined && this.#discoveries.get(state) === discovery) this.#discoveries.delete(state);
      }
    }
    for (const state of states) if (state.run.endedAt !== undefined) this.#dropIfSame(state);
    return undefined;
  }

  /** Notes the items that a decision about one run amends; the result takes the notes back. */
  #amend([state, ...others]: readonly RunState[], { changes }: Decision): (() => void) | undefined {
    if (state === undefined || others.length > 0 || !changes.some(({ kind }) => kind === "amend-item")) return undefined;
    const notes = changes.flatMap((change) => (change.kind === "amend-item" ? [{ state, item: change.item }] : []));
    for (const note of notes) this.#amended.set(note.item.id, note);
    return () => {
      for (const note of notes) if (this.#amended.get(note.item.id) === note) this.#amended.delete(note.item.id);
    };
  }

  #evolve(state: RunState, decision: Decision): void {
    const before = state.run.stateBytes;
    evolve(state, decision.changes);
    if (this.#states.get(state.run.id) === state) this.#bytes += state.run.stateBytes - before;
  }

  #environment(state: RunState): RunEnvironment {
    const { run } = state;
    const { clock, random, functionById, limitsOf, isDiscovering } = this.#options;
    const row = functionById(run.functionId);
    if (row === undefined) throw new Error(`Run ${run.id} belongs to function ${run.functionId}, which the server does not know.`);
    const discovery = this.#queuedDiscovery(state);
    return {
      ctx: { now: clock.now(), random },
      function: row,
      isDiscovering: isDiscovering(run.id),
      ...given("limits", limitsOf?.(run.functionId)),
      ...(discovery === undefined ? {} : { queuedDiscovery: discovery }),
    };
  }

  /** One that a pending commit moves may have begun meanwhile: then it is not queued any more, and what it does not know is not asked. */
  #queuedDiscovery(state: RunState): ItemRow | undefined {
    const { queuedDiscovery, isInProgress } = this.#options;
    const pending = this.#discoveries.get(state);
    return pending === undefined || isInProgress(pending.id) ? queuedDiscovery(state.run.id) : pending;
  }

  #dropIfSame(state: RunState): void {
    if (this.#states.get(state.run.id) === state) this.drop(state.run.id);
  }

  #load(runId: string): Promise<RunState | undefined> {
    const loading = this.#read(runId).finally(() => this.#loading.delete(runId));
    this.#loading.set(runId, loading);
    return loading;
  }

  async #read(runId: string): Promise<RunState | undefined> {
    const state = await this.#options.store.loadRun(runId);
    if (state !== undefined && state.run.endedAt === undefined) this.#keep(state);
    return state;
  }

  #keep(state: RunState): void {
    this.#states.set(state.run.id, state);
    this.#bytes += state.run.stateBytes;
    for (const [runId, other] of this.#states) {
      if (this.#states.size <= STATES_MAX && this.#bytes <= STATE_BYTES_MAX) break;
      if (runId !== state.run.id && !this.#pending.has(other)) this.drop(runId);
    }
  }
}

/** The discovery that a decision stores or moves. */
function discoveryIn({ changes }: Decision): ItemRow | undefined {
  for (const change of changes) {
    const isItem = change.kind === "insert-item" || change.kind === "reschedule-item";
    if (isItem && change.item.kind === "discovery") return change.item;
  }
  return undefined;
}
