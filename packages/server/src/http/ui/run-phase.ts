/**
 * What a run is doing right now, and why it stands still.
 *
 * I1  A run with parallel branches takes the most urgent phase: retrying, running, held, waiting, queued.
 * I2  Every item that does not move has a reason out of the catalogue.
 *
 * Spec: dashboard 3.2, 3.5.
 */
import { callsApp, gateValueOf, slotMeaning, type Slot } from "@pawl/engine";
import { type ReasonCode, REASONS, type RunPhase, type UiReason } from "@pawl/protocol";
import { workerHoldOf } from "../../core/worker-slots.ts";
import { given } from "../../json.ts";
import type { ItemFact, RunFacts } from "./run-facts.ts";
import { awaitedEvents, stepOptions } from "./step-options.ts";
import { firstLine, parseError } from "./stored-json.ts";

export type Position = { readonly phase: RunPhase; readonly reason?: UiReason };

const URGENCY: readonly RunPhase[] = ["retrying", "running", "held", "waiting", "queued"];

const ENDED = { COMPLETED: "completed", FAILED: "failed", CANCELLED: "cancelled", SKIPPED: "skipped" } as const;

/** Phase and reason of a run (I1). */
export function positionOfRun(facts: RunFacts): Position {
  const { status } = facts.run;
  if (status !== "QUEUED" && status !== "RUNNING") return { phase: ENDED[status], ...skipReasonOf(facts) };
  const positions = facts.items.filter(({ item }) => item.kind !== "run-timeout").map((fact) => positionOfItem(fact, facts));
  const [first] = positions.toSorted((a, b) => URGENCY.indexOf(a.phase) - URGENCY.indexOf(b.phase) || untilOf(a) - untilOf(b));
  return first ?? { phase: status === "QUEUED" ? "queued" : "running" };
}

function skipReasonOf({ run: { skipReason, queuedAt } }: RunFacts): { readonly reason?: UiReason } {
  return skipReason === undefined ? {} : { reason: { code: skipReason, text: REASONS[skipReason], since: queuedAt } };
}

/** Phase and reason of one queue item of a living run. */
export function positionOfItem(fact: ItemFact, facts: RunFacts): Position {
  const { item, calledAt, hold } = fact;
  if (!callsApp(item)) return { phase: "waiting", reason: waitReason(fact, facts) };
  if (calledAt !== undefined) return { phase: "running", reason: { code: "in-progress", text: REASONS["in-progress"], since: calledAt } };
  if (item.dueAt > facts.now) return item.attempt > 0 ? { phase: "retrying", reason: retryReason(fact, facts) } : delayed(fact, facts);
  if (hold !== undefined) return { phase: hold.kind === "paused" ? "paused" : "held", reason: holdReason(fact, facts) };
  const phase = facts.run.status === "RUNNING" ? "running" : "queued";
  return { phase, reason: { code: "waiting-for-worker", text: REASONS["waiting-for-worker"], since: item.dueAt } };
}

/** A first attempt that is due later: the event lies in the future, or parallel steps are waited for a few milliseconds. */
function delayed({ item }: ItemFact, { run }: RunFacts): Position {
  if (item.kind !== "start") return { phase: "running" };
  return {
    phase: "queued",
    reason: { code: "start-delayed", text: REASONS["start-delayed"], since: run.queuedAt, until: item.dueAt },
  };
}

function waitReason({ item, step }: ItemFact, { run }: RunFacts): UiReason {
  const { code, text } = waitWords(step);
  return { code, text, since: step?.startedAt ?? step?.queuedAt ?? run.startedAt ?? run.queuedAt, until: item.dueAt };
}

function waitWords(step: ItemFact["step"]): { readonly code: ReasonCode; readonly text: string } {
  const { signal, function_id: target } = stepOptions(step);
  switch (step?.kind) {
    case "wait-for-event":
      return words("waiting-for-event", waitText(awaitedEvents(step)));
    case "wait-for-signal":
      return words("waiting-for-signal", signal === undefined ? undefined : `Waiting for the signal ${signal}, or for the timeout.`);
    case "invoke":
      return words("waiting-for-invoke", target === undefined ? undefined : `Waiting for ${target} to finish, or for the timeout.`);
    default:
      return words("sleeping", undefined);
  }
}

