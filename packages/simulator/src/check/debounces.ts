/**
 * Debounces: exactly one run for each time that events come close together, with the newest of them, when they have ceased; no event is
 * lost without a word.
 */
import { keyOf } from "../app/flow-options.ts";
import type { Program } from "../app/program.ts";
import { isClean } from "../world/scenario.ts";
import type { EventOutcome, RunRow } from "@pawl/engine";
import { ofKind, type CheckContext, type Checker, type Commit } from "./checker.ts";
import { isRefusedByPause } from "./event-facts.ts";
import { latenessMs } from "./lateness.ts";

type Held = { readonly eventId: string; readonly ts: number; readonly firstAt: number; readonly dueAt: number };

/** Makes the checker. */
export function checkDebounces(context: CheckContext): Checker {
  const { scenario, report } = context;
  const late = isClean(scenario) ? latenessMs(scenario) : Infinity;
  const held = new Map<string, Held>();
  const end = (run: RunRow, at: number): void => {
    const [eventId = ""] = run.eventIds;
    const key = keyFor(context, { functionId: run.functionId, eventId });
    if (key === undefined || run.rerunOf !== undefined) return;
    const open = held.get(key);
    if (open?.eventId !== eventId) {
      if (!isRefusedByPause(run)) report(`run ${run.id} is of event ${eventId}, but ${key} holds ${open?.eventId ?? "none"}`);
      return;
    }
    held.delete(key);
    if (at < open.dueAt) report(`${key} ended ${open.dueAt - at} ms early`);
    if (run.queuedAt > open.dueAt + late) report(`${key} ended ${run.queuedAt - open.dueAt} ms late`);
  };
  return {
    committing: (commit) => {
      for (const { outcome } of ofKind(commit.changeSet, "insert-event-outcome")) note(context, { commit, outcome, held });
      for (const { run } of ofKind(commit.changeSet, "insert-run")) end(run, commit.at);
    },
    ended: () => {
      for (const [key, { eventId }] of held) report(`${key} holds event ${eventId} for ever`);
    },
  };
}

type Noted = { readonly commit: Commit; readonly outcome: EventOutcome; readonly held: Map<string, Held> };

function note(context: CheckContext, { commit, outcome, held }: Noted): void {
  const { mirror, programs, report } = context;
  const { eventId, functionId, reason, at } = outcome;
  if (reason === "function-archived")
    for (const [key, open] of held) if (open.eventId === eventId && key.includes(functionId)) held.delete(key);
  if (!reason.startsWith("debounce")) return;
  const key = keyFor(context, outcome);
  const options = programs.get(functionId)?.flow.debounce;
  const event = mirror.events.get(eventId);
  const ts = event?.row.ts ?? 0;
  if (key === undefined || options === undefined) return report(`event ${eventId} is ${reason} by ${functionId}, which has no debounce`);
  const open = held.get(key);
  const isTimeSure = event?.isResent === false && mirror.events.get(open?.eventId ?? "")?.isResent === false;
  if (reason === "debounce-superseded") {
    if (open?.eventId !== eventId) report(`event ${eventId} is superseded, but ${key} holds ${open?.eventId ?? "none"}`);
  } else if (reason === "debounce-older-event") {
    if (open === undefined || (isTimeSure && ts >= open.ts))
      report(`event ${eventId} is ignored by ${key}, though it is not older than what is held`);
  } else {
    if (open !== undefined && isTimeSure && ts < open.ts) report(`event ${eventId} takes the place of a newer one in ${key}`);
    if (open !== undefined && !isToldSuperseded(commit, { functionId, eventId: open.eventId }))
      report(`event ${open.eventId} leaves ${key} without a word`);
    const firstAt = open?.firstAt ?? at;
    const dueAt = Math.min(at + options.periodMs, options.timeoutMs === undefined ? Infinity : Math.max(at, firstAt + options.timeoutMs));
    held.set(key, { eventId, ts, firstAt, dueAt });
  }
}

function isToldSuperseded({ changeSet }: Commit, { functionId, eventId }: Pick<EventOutcome, "functionId" | "eventId">): boolean {
  return ofKind(changeSet, "insert-event-outcome").some(
    ({ outcome }) => outcome.functionId === functionId && outcome.eventId === eventId && outcome.reason === "debounce-superseded",
  );
}

/** Names the debounce of an event; undefined where the function has none. */
function keyFor(
  { mirror, programs }: CheckContext,
  { functionId, eventId }: Pick<EventOutcome, "functionId" | "eventId">,
): string | undefined {
  const options: Program["flow"]["debounce"] = programs.get(functionId)?.flow.debounce;
  if (options === undefined) return undefined;
  return `the debounce of ${functionId} for ${keyOf(options, mirror.events.get(eventId)?.data ?? {}) ?? "none"}`;
}
