/**
 * The last steps before a run exists: is the function paused, is its singleton free; then the run.
 *
 * I1  What is refused leaves an outcome with a reason; where somebody waits for the run's result, he is told that there will be none.
 * I2  A run that holds a singleton writes its id into the cell in the transaction that creates it, and the transaction that ends it
 *     deletes the cell (run/draft.ts).
 *
 * Spec: semantics 3.3, 6.8, 6.12.
 */
import type { ReasonCode } from "@pawl/protocol";
import type { EventRow } from "../event/event-row.ts";
import { refusedEvent } from "../run/lifecycle-events.ts";
import { type ScheduleInput, scheduleRun, skippedRun } from "../run/schedule-run.ts";
import { type FlowPlan, readCell, writeCell } from "./flow-plan.ts";
import { addOutcome } from "./outcome.ts";

/** A run to be started. `events` has at least one. */
export type StartInput = ScheduleInput & {
  /** Cells that the run must hold to exist: its singleton's, its schedule's. */
  readonly singletonKey?: string;
  readonly overlapKey?: string;
};

/** State of a singleton's cell. */
type Holder = { readonly runId: string };

/** Plans a run, or says why there is none. */
export function planStart(plan: FlowPlan, input: StartInput): void {
  const { paused, definition } = input.function;
  if (paused?.mode === "drop") return skip(plan, input, { reason: "function-paused" });
  if (paused?.mode === "drain") return skip(plan, input, { reason: "function-draining" });
  const overlapping = input.overlapKey === undefined ? undefined : readCell<Holder>(plan, input.overlapKey);
  if (overlapping !== undefined) return skip(plan, input, { reason: "schedule-overlap", holder: overlapping.runId });
  const known = input.singletonKey === undefined ? undefined : readCell<Holder>(plan, input.singletonKey);
  const holder = known === undefined || plan.ending.has(known.runId) ? undefined : known;
  if (holder !== undefined && definition.singleton?.mode === "cancel") {
    plan.cancelFirst.add(holder.runId);
    return;
  }
  if (holder !== undefined) return skip(plan, input, { reason: "singleton", holder: holder.runId });
  const holds = [input.overlapKey, input.singletonKey].filter((key) => key !== undefined);
  const run = scheduleRun({ ...input, holds }, plan.ctx);
  plan.changes.push(...run.changes);
  plan.trace.push(run.trace);
  plan.runs.push(run);
  for (const key of holds) writeCell(plan, { key, kind: "singleton", functionId: input.function.id }, { runId: run.state.run.id });
}

/** A run that is not executed is kept as such, so that people find it and can run it again. */
function skip(plan: FlowPlan, input: StartInput, { reason, holder }: { readonly reason: ReasonCode; readonly holder?: string }): void {
  const run = skippedRun(input, { reason, ctx: plan.ctx });
  plan.changes.push({ kind: "insert-run", run });
  for (const event of input.events)
    addOutcome(plan, { event, functionId: input.function.id, reason, ...(holder === undefined ? {} : { detail: holder }) });
  for (const correlationId of input.correlationIds ?? []) {
    const refusal = { correlationId, event: input.events[0] as EventRow, slug: input.function.slug, reason, runId: run.id };
    plan.changes.push({ kind: "insert-event", event: refusedEvent(refusal, plan.ctx) });
  }
}
