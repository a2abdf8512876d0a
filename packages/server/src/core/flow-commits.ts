/**
 * Decisions that create runs: load the cells they look at, decide, commit; again where another decision came first.
 *
 * I1  Runs that must be cancelled for a new one (singletons) end in the commit that creates it: neither happens without the other.
 * I2  A decision that lost against one that is not about a cell is not repeated here: its input has changed.
 */
import { type Decision, decideCancel, type FlowDecision, type FlowPlan, flowPlanOf, type Guard, type RandomSource } from "@pawl/engine";
import type { Clock } from "../ports/clock.ts";
import type { Cells } from "./cells.ts";
import type { Commits } from "./commits.ts";
import type { Runs } from "./runs.ts";

/** A decision is taken anew this often; then something is wrong, and its cause comes again later. */
const TRIES_MAX = 20;

const CANCELLED = "Cancelled by a newer run: the function is a singleton.";

const NONE: ReadonlySet<string> = new Set();

export type FlowCommitsOptions = {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly cells: Cells;
  readonly commits: Commits;
  readonly runs: Runs;
};

/** What a decision looks at, and the decision; `plan` returns false where what was read before is not true any more. */
export type Planning = {
  readonly cellKeys: readonly string[];
  readonly plan: (plan: FlowPlan) => boolean;
};

/** `stale`: a guard that is not about a cell did not hold. */
export type FlowDecided =
  | { readonly kind: "committed"; readonly decision: FlowDecision }
  | { readonly kind: "stale"; readonly guard: Guard };

export class FlowCommits {
  readonly #options: FlowCommitsOptions;

  constructor(options: FlowCommitsOptions) {
    this.#options = options;
  }

  /** Commits a decision under guards. `prepare` reads what it needs and is called again for each try. */
  async decide(guards: readonly Guard[], prepare: () => Planning | Promise<Planning>): Promise<FlowDecided> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const preparing = prepare();
      const planning = preparing instanceof Promise ? await preparing : preparing;
      const tried = await this.#try(guards, planning);
      if (tried !== undefined) return tried;
    }
    throw new Error(`A decision lost against others ${String(TRIES_MAX)} times (${JSON.stringify(guards)}).`);
  }

  /** Undefined where it has to be tried again. */
  async #try(guards: readonly Guard[], planning: Planning): Promise<FlowDecided | undefined> {
    const { cells, runs } = this.#options;
    while (cells.view(planning.cellKeys) === undefined) await cells.load(planning.cellKeys);
    const plan = this.#plan(guards, planning, NONE);
    if (plan === undefined) return undefined;
    if (plan.cancelFirst.size > 0) return this.#tryWithCancellations(guards, planning, plan.cancelFirst);
    for (const { state } of plan.runs) runs.adopt(state);
    const result = await this.#options.commits.commit(plan);
    if (result.kind === "applied") return { kind: "committed", decision: plan };
    return this.#failed(plan, result.guard);
  }

  /** Runs that hold singletons end in the same commit (I1). */
  async #tryWithCancellations(guards: readonly Guard[], planning: Planning, runIds: ReadonlySet<string>): Promise<FlowDecided | undefined> {
    const { runs } = this.#options;
    let plan: FlowPlan | undefined;
    const result = await runs.decideTogether([...runIds], (found) => {
      plan = this.#plan(guards, planning, new Set(found.map(({ state }) => state.run.id)));
      if (plan === undefined || plan.cancelFirst.size > 0) return undefined;
      const cancellations = found
        .map(({ state, env }) => decideCancel(state, { reason: CANCELLED }, env))
        .filter((each) => each !== undefined);
      for (const { state } of plan.runs) runs.adopt(state);
      return together(cancellations, plan);
    });
    if (plan === undefined || result.kind === "nothing") return undefined;
    return result.kind === "committed" ? { kind: "committed", decision: plan } : this.#failed(plan, result.guard);
  }

  /** Undefined where a cell has to be read first, or what was read before is not true any more. */
  #plan(guards: readonly Guard[], { cellKeys, plan: decide }: Planning, ending: ReadonlySet<string>): FlowPlan | undefined {
    const { clock, random, cells } = this.#options;
    const view = cells.view(cellKeys);
    if (view === undefined) return undefined;
    const plan = flowPlanOf({ now: clock.now(), random }, view, ending);
    plan.guards.push(...guards);
    return decide(plan) ? plan : undefined;
  }

  #failed(plan: FlowPlan, guard: Guard): FlowDecided | undefined {
    for (const { state } of plan.runs) this.#options.runs.drop(state.run.id);
    return guard.kind === "cell-version" || guard.kind === "run-version" ? undefined : { kind: "stale", guard };
  }
}

/** A plan after what it needs to have ended, as one decision. What the plan rests on is said first to hold no more. */
function together(cancellations: readonly Decision[], plan: Decision): Decision {
  const decisions = [...cancellations, plan];
  return {
    guards: [plan, ...cancellations].flatMap(({ guards }) => guards),
    changes: decisions.flatMap(({ changes }) => changes),
    trace: decisions.flatMap(({ trace }) => trace),
  };
}
