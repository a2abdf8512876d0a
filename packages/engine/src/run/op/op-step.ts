/** Reading an op into a step. */
import { canonicalJson, type StepKind, type WireOp } from "@pawl/protocol";
import type { ParallelMode, StepRow } from "../../step/step-row.ts";
import type { Draft } from "../draft.ts";
import { stepOf } from "../draft.ts";

const STEP_NAME_CHARS_MAX = 256;
const NANOS_PER_MS = 1_000_000;
const CLOCK_AHEAD_MS_MAX = 86_400_000;

/** The step that an op is about, as known, or new. */
export function stepOfOp(
  draft: Draft,
  op: WireOp,
  fresh: Pick<StepRow, "kind" | "status" | "itemId"> & { readonly until?: number },
): StepRow {
  const known = stepOf(draft, op.id);
  return {
    ...(known ?? { queuedAt: draft.env.ctx.now, attempt: 0 }),
    ...fresh,
    runId: draft.run.id,
    id: op.id,
    name: (op.displayName ?? op.name ?? op.id).slice(0, STEP_NAME_CHARS_MAX),
    mode: modeOf(op),
    ...(typeof op.userland?.id !== "string" ? {} : { userlandId: op.userland.id }),
    ...(typeof op.userland?.index !== "number" ? {} : { userlandIndex: op.userland.index }),
    ...(isEmpty(op.opts) ? {} : { options: canonicalJson(op.opts) }),
  };
}

/** Text of an option; undefined where it is absent, empty or of another type. */
export function optionText(op: WireOp, key: string): string | undefined {
  const value = op.opts?.[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Kind of a step that ran in the app, by the sub-kind that the SDK notes. */
export function runKindOf(op: WireOp): StepKind {
  return op.opts?.["type"] === "step.sendEvent" ? "send-event" : "run";
}

/**
 * Start and end of the step's body as the app measured them, in whole milliseconds; nothing where they make no sense. Apps' clocks
 * differ from ours, so anything up to a day ahead is believed.
 */
export function timesOf(op: WireOp, now: number): { readonly startedAt?: number; readonly endedAt?: number } {
  const { a, b } = op.timing ?? { a: 0, b: 0 };
  if (typeof a !== "number" || typeof b !== "number") return {};
  const startedAt = Math.floor(a / NANOS_PER_MS);
  const endedAt = Math.floor((a + b) / NANOS_PER_MS);
  return startedAt > 0 && endedAt >= startedAt && endedAt < now + CLOCK_AHEAD_MS_MAX ? { startedAt, endedAt } : {};
}

function modeOf(op: WireOp): ParallelMode {
  const mode = op.opts?.["parallelMode"];
  return typeof mode === "string" && mode.toLowerCase() === "race" ? "race" : "wait";
}

function isEmpty(opts: WireOp["opts"]): boolean {
  return opts === undefined || opts === null || Object.keys(opts).length === 0;
}
