/**
 * Puts a decision about events and runs to be started together: reads cells, collects changes.
 *
 * I1  Every cell that the decision looked at is guarded by its version, whether it changed it or not.
 * I2  A cell is written at most once by a plan, since keys name their function.
 */
import type { Change, Guard } from "../change/change.ts";
import type { DecideContext, Decision } from "../decision/decision.ts";
import type { ScheduledRun } from "../run/schedule-run.ts";
import type { TraceEntry } from "../trace/trace-entry.ts";
import type { CellRow } from "./cell-row.ts";

/** Cells as they are, by key; undefined: there is none. Must have every key that the decision looks at. */
export type CellView = ReadonlyMap<string, CellRow | undefined>;

export type FlowPlan = {
  readonly ctx: DecideContext;
  readonly cells: CellView;
  readonly guards: Guard[];
  readonly changes: Change[];
  readonly trace: TraceEntry[];
  /** Runs that the decision creates. */
  readonly runs: ScheduledRun[];
  /** Runs that must be cancelled together with the decision, which is then taken anew with them in `ending`. */
  readonly cancelFirst: Set<string>;
  /** Runs that end in the same commit. */
  readonly ending: ReadonlySet<string>;
};

/**
 * Bound of versions, for columns of 32 bits. Each is a new number by chance: a decision that was built on one that has failed must not take
 * what another has written since for what it was built on. Counting, or beginning anew after a deletion, would let it.
 */
const VERSION_MAX = 2_147_483_647;

/** What a plan amounts to. */
export type FlowDecision = Decision & Pick<FlowPlan, "runs" | "cancelFirst">;

/** An empty plan. */
export function flowPlanOf(ctx: DecideContext, cells: CellView, ending: ReadonlySet<string> = new Set()): FlowPlan {
  return { ctx, cells, guards: [], changes: [], trace: [], runs: [], cancelFirst: new Set(), ending };
}

/** A cell's state, parsed; undefined where there is none or it has expired. Guards what it says. */
export function readCell<T>(plan: FlowPlan, key: string): T | undefined {
  const cell = plan.cells.get(key);
  if (!plan.guards.some((guard) => guard.kind === "cell-version" && guard.key === key))
    plan.guards.push({ kind: "cell-version", key, version: cell?.version ?? 0 });
  if (cell === undefined || (cell.expiresAt !== undefined && cell.expiresAt <= plan.ctx.now)) return undefined;
  return JSON.parse(cell.state) as T;
}

/** Writes a cell that was read. `state` becomes JSON text. */
export function writeCell(plan: FlowPlan, cell: Pick<CellRow, "key" | "kind" | "functionId" | "expiresAt">, state: unknown): void {
  const version = 1 + plan.ctx.random.integer(VERSION_MAX);
  plan.changes.push({ kind: "put-cell", cell: { ...cell, state: JSON.stringify(state), version } });
}
