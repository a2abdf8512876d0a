/**
 * Saving steps in the middle of a call.
 *
 * I1  A step that is stored already is left as it is: the same checkpoint twice is the same as once.
 * I2  A call that has lost its lease saves nothing, so a zombie can't write beside its successor.
 * I3  Progress resets the attempts of the item that is being worked on.
 *
 * Spec: wire 7.3; semantics 12.2.
 */
import { RUN_STATE_BYTES_MAX, STEP_OUTPUT_BYTES_MAX, utf8Bytes, type WireOp } from "@pawl/protocol";
import type { Decision } from "../decision/decision.ts";
import type { ItemRow } from "../queue/item-row.ts";
import { isStartLane } from "../queue/lane.ts";
import { decisionOf, draftOf, isEnded, type RunEnvironment, type RunLimits } from "./draft.ts";
import { noteStart } from "./decide-reply.ts";
import { applyDone } from "./op/apply-op.ts";
import type { RunState } from "./run-state.ts";

export type CheckpointInput = {
  readonly ops: readonly WireOp[];
  /** The item whose call sends it. */
  readonly item: ItemRow;
  /** The lease under which the call was made; absent where the app doesn't know it. */
  readonly generation?: number;
  readonly startedAt: number;
};

export type CheckpointDecision =
  | { readonly kind: "save"; readonly decision: Decision }
  | { readonly kind: "refused"; readonly code: "run-ended" | "async-op" | "other-op" | "too-large"; readonly message: string };

const SYNC_OPS: ReadonlySet<string> = new Set(["StepRun", "Step", "StepPlanned", "DeferAdd", "DeferAbort"]);
const ASYNC_OPS: ReadonlySet<string> = new Set([
  "Sleep",
  "WaitForEvent",
  "InvokeFunction",
  "WaitForSignal",
  "AIGateway",
  "Gateway",
  "DiscoveryRequest",
]);

/** Decides a checkpoint: all of its steps, or none. */
export function decideCheckpoint(state: RunState, input: CheckpointInput, env: RunEnvironment): CheckpointDecision {
  const draft = draftOf(state, env);
  if (isEnded(draft)) return { kind: "refused", code: "run-ended", message: `run ${state.run.id} has ended` };
  const wrong = input.ops.find(({ op }) => !SYNC_OPS.has(op));
  if (wrong !== undefined && ASYNC_OPS.has(wrong.op))
    return { kind: "refused", code: "async-op", message: "cannot checkpoint async steps" };
  if (wrong !== undefined) return { kind: "refused", code: "other-op", message: `cannot checkpoint opcode: ${wrong.op}` };
  const size = outputsTooLarge(input.ops, state.run.stateBytes, env.limits);
  if (size !== undefined) return { kind: "refused", code: "too-large", message: size };
  if (input.generation !== undefined) draft.guards.push({ kind: "item-leased", itemId: input.item.id, generation: input.generation });
  noteStart(draft, input.startedAt);
  applyDone(draft, input.ops, input);
  // The attempts begin anew, and a run that has started is not among those that wait for their start any more.
  if (input.item.attempt > 0 || isStartLane(input.item.lane))
    draft.changes.push({ kind: "amend-item", item: { ...input.item, lane: draft.run.lane, attempt: 0 } });
  // The call goes on: it will find what is next by itself.
  draft.discoveryAt = undefined;
  return { kind: "save", decision: decisionOf(draft, { id: input.item.id, keep: true }) };
}

/** Why the outputs don't fit; undefined where they do. Sizes are those of the JSON as it came, and so nearly those of what is stored. */
export function outputsTooLarge(
  ops: readonly WireOp[],
  stateBytes: number,
  { stateBytesMax = RUN_STATE_BYTES_MAX }: RunLimits = {},
): string | undefined {
  let total = stateBytes;
  for (const op of ops) {
    const size = utf8Bytes(JSON.stringify(op.data ?? null));
    if (size > STEP_OUTPUT_BYTES_MAX)
      return `The output of step ${op.displayName ?? op.id} has ${size} bytes; at most ${STEP_OUTPUT_BYTES_MAX} can be stored.`;
    total += size;
  }
  return total > stateBytesMax ? `The function run exceeded the state size limit of ${stateBytesMax} bytes.` : undefined;
}
