/**
 * Batches: each event that is collected is in exactly one run, in the order of arrival, with at most as many as allowed, and within time;
 * each other event has a run of its own.
 */
import type { EventOutcome, RunRow } from "@pawl/engine";
import { keyOf } from "../app/flow-options.ts";
import { isClean } from "../world/scenario.ts";
import { ofKind, type CheckContext, type Checker, type Commit } from "./checker.ts";
import { isCollected, isRefusedByPause, pairOf } from "./event-facts.ts";
import { latenessMs } from "./lateness.ts";

type Batch = {
  readonly id: string;
  readonly key: string;
  readonly sizeMax: number;
  readonly events: string[];
  /** When it should become a run. */
  dueAt: number;
  isOver: boolean;
};

type State = {
  readonly batches: Map<string, Batch>;
  /** The batch that an event is in, by event and function. */
  readonly ofPair: Map<string, Batch>;
  /** The batch that was begun last, by key. */
  readonly newest: Map<string, Batch>;
};

/** Makes the checker. */
export function checkBatches(context: CheckContext): Checker {
  const state: State = { batches: new Map(), ofPair: new Map(), newest: new Map() };
  return {
    committing: (commit) => {
      // Its function has gone meanwhile.
      for (const { outcome } of ofKind(commit.changeSet, "insert-event-outcome"))
        if (outcome.reason === "function-archived") for (const batch of gone(state, outcome)) batch.isOver = true;
      for (const { batchEvent } of ofKind(commit.changeSet, "insert-batch-event")) add(context, { state, commit, ...batchEvent });
      for (const { run } of ofKind(commit.changeSet, "insert-run")) end(context, { state, commit, run });
    },
    ended: () => {
      for (const { id, isOver } of state.batches.values()) if (!isOver) context.report(`the batch ${id} never becomes a run`);
    },
  };
}

function gone({ ofPair }: State, outcome: EventOutcome): readonly Batch[] {
  const batch = ofPair.get(pairOf(outcome));
  return batch === undefined ? [] : [batch];
}

type Added = { readonly state: State; readonly commit: Commit; readonly batchId: string; readonly eventId: string };

function add(context: CheckContext, { state, commit, batchId, eventId }: Added): void {
  const { mirror, programs, report } = context;
  const outcome = ofKind(commit.changeSet, "insert-event-outcome").find(
    (change) =>
      change.outcome.eventId === eventId && change.outcome.reason === "batched" && change.outcome.detail?.includes(batchId) === true,
  )?.outcome;
  const options = programs.get(outcome?.functionId ?? "")?.flow.batch;
  const event = mirror.events.get(eventId);
  if (outcome === undefined || options === undefined || event === undefined)
    return report(`event ${eventId} is put into the batch ${batchId} without a word`);
  if (!isTaken(context, { functionId: outcome.functionId, eventId })) report(`event ${eventId} is batched, but its condition is false`);
  const key = `${outcome.functionId} for ${keyOf(options, event.data) ?? "none"}`;
  const before = state.newest.get(key);
  const known = state.batches.get(batchId);
  const batch = known ?? { id: batchId, key, sizeMax: options.sizeMax, events: [], dueAt: outcome.at + options.timeoutMs, isOver: false };
  if (known === undefined && before !== undefined && before.events.length < before.sizeMax && !before.isOver)
    report(`the batch ${batchId} begins although ${before.id} has room`);
  if (batch.key !== key) report(`event ${eventId} of ${key} is in a batch of ${batch.key}`);
  if (batch.isOver) report(`event ${eventId} is put into the batch ${batchId}, which is over`);
  if (state.ofPair.has(pairOf(outcome))) report(`event ${eventId} is batched twice by ${outcome.functionId}`);
  batch.events.push(eventId);
  if (batch.events.length > batch.sizeMax) report(`the batch ${batchId} has more than ${batch.sizeMax} events`);
  if (batch.events.length === batch.sizeMax) batch.dueAt = outcome.at;
  state.batches.set(batchId, batch);
  state.newest.set(key, batch);
  state.ofPair.set(pairOf(outcome), batch);
}

function end(
  context: CheckContext,
  { state, commit: { at }, run }: { readonly state: State; readonly commit: Commit; readonly run: RunRow },
): void {
  const { programs, scenario, report } = context;
  const { functionId, eventIds, rerunOf, queuedAt, id } = run;
  if (programs.get(functionId)?.flow.batch === undefined || rerunOf !== undefined) return;
  const [eventId = ""] = eventIds;
  const batch = state.ofPair.get(pairOf({ eventId, functionId }));
  if (batch === undefined) {
    if (eventIds.length > 1) report(`run ${id} has ${eventIds.length} events, which were not collected`);
    if (isTaken(context, { functionId, eventId }) && !isRefusedByPause(run))
      report(`event ${eventId} has run ${id} for itself, but should be batched`);
    return;
  }
  if (batch.events.join() !== eventIds.join())
    report(`the batch ${batch.id} of ${batch.events.join()} became run ${id} with ${eventIds.join()}`);
  if (batch.isOver) report(`the batch ${batch.id} becomes a second run`);
  batch.isOver = true;
  if (at < batch.dueAt) report(`the batch ${batch.id} ended ${batch.dueAt - at} ms early`);
  if (isClean(scenario) && queuedAt > batch.dueAt + latenessMs(scenario))
    report(`the batch ${batch.id} ended ${queuedAt - batch.dueAt} ms late`);
}

function isTaken({ mirror, programs }: CheckContext, { functionId, eventId }: Pick<EventOutcome, "functionId" | "eventId">): boolean {
  const program = programs.get(functionId);
  const event = mirror.events.get(eventId);
  return program !== undefined && event !== undefined && isCollected(event, program);
}
