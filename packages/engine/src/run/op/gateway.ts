/** `Gateway` and `AIGateway`: the server makes an HTTP request for the step. Spec: wire 6.13, 6.14. */
import type { WireOp } from "@pawl/protocol";
import { itemIdOf } from "../../queue/item-row.ts";
import { retriesOfStep } from "../../registration/parse-retry.ts";
import { type Draft, itemOf, putStep, stepOf } from "../draft.ts";
import { stepOfOp } from "./op-step.ts";

/** Plans the request: an item of its own, so that it takes a worker and the function's slots, and is retried by itself. */
export function planGateway(draft: Draft, op: WireOp): void {
  if (stepOf(draft, op.id) !== undefined) return;
  const id = itemIdOf.step(draft.run.id, op.id);
  const kind = op.op === "AIGateway" ? "ai-gateway" : "gateway";
  const step = stepOfOp(draft, op, { kind, status: "planned", itemId: id });
  putStep(draft, step);
  draft.hasProgress = true;
  const item = itemOf(draft, { id, kind: "gateway", dueAt: draft.env.ctx.now, stepId: op.id });
  const { attempts } = retriesOfStep(op.opts?.["retry"]);
  draft.changes.push({ kind: "insert-item", item: attempts === undefined ? item : { ...item, attemptsMax: attempts + 1 } });
  const { id: runId, functionId } = draft.run;
  draft.trace.push({ kind: "step-planned", runId, functionId, stepId: op.id, stepKind: kind, name: step.name });
}
