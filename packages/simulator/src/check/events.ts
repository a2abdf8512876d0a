/**
 * No acknowledged event is lost: each is stored and processed, and for each function that it triggers there is exactly one run, or an
 * outcome that says why not. No function runs twice for one event, and none without being triggered.
 *
 * Runs that people start again are left out. Whether a refusal was right is for the checkers of what refused it.
 */
import type { RunRow } from "@pawl/engine";
import type { Program } from "../app/program.ts";
import { hasSoundStore } from "../world/scenario.ts";
import { ofKind, type CheckContext, type Checker } from "./checker.ts";
import { pairOf, verdictOf } from "./event-facts.ts";
import { latenessMs } from "./lateness.ts";
import type { Mirror, MirroredEvent } from "./mirror.ts";

/** Makes the checker. */
export function checkEvents({ mirror, programs, scenario, report }: CheckContext): Checker {
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
    if (reasons.length === 0 && isAway(mirror, program, event)) return;
    const isExplained =
      verdict === "false" ? reasons.includes("expression-false") : reasons.some((reason) => explains(reason, { event, program }));
    if (!isExplained) report(`${what} has neither a run of ${program.slug} nor a reason; outcomes: ${reasons.join(", ")}`);
  };
  return {
    committing: ({ changeSet }) => {
      for (const { run } of ofKind(changeSet, "insert-run")) {
        if (run.rerunOf !== undefined) continue;
        const away = mirror.away.get(run.functionId)?.find(({ until }) => until === Infinity);
        if (away !== undefined && hasSoundStore(scenario) && run.queuedAt > away.from + latenessMs(scenario))
          report(`run ${run.id} begins although ${run.functionId} is away from its app`);
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

/** A function that was away comes, or goes, somewhat later for the node than for the store. */
const KNOWN_MS = 120_000;

/** Whether a function may have been away from its app when an event was processed. */
function isAway(mirror: Mirror, { slug }: Program, { storedAt, processedAt }: MirroredEvent): boolean {
  return (mirror.away.get(slug) ?? []).some(({ from, until }) => from < processedAt + KNOWN_MS && until > storedAt - KNOWN_MS);
}

/** Whether a reason can be why an event has no run. */
function explains(
  reason: string,
  { event, program: { flow, isGuest } }: { readonly event: MirroredEvent; readonly program: Program },
): boolean {
  switch (reason) {
    case "function-archived":
      return isGuest === true;
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
