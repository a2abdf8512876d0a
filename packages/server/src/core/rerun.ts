/** Running again: the same events, the newest configuration. Rules: engine/run/rerun-from.ts. Spec: semantics 11.5. */
import { type ExpressionEvent, type FlowDecision, flowKeysOf, memoOf, planStart, type RerunFrom, type RerunProblem } from "@pawl/engine";
import type { Store } from "@pawl/store";
import type { Clock } from "../ports/clock.ts";
import type { FlowCommits } from "./flow-commits.ts";
import type { Registry } from "./registry.ts";

export type RerunResult =
  | { readonly kind: "created"; readonly runId: string }
  /** The run, its function or its events are gone. */
  | { readonly kind: "no-run" }
  | { readonly kind: RerunProblem };

export type RerunOptions = {
  readonly store: Pick<Store, "history">;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly flowCommits: FlowCommits;
};

/** Runs a run's function again; see `Engine.rerun`. */
export async function rerun(runId: string, from: RerunFrom | undefined, options: RerunOptions): Promise<RerunResult> {
  const { store, clock, registry, flowCommits } = options;
  const original = await store.history.runDetail(runId);
  const row = original === undefined ? undefined : registry.functionById(original.run.functionId);
  const first = original?.events[0];
  if (original === undefined || row === undefined || first === undefined) return { kind: "no-run" };
  const memo = from === undefined ? undefined : memoOf(original.run, original.steps, from);
  if (typeof memo === "string") return { kind: memo };
  const parsed = JSON.parse(first.body) as ExpressionEvent;
  const { singleton } = flowKeysOf(row, { event: parsed, now: clock.now() });
  const start = {
    function: row,
    events: original.events.map((event) => ({ ...event, ts: 0 })),
    parsed,
    rerunOf: original.run.rerunOf ?? runId,
    ...(singleton === undefined ? {} : { singletonKey: singleton }),
    ...(memo === undefined ? {} : { memo }),
  };
  const decided = await flowCommits.decide([], () => ({
    cellKeys: singleton === undefined ? [] : [singleton],
    plan: (plan) => (planStart(plan, start), true),
  }));
  const created = decided.kind === "committed" ? createdIn(decided.decision) : undefined;
  return created === undefined ? { kind: "no-run" } : { kind: "created", runId: created };
}

/** The run that a decision created, executed or skipped. */
function createdIn({ changes }: FlowDecision): string | undefined {
  for (const change of changes) if (change.kind === "insert-run") return change.run.id;
  return undefined;
}
