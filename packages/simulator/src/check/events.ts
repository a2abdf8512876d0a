/**
 * No acknowledged event is lost: each is stored and processed, and for each function that it triggers there is exactly one run, or an
 * outcome that says why not. No function runs twice for one event, and none without being triggered.
 *
 * Runs that people start again are left out. Whether a refusal was right is for the checkers of what refused it.
 */
import type { RunRow } from "@pawl/engine";
import type { Program } from "../app/program.ts";
import { ofKind, type CheckContext, type Checker } from "./checker.ts";
import { pairOf, verdictOf } from "./event-facts.ts";
import type { MirroredEvent } from "./mirror.ts";

/** Makes the checker. */
export function checkEvents({ mirror, programs, report }: CheckContext): Checker {
  const runOfPair = new Map<string, RunRow>();
  const checkPair = (event: MirroredEvent, program: Program, reasonsOf: ReadonlyMap<string, readonly string[]>): void => {
    const pair = pairOf({ eventId: event.row.id, functionId: program.slug });
    const run = runOfPair.get(pair);
    const verdict = verdictOf(event, program);
    const what = `event ${event.row.id} (${event.row.name})`;
    if (verdict !== "run") {
      if (run !== undefined) report(`${what} started ${program.slug}, which it does not trigger`);
      if (verdict === "none") return;
    } else if (run !== undefined) return;
    const reasons = reasonsOf.get(pair) ?? [];
    const isExplained =
      verdict === "false" ? reasons.includes("expression-false") : reasons.some((reason) => explains(reason, { event, program }));
    if (!isExplained) report(`${what} has neither a run of ${program.slug} nor a reason; outcomes: ${reasons.join(", ")}`);
  };
  return {
    committing: ({ changeSet }) => {
      for (const { run } of ofKind(changeSet, "insert-run")) {
        if (run.rerunOf !== undefined) continue;
        for (const eventId of run.eventIds) {
          const pair = pairOf({ eventId, functionId: run.functionId });
          if (runOfPair.has(pair)) report(`event ${eventId} started ${run.functionId} twice`);
          runOfPair.set(pair, run);
        }
      }
    },
    ended: ({ acknowledged }) => {
      for (const id of acknowledged) if (!mirror.events.has(id)) report(`the acknowledged event ${id} is not stored`);
      const reasonsOf = new Map([...Map.groupBy(mirror.outcomes, pairOf)].map(([pair, list]) => [pair, list.map(({ reason }) => reason)]));
      for (const event of mirror.events.values())
        if (event.isProcessed) for (const program of programs.values()) checkPair(event, program, reasonsOf);
    },
  };
}

/** Whether a reason can be why an event has no run. */
function explains(reason: string, { event, program: { flow } }: { readonly event: MirroredEvent; readonly program: Program }): boolean {
  switch (reason) {
    case "duplicate-event-id":
      return event.row.externalId !== event.row.id;
    case "rate-limit":
      return flow.rateLimit !== undefined;
    case "idempotency-key":
      return flow.isIdempotent === true;
    case "debounce-superseded":
    case "debounce-older-event":
      return flow.debounce !== undefined;
    default:
      return false;
  }
}
