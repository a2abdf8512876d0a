/** What one op of an answer does. One function per opcode; the rules stand with them. Spec: wire 6; semantics 4.4, 5. */
import type { WireOp } from "@pawl/protocol";
import { assertNever } from "../../decision/invariant.ts";
import type { Reply } from "../../reply/reply.ts";
import { type Draft, discoverNow } from "../draft.ts";
import type { ReplyInput } from "../decide-reply.ts";
import { abortDefer, addDefer } from "./defer.ts";
import { noteMetadata } from "./op-metadata.ts";
import { endOfRun } from "./run-complete.ts";
import { finishedStep, failedStep, type OpOrigin, stepError, stepPlanned } from "./step-run.ts";
import { planGateway } from "./gateway.ts";
import { invokeFunction } from "./invoke.ts";
import { sleep } from "./sleep.ts";
import { waitForEvent, waitForSignal } from "./wait.ts";

export type OpContext = ReplyInput & {
  readonly reply: Extract<Reply, { kind: "ops" }>;
  /** Set by a step error that leaves attempts: the item is scheduled again and stays. */
  isRetrying: boolean;
};

/** Applies what was done in a call that goes on, or has failed: finished steps, and what rides along with them. Other ops do nothing. */
export function applyDone(draft: Draft, ops: readonly WireOp[], origin: OpOrigin): void {
  for (const op of ops) {
    if (op.metadata !== undefined) noteMetadata(draft, op);
    if (op.op === "StepRun" || op.op === "Step") finishedStep(draft, op, origin);
    else if (op.op === "DeferAdd") addDefer(draft, op);
    else if (op.op === "DeferAbort") abortDefer(draft, op);
  }
}

/** Applies one op. */
export function applyOp(draft: Draft, op: WireOp, context: OpContext): void {
  if (op.metadata !== undefined) noteMetadata(draft, op);
  switch (op.op) {
    case "None":
      return;
    case "StepRun":
    case "Step":
      return finishedStep(draft, op, context);
    case "StepFailed":
      return failedStep(draft, op, context);
    case "StepError":
      return stepError(draft, op, context);
    case "StepPlanned":
      return stepPlanned(draft, op);
    case "Sleep":
      return sleep(draft, op);
    case "WaitForEvent":
      return waitForEvent(draft, op);
    case "WaitForSignal":
      return waitForSignal(draft, op, context);
    case "InvokeFunction":
      return invokeFunction(draft, op);
    case "RunComplete":
    case "SyncRunComplete":
      return endOfRun(draft, op);
    case "DeferAdd":
      return addDefer(draft, op);
    case "DeferAbort":
      return abortDefer(draft, op);
    case "DiscoveryRequest":
      draft.hasProgress = true;
      return discoverNow(draft);
    case "AIGateway":
    case "Gateway":
      return planGateway(draft, op);
    default:
      return assertNever(op.op);
  }
}
