/** `RunComplete`: the function returned, and says so by an op. Spec: wire 6.16. */
import { canonicalJson, type WireOp } from "@pawl/protocol";
import { type Draft, endRun } from "../draft.ts";

/** Ends the run with the op's data as its output. */
export function endOfRun(draft: Draft, op: WireOp): void {
  endRun(draft, { status: "COMPLETED", output: canonicalJson(op.data ?? null) });
}