function waitText(events: readonly string[]): string | undefined {
  const [event] = events;
  if (event === undefined) return undefined;
  return `Waiting for ${events.length === 1 ? `the event ${event}` : `the first of the events ${events.join(", ")}`}, or for the timeout.`;
}

function words(code: ReasonCode, text: string | undefined): { readonly code: ReasonCode; readonly text: string } {
  return { code, text: text ?? REASONS[code] };
}

function retryReason({ item }: ItemFact, { attempts, run }: RunFacts): UiReason {
  const stepId = item.stepId ?? "function";
  const last = attempts.findLast((row) => row.stepId === stepId) ?? attempts.at(-1);
  const isUnreachable = last !== undefined && parseError(last.error).technical === "http_unreachable";
  const plan = `attempt ${item.attempt + 1} of ${item.attemptsMax} is scheduled`;
  const error = last === undefined ? undefined : parseError(last.error);
  const text = isUnreachable
    ? `The app can't be reached; ${plan}.`
    : `The last attempt failed${error === undefined ? "" : ` (${error.name}: ${firstLine(error.message)})`}; ${plan}.`;
  return {
    code: isUnreachable ? "app-unreachable" : "retrying",
    text,
    since: last?.endedAt ?? run.startedAt ?? run.queuedAt,
    until: item.dueAt,
  };
}

/** Which limit holds, for which key, who holds it, and when it can go. */
function holdReason({ item, hold, holders }: ItemFact, facts: RunFacts): UiReason {
  const since = item.dueAt;
  switch (hold?.kind) {
    case "slot": {
      const ofWorkers = workerHoldOf(hold.slot);
      if (ofWorkers !== undefined) return { code: ofWorkers, text: REASONS[ofWorkers], since };
      return { code: "concurrency-limit", text: slotText(hold.slot, facts), since, ...given("holders", holders) };
    }
    case "run-slot":
      return { code: "run-concurrency-limit", text: runSlotText(hold.slot), since, ...given("holders", holders) };
    case "throttle": {
      const value = gateValueOf(hold.key);
      const whose = value === undefined ? "" : ` for the key ${value}`;
      return { code: "throttle", text: `Held by the throttle${whose}; the next run may start then.`, since, until: hold.until };
    }
    case "paused":
      return { code: "held-by-pause", text: REASONS["held-by-pause"], since: Math.max(since, hold.since) };
    default:
      return { code: "waiting-for-worker", text: REASONS["waiting-for-worker"], since };
  }
}

function runSlotText({ key, limit }: Slot): string {
  const value = gateValueOf(key);
  const runs = limit === 1 ? "the one run that may be is" : `all ${String(limit)} runs that may be are`;
  return `Held by the limit on runs${value === undefined ? "" : ` for the key ${value}`}: ${runs} under way.`;
}

function slotText(hold: Slot, { function: row }: RunFacts): string {
  const meaning = row === undefined ? undefined : slotMeaning(hold.key, row.definition);
  const whose = meaning?.keyExpression === undefined ? "of the function" : `for ${meaning.keyExpression} = ${meaning.value ?? ""}`;
  const where = meaning === undefined || meaning.scope === "fn" ? "" : ` across the ${meaning.scope === "env" ? "environment" : "account"}`;
  return `Held by the concurrency limit ${whose}${where}: ${hold.limit === 1 ? "its only slot is" : `all ${hold.limit} slots are`} in use.`;
}

function untilOf({ reason }: Position): number {
  return reason?.until ?? reason?.since ?? Infinity;
}

/** The reason alone, for a span. */
export function reasonOfItem(fact: ItemFact | undefined, facts: RunFacts): { readonly reason?: UiReason } {
  return fact === undefined ? {} : given("reason", positionOfItem(fact, facts).reason);
}
