/**
 * Bulk operations: one that has ended has cancelled every run it is about, or made exactly one new run of each; not faster than it may; and
 * none touches a run that it is not about.
 */
import { type BulkState, type RunRow } from "@pawl/engine";
import { BULK_ABOVE } from "../app/program.ts";
import { ofKind, type CheckContext, type Checker } from "./checker.ts";

const CANCELLED_IN_BULK = "Cancelled by a bulk cancellation";

type Bulk = { readonly key: string; readonly state: BulkState };

/** Makes the checker. */
export function checkBulks(context: CheckContext): Checker {
  const { mirror, report } = context;
  const bulks = new Map<string, BulkState>();
  const cancelled: RunRow[] = [];
  return {
    committing: ({ changeSet }) => {
      for (const { cell } of ofKind(changeSet, "put-cell"))
        if (cell.kind === "bulk") bulks.set(cell.key, JSON.parse(cell.state) as BulkState);
      for (const { run } of ofKind(changeSet, "update-run")) if (run.endReason?.startsWith(CANCELLED_IN_BULK) === true) cancelled.push(run);
    },
    ended: () => {
      const made = Map.groupBy(mirror.runs.values(), ({ bulkId }) => bulkId);
      for (const [key, state] of bulks) {
        if (state.status === "running" || (state.status === "scheduled" && mirror.cells.has(key)))
          report(`the bulk operation ${key} never ends`);
        if (state.kind === "cancel") checkCancelled(context, { key, state });
        else checkReplayed(context, { key, state }, made.get(key) ?? []);
      }
      for (const run of cancelled)
        if (![...bulks.values()].some((state) => state.kind === "cancel" && isAbout(context, state, run)))
          report(`run ${run.id} was cancelled in bulk, but no operation is about it`);
    },
  };
}

function checkCancelled(context: CheckContext, { key, state }: Bulk): void {
  if (state.status !== "ended") return;
  for (const run of context.mirror.runs.values())
    if (isAbout(context, state, run) && (run.endedAt ?? Infinity) > (state.endedAt ?? 0))
      context.report(`the bulk operation ${key} has ended, and run ${run.id} had not`);
}

function checkReplayed(context: CheckContext, { key, state }: Bulk, made: readonly RunRow[]): void {
  const { mirror, report } = context;
  const least = new Map<string, number>();
  const most = new Map<string, number>();
  for (const run of mirror.runs.values()) {
    if (!isAbout(context, state, run)) continue;
    const root = run.rerunOf ?? run.id;
    most.set(root, (most.get(root) ?? 0) + 1);
    if ((run.endedAt ?? Infinity) < state.createdAt) least.set(root, (least.get(root) ?? 0) + 1);
  }
  for (const [root, runs] of Map.groupBy(made, ({ rerunOf = "" }) => rerunOf))
    if (runs.length > (most.get(root) ?? 0)) report(`the bulk operation ${key} made ${runs.length} runs of ${root}`);
  if (state.status === "ended")
    for (const [root, count] of least)
      if (made.filter(({ rerunOf }) => rerunOf === root).length < count) report(`the bulk operation ${key} has left out run ${root}`);
  const times = made.map(({ queuedAt }) => queuedAt).toSorted((a, b) => a - b);
  for (const [index, at] of times.entries())
    if ((times[index + state.perSecond] ?? Infinity) - at < 1_000)
      report(`the bulk operation ${key} makes more than ${state.perSecond} runs in a second`);
  if (state.done !== made.length && state.status === "ended")
    report(`the bulk operation ${key} says ${state.done} runs, but made ${made.length}`);
}

/** Whether an operation is about a run, but for its status. */
function isAbout({ mirror }: CheckContext, { functionId, from = 0, until, condition }: BulkState, run: RunRow): boolean {
  if (run.functionId !== functionId || run.queuedAt < from || run.queuedAt >= until) return false;
  const n = mirror.events.get(run.eventIds[0] ?? "")?.data.n;
  return condition === undefined || (typeof n === "number" && n > BULK_ABOVE);
}
