/**
 * `DeferAdd` and `DeferAbort`: functions to be started when the run has ended.
 *
 * I1  The first word about an id counts: it is never taken anew, nor revived after an abort.
 * I2  What breaks a limit is noted as rejected, with the reason, and never fails the run.
 *
 * Spec: wire 6.19, 8.7; semantics 12.4.
 */
import {
  canonicalJson,
  DEFER_INPUT_BYTES_MAX,
  DEFER_META_BYTES_MAX,
  DEFERS_PER_RUN_MAX,
  isOverBytes,
  utf8Bytes,
  type WireOp,
} from "@pawl/protocol";
import { allDefers } from "../defer-events.ts";
import type { DeferRow } from "../defer-row.ts";
import type { Draft } from "../draft.ts";
import { optionText } from "./op-step.ts";
import { isRecord } from "../../json.ts";

/** Notes a function to be started. */
export function addDefer(draft: Draft, op: WireOp): void {
  if (deferOf(draft, op.id) !== undefined) return;
  const { input, problem } = readDefer(draft, op);
  put(draft, {
    runId: draft.run.id,
    id: op.id,
    slug: optionText(op, "fn_slug") ?? "",
    input: problem === undefined ? input : "{}",
    status: problem === undefined ? "after-run" : "rejected",
    createdAt: draft.env.ctx.now,
    ...(problem === undefined ? {} : { reason: problem }),
  });
}

/** Takes one back that has not been started; nothing where it is unknown or no longer live. */
export function abortDefer(draft: Draft, op: WireOp): void {
  const defer = deferOf(draft, optionText(op, "target_hashed_id") ?? "");
  if (defer?.status === "after-run") put(draft, { ...defer, status: "aborted" });
}

function readDefer(draft: Draft, op: WireOp): { readonly input: string; readonly problem?: string } {
  const { input = {}, meta: given } = op.opts ?? {};
  const meta = given ?? {};
  if (optionText(op, "fn_slug") === undefined || !isRecord(input) || !isRecord(meta)) return { input: "{}", problem: "invalid_opts" };
  const all = [...allDefers(draft)];
  if (all.length >= DEFERS_PER_RUN_MAX) return { input: "{}", problem: "per_run_count" };
  const text = canonicalJson(input);
  if (isOverBytes(text, DEFER_INPUT_BYTES_MAX) || isOverBytes(canonicalJson(meta), DEFER_META_BYTES_MAX))
    return { input: "{}", problem: "per_defer_size" };
  const total = all.reduce((bytes, defer) => bytes + utf8Bytes(defer.input), utf8Bytes(text));
  return total > DEFER_INPUT_BYTES_MAX ? { input: "{}", problem: "aggregate_size" } : { input: text };
}

function put(draft: Draft, defer: DeferRow): void {
  draft.defers.set(defer.id, defer);
  draft.changes.push({ kind: "put-defer", defer });
}

function deferOf(draft: Draft, id: string): DeferRow | undefined {
  return draft.defers.get(id) ?? draft.state.defers.get(id);
}
