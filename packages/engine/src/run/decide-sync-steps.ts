/**
 * What an app reports about a run that it started itself.
 *
 * I1  All of a report is stored, or none of it and the app is told why.
 * I2  The same report twice is the same as once, also after the run has ended.
 * I3  With the first op that can't be done within the app's request, or its failure, the server takes over: the item that waits for the app
 *     is deleted in the same decision that makes the next one.
 *
 * Spec: wire 7.5; semantics 12.5. Departure: errors are refused, not swallowed.
 */
import { canonicalJson, isLazyOpcode, type WireOp } from "@pawl/protocol";
import type { Change } from "../change/change.ts";
import type { Decision } from "../decision/decision.ts";
import { itemIdOf } from "../queue/item-row.ts";
import { endpointReply, isHandlerError } from "../reply/endpoint-reply.ts";
import type { Reply } from "../reply/reply.ts";
import { isFinished } from "../step/step-row.ts";
import { outputsTooLarge } from "./decide-checkpoint.ts";
import { takeReply } from "./decide-reply.ts";
import { type Draft, decisionOf, discoverNow, draftOf, isEnded, itemOf, type RunEnvironment } from "./draft.ts";
import { optionText } from "./op/op-step.ts";
import { outputOf } from "./op/run-complete.ts";
import { SIGNAL_CONFLICT } from "./op/wait.ts";
import type { RunState } from "./run-state.ts";
import { isSyncRun } from "./sync-run.ts";

export type SyncStepsInput = {
  readonly ops: readonly WireOp[];
  /** The server's constant retry delay, where one is set. */
  readonly retryIntervalMs?: number;
  /** Runs that hold a signal that the report waits for, by signal. */
  readonly signalHolders?: ReadonlyMap<string, string>;
};

export type SyncStepsDecision =
  | { readonly kind: "save"; readonly decision: Decision }
  /** All of it is stored already. */
  | { readonly kind: "known" }
  | { readonly kind: "refused"; readonly code: "not-sync" | "too-large"; readonly message: string };

const DONE_OPS: ReadonlySet<string> = new Set(["None", "Step", "StepRun", "RunComplete", "SyncRunComplete"]);

const SIGNAL_CONFLICT_TEXT = JSON.stringify(SIGNAL_CONFLICT);

/** After these the app has to be asked what it makes of them. */
const ASKING_OPS: ReadonlySet<string> = new Set(["StepFailed", "StepError", "DiscoveryRequest"]);

/** Decides a report of steps. */
export function decideSyncSteps(state: RunState, input: SyncStepsInput, env: RunEnvironment): SyncStepsDecision {
  if (!isSyncRun(state, env.function)) {
    if (input.ops.every((op) => isKnown(state, op))) return { kind: "known" };
    const message = `Run ${state.run.id} is not in the hands of its endpoint any more: ${state.run.endedAt === undefined ? "the server has taken it over" : "it has ended"}.`;
    return { kind: "refused", code: "not-sync", message };
  }
  const size = outputsTooLarge(input.ops, state.run.stateBytes, env.limits);
  if (size !== undefined) return { kind: "refused", code: "too-large", message: size };
  if (input.ops.length === 0) return { kind: "known" };
  const draft = draftOf(state, env);
  const isAsync = input.ops.some(({ op }) => !DONE_OPS.has(op) && !isLazyOpcode(op));
  return { kind: "save", decision: isAsync ? takeOver(draft, input) : stay(draft, input) };
}

/** The app goes on with its request. */
function stay(draft: Draft, input: SyncStepsInput): Decision {
  take(draft, { input, reply: opsOf(input.ops, -1) });
  // The app finds what is next by itself.
  draft.discoveryAt = undefined;
  return decisionOf(draft);
}

/** The server calls the app from now on (I3). */
function takeOver(draft: Draft, input: SyncStepsInput): Decision {
  const requestVersion = draft.env.function.definition.endpoint?.requestVersion ?? 0;
  draft.run = { ...draft.run, requestVersion };
  const reply = endpointReply(opsOf(input.ops, requestVersion));
  const isRetrying = take(draft, { input, reply });
  // A retry asks again by itself, after its delay; and what the app has done it knows, so only what it waits for asks again.
  const isWaiting = draft.unfinished.size > 0 && !input.ops.some(({ op }) => ASKING_OPS.has(op));
  if (isRetrying || isWaiting) draft.discoveryAt = undefined;
  else if (!isEnded(draft) && draft.unfinished.size === 0) discoverNow(draft);
  return decisionOf(draft, { id: itemIdOf.timeout(draft.run.id, "sync"), keep: false });
}

/** Applies the report as the answer to a call whose item does not exist: a retry inserts it. True for a retry. */
function take(draft: Draft, { input, reply }: { readonly input: SyncStepsInput; readonly reply: Reply }): boolean {
  const item = firstItem(draft);
  const { ops: _, ...rest } = input;
  const isRetrying = takeReply(draft, { ...rest, item, generation: 0, reply, startedAt: draft.env.ctx.now });
  const changes = draft.changes.map((change): Change =>
    change.kind === "reschedule-item" && change.item.id === item.id ? { kind: "insert-item", item: change.item } : change,
  );
  draft.changes.splice(0, draft.changes.length, ...changes);
  return isRetrying;
}

/** The app's own request counts as the first attempt of this item. */
function firstItem(draft: Draft): ReturnType<typeof itemOf> {
  return itemOf(draft, { id: itemIdOf.discovery(draft.run.id, 0), kind: "discovery", dueAt: draft.env.ctx.now });
}

function opsOf(ops: readonly WireOp[], requestVersion: number): Reply {
  return { kind: "ops", ops, requestVersion, noRetry: false };
}

/**
 * Whether what an op tells is in the state already (I2). A request to go on, and a failure of the handler, tell nothing that outlives their
 * run; a conflict about a signal has ended the run instead of what comes with it.
 */
function isKnown({ run, steps, defers }: RunState, op: WireOp): boolean {
  if (op.op === "RunComplete" || op.op === "SyncRunComplete") return run.output === canonicalJson(outputOf(op));
  if (op.op === "None" || op.op === "DiscoveryRequest" || isHandlerError(op)) return true;
  if (op.op === "DeferAbort") return defers.get(optionText(op, "target_hashed_id") ?? "")?.status !== "after-run";
  if (isLazyOpcode(op.op)) return defers.has(op.id);
  const step = steps.get(op.id);
  if (op.op === "StepRun" || op.op === "Step") return step !== undefined && isFinished(step);
  return step !== undefined || run.error === SIGNAL_CONFLICT_TEXT;
}
