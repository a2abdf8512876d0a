/**
 * Bulk operations: cancel or repeat the runs of a function that match, page by page.
 *
 * I1  An operation lies in a cell with its progress; a page's effects that can't be repeated (new runs) commit together with the progress.
 * I2  Until it begins, it can be undone without a trace; afterwards it can be stopped, and keeps what it did.
 * I3  Only runs that were scheduled before the operation was made are looked at, so a replay never meets its own runs.
 *
 * Spec: semantics 7.2, 11.5.
 */
import type { RunStatus } from "@pawl/protocol";
import { compileSearch } from "../expression/index.ts";
import { itemIdOf } from "../queue/item-row.ts";
import { matchesRun, type RunSearchInput } from "../run/run-filter.ts";
import { flowItem } from "./flow-item.ts";
import { type FlowPlan, readCell, writeCell } from "./flow-plan.ts";

export type BulkKind = "cancel" | "replay";

export type BulkState = {
  readonly kind: BulkKind;
  readonly functionId: string;
  /** Runs scheduled at this instant or later; absent: however old. */
  readonly from?: number;
  /** Runs scheduled before. */
  readonly until: number;
  /** Empty: any that the kind makes sense for. */
  readonly statuses: readonly RunStatus[];
  /** Expression over `event` (the run's first one), `run`, `output` and `error`. */
  readonly condition?: string;
  /** Replays: new runs each second. */
  readonly perSecond: number;
  readonly createdAt: number;
  readonly beginsAt: number;
  readonly status: "scheduled" | "running" | "ended" | "stopped";
  /** The last run that was looked at. */
  readonly after?: { readonly at: number; readonly id: string };
  readonly seen: number;
  /** Runs cancelled or created. */
  readonly done: number;
  readonly endedAt?: number;
};

/** How long an operation that has ended can be looked at. */
const KEPT_MS = 30 * 86_400_000;

/** What a page found. */
export type BulkPage = { readonly seen: number; readonly done: number; readonly last?: BulkState["after"]; readonly isLast: boolean };

/** Key of an operation's cell. */
export function bulkKeyOf(id: string): string {
  return `bulk|${id}`;
}

/** Stores a new operation and its first item. */
export function planBulk(plan: FlowPlan, key: string, state: BulkState): void {
  readCell(plan, key);
  writeCell(plan, { key, kind: "bulk", functionId: state.functionId }, state);
  plan.changes.push({ kind: "insert-item", item: flowItem({ key, kind: "bulk", functionId: state.functionId, dueAt: state.beginsAt }) });
}

/** Stores the progress, and when the next page is due. False where the operation is gone or has been stopped. */
export function planBulkPage(plan: FlowPlan, key: string, page: BulkPage): boolean {
  const state = readCell<BulkState>(plan, key);
  if (state === undefined || !isLive(state)) {
    plan.changes.push({ kind: "delete-item", itemId: itemIdOf.flow(key) });
    return false;
  }
  const { now } = plan.ctx;
  const progress: BulkState = {
    ...state,
    status: page.isLast ? "ended" : "running",
    seen: state.seen + page.seen,
    done: state.done + page.done,
    ...(page.last === undefined ? {} : { after: page.last }),
    ...(page.isLast ? { endedAt: now } : {}),
  };
  writeCell(plan, { key, kind: "bulk", functionId: state.functionId, ...(page.isLast ? { expiresAt: now + KEPT_MS } : {}) }, progress);
  const dueAt = state.kind === "replay" && page.done > 0 ? now + 1_000 : now;
  const item = flowItem({ key, kind: "bulk", functionId: state.functionId, dueAt });
  plan.changes.push(page.isLast ? { kind: "delete-item", itemId: item.id } : { kind: "reschedule-item", item });
  return true;
}

/** Undoes an operation that has not begun, or stops one that has (I2). */
export function planBulkStop(plan: FlowPlan, key: string): "undone" | "stopped" | "ended" | "unknown" {
  const state = readCell<BulkState>(plan, key);
  if (state === undefined) return "unknown";
  if (!isLive(state)) return "ended";
  plan.changes.push({ kind: "delete-item", itemId: itemIdOf.flow(key) });
  if (state.status === "scheduled") {
    plan.changes.push({ kind: "delete-cell", key });
    return "undone";
  }
  const { now } = plan.ctx;
  const cell = { key, kind: "bulk", functionId: state.functionId, expiresAt: now + KEPT_MS } as const;
  writeCell(plan, cell, { ...state, status: "stopped", endedAt: now } satisfies BulkState);
  return "stopped";
}

/** Whether a run meets the operation's condition. A condition that fails is not met. */
export function meetsBulk({ condition }: Pick<BulkState, "condition">, input: RunSearchInput): boolean {
  if (condition === undefined) return true;
  const compiled = compileSearch(condition, "runs");
  return compiled.kind === "compiled" && matchesRun(compiled.search, input);
}

function isLive({ status }: BulkState): boolean {
  return status === "scheduled" || status === "running";
}
