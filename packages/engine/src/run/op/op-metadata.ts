/** Metadata that comes along with an op. What breaks a limit is left out, and never fails a run. Spec: wire 13.4. */
import { METADATA_UPDATE_BYTES_MAX, type WireOp } from "@pawl/protocol";
import type { Draft } from "../draft.ts";
import { isRecord } from "../../json.ts";
import { metadataBytes, metadataRow, readMetadata } from "../metadata.ts";

/** Stores an op's metadata: with the run or with its step, as it says. */
export function noteMetadata(draft: Draft, op: WireOp): void {
  const updates: unknown = op.metadata;
  // An op of nothing is of no step, and needs no id.
  if (op.op === "None" || !Array.isArray(updates)) return;
  for (const [index, raw] of (updates as readonly unknown[]).entries()) {
    if (!isRecord(raw)) continue;
    const update = readMetadata(raw);
    if (typeof update === "string" || metadataBytes(update.values) > METADATA_UPDATE_BYTES_MAX) continue;
    const stepId = raw["scope"] === "run" ? "" : op.id;
    const place = { runId: draft.run.id, stepId, source: `${op.id}/${String(index)}`, now: draft.env.ctx.now };
    draft.changes.push({ kind: "put-metadata", metadata: metadataRow(update, place) });
  }
}
