/**
 * `Sleep`: one future item and no more.
 *
 * Spec: wire 6.10; semantics 5.1.
 */
import { parseDurationMs, SLEEP_MS_MAX, type WireOp } from "@pawl/protocol";
import { itemIdOf } from "../../queue/item-row.ts";
import { parseInstant } from "../../reply/retry-after.ts";
import { type Draft, failRun, itemOf, putStep, stepOf } from "../draft.ts";
import { optionText, stepOfOp } from "./op-step.ts";

/** Shortest text that can be a date. */
const DATE_CHARS_MIN = 10;

/** Sleeps until the time that the op says; fails the run where that is no time or too far away. */
export function sleep(draft: Draft, op: WireOp): void {
  if (stepOf(draft, op.id) !== undefined) return;
  const text = optionText(op, "duration") ?? op.name ?? "";
  const until = sleepEnd(text, draft.env.ctx.now);
  if (until === undefined) return failRun(draft, badSleep(text));
  if (until - draft.env.ctx.now > SLEEP_MS_MAX) return failRun(draft, tooLong(text));
  const id = itemIdOf.step(draft.run.id, op.id);
  const step = stepOfOp(draft, op, { kind: "sleep", status: "sleeping", itemId: id, until });
  putStep(draft, { ...step, startedAt: draft.env.ctx.now });
  draft.hasProgress = true;
  draft.changes.push({ kind: "insert-item", item: itemOf(draft, { id, kind: "sleep", dueAt: until, stepId: op.id }) });
  draft.trace.push({
    kind: "step-sleeping",
    runId: draft.run.id,
    functionId: draft.run.functionId,
    stepId: op.id,
    stepKind: "sleep",
    name: step.name,
    until,
  });
}

/** When a sleep ends: a date, or a duration from now; the past is now. The Go SDK asks with a negative duration for a date in the past. */
export function sleepEnd(text: string, now: number): number | undefined {
  if (text === "") return now;
  const at = text.length >= DATE_CHARS_MIN ? parseInstant(text) : undefined;
  if (at !== undefined) return Math.max(now, at);
  const isPast = text.startsWith("-");
  const ms = parseDurationMs(isPast ? text.slice(1) : text);
  if (ms === undefined) return undefined;
  return isPast ? now : now + Math.ceil(ms);
}

function badSleep(text: string): Parameters<typeof failRun>[1] {
  const message = `The sleep "${text}" is neither a duration such as "1h30m" nor a date such as "2026-01-31T12:00:00Z".`;
  return { error: "invalid sleep duration", name: "Error", message };
}

function tooLong(text: string): Parameters<typeof failRun>[1] {
  const message = `The sleep "${text}" ends more than one year in the future; sleeps may last at most one year.`;
  return { error: "sleep too long", name: "InngestErrTimeoutTooLong", message };
}
