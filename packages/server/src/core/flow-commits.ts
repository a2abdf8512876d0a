/**
 * Decisions that create runs: load the cells they look at, decide, commit; again where another decision came first.
 *
 * I1  Runs that must be cancelled first (singletons) are cancelled, and then the decision is taken anew.
 * I2  A decision that lost against one that is not about a cell is not repeated here: its input has changed.
 */
import { decideCancel, type FlowDecision, type FlowPlan, flowPlanOf, type Guard, type RandomSource } from "@pawl/engine";
import type { Clock } from "../ports/clock.ts";
import type { Cells } from "./cells.ts";
import type { Commits } from "./commits.ts";
import type { Runs } from "./runs.ts";

/** A decision is taken anew this often; then something is wrong, and its cause comes again later. */
const TRIES_MAX = 20;

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
    const { clock, random, cells, commits, runs } = this.#options;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const preparing = prepare();
      const { cellKeys, plan: decide } = preparing instanceof Promise ? await preparing : preparing;
      let view = cells.view(cellKeys);
      while (view === undefined) {
        await cells.load(cellKeys);
        view = cells.view(cellKeys);
      }
      const plan = flowPlanOf({ now: clock.now(), random }, view);
      plan.guards.push(...guards);
      if (!decide(plan)) continue;
      if (plan.cancelFirst.size > 0) {
        const [guard] = guards;
        const isDone = await this.#cancel([...plan.cancelFirst], guards);
        if (!isDone && guard !== undefined) return { kind: "stale", guard };
        continue;
      }
      for (const { state } of plan.runs) runs.adopt(state);
      const result = await commits.commit(plan);
      if (result.kind === "applied") return { kind: "committed", decision: plan };
      for (const { state } of plan.runs) runs.drop(state.run.id);
      if (result.guard.kind !== "cell-version") return { kind: "stale", guard: result.guard };
    }
    throw new Error(`A decision lost against others ${String(TRIES_MAX)} times (${JSON.stringify(guards)}).`);
  }

  /** The runs end only if what causes it is still so; false where it is not. */
  async #cancel(runIds: readonly string[], guards: readonly Guard[]): Promise<boolean> {
    const reason = "Cancelled by a newer run: the function is a singleton.";
    for (const runId of runIds) {
      const { kind } = await this.#options.runs.decide(runId, (state, env) => {
        const decision = decideCancel(state, { reason }, env);
        return decision && { ...decision, guards: [...guards, ...decision.guards] };
      });
      if (kind === "stale") return false;
    }
    return true;
  }
}
