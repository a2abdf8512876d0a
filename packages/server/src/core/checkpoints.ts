/**
 * Steps that an app saves in the middle of a call.
 *
 * Spec: wire 7.3; semantics 12.2. Departure: a checkpoint of a call that has lost its lease is refused at once and always (409), not only
 * after ten seconds and not only on request: it costs nothing, and a zombie that writes beside its successor helps nobody.
 */
import { type CheckpointDecision, decideCheckpoint, type ItemRow } from "@pawl/engine";
import type { WireOp } from "@pawl/protocol";
import type { Clock } from "../ports/clock.ts";
import type { HandedOver } from "../ports/handed-over.ts";
import { type CallInProgress, type Executor, isStillTrue } from "./executor.ts";
import type { Runs } from "./runs.ts";

export type CheckpointRequest = {
  readonly runId: string;
  /** Queue item whose call sends it: `ctx.qi_id`. */
  readonly itemId: string;
  readonly generation?: number;
  readonly ops: readonly WireOp[];
};

export type CheckpointResult =
  | { readonly kind: "saved" }
  | { readonly kind: "no-run" }
  | { readonly kind: "stale" }
  | Extract<CheckpointDecision, { kind: "refused" }>;

export type CheckpointOptions = {
  readonly clock: Clock;
  readonly runs: Runs;
  readonly executor: Executor;
  readonly currentItem: (item: ItemRow) => ItemRow;
  readonly handedOver?: HandedOver | undefined;
};

/** Saves steps. Resolves when they are durable. */
export async function saveCheckpoint(request: CheckpointRequest, options: CheckpointOptions): Promise<CheckpointResult> {
  const { executor, handedOver } = options;
  if (executor.callOf(request.itemId) === undefined && handedOver?.has(request.itemId, request.generation) === true)
    await handedOver.called(request.itemId);
  const call = executor.callOf(request.itemId);
  if (call === undefined || !isOf(call, request, handedOver)) {
    const state = await options.runs.get(request.runId);
    return state === undefined ? { kind: "no-run" } : { kind: "stale" };
  }
  let refused: Extract<CheckpointDecision, { kind: "refused" }> | undefined;
  let isMisled = false;
  const decided = await options.runs.decide(request.runId, (state, env) => {
    isMisled = !isStillTrue(call.told, state);
    refused = undefined;
    if (isMisled) return undefined;
    const input = { ops: request.ops, item: options.currentItem(call.item), generation: call.generation, startedAt: call.startedAt };
    const result = decideCheckpoint(state, input, env);
    if (result.kind === "save") return result.decision;
    refused = result;
    return undefined;
  });
  if (isMisled) return { kind: "stale" };
  if (refused !== undefined) return refused.code === "run-ended" ? { kind: "stale" } : refused;
  if (decided.kind === "no-run") return { kind: "no-run" };
  return decided.kind === "stale" ? { kind: "stale" } : { kind: "saved" };
}

/** Whether a call is the one that the request is of, or goes on with it: its worker had it before the server was restarted. */
function isOf({ generation }: CallInProgress, request: CheckpointRequest, handedOver: HandedOver | undefined): boolean {
  if (request.generation === undefined || request.generation === generation) return true;
  return handedOver?.has(request.itemId, request.generation) === true;
}
