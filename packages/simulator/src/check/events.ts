/**
 * No acknowledged event is lost: each is stored and processed, and for each function that it triggers there is exactly one run, or an
 * outcome that says why not. No function runs twice for one event, and none without being triggered.
 */
import { type EventRow, FUNCTION_INVOKED, type RunRow } from "@pawl/engine";
import type { Program } from "../app/program.ts";
import { ofKind, type CheckContext, type Checker } from "./checker.ts";

/** Makes the checker. */
export function checkEvents({ mirror, programs, report }: CheckContext): Checker {
  const runOfPair = new Map<string, RunRow>();
  const pairOf = (eventId: string, slug: string): string => `${eventId} ${slug}`;
  const checkPair = (event: EventRow, program: Program): void => {
    const run = runOfPair.get(pairOf(event.id, program.slug));
    const verdict = verdictOf(event, program);
    if (verdict !== "run") {
      if (run !== undefined) report(`event ${event.id} (${event.name}) started ${program.slug}, which it does not trigger`);
      if (verdict === "none") return;
    } else if (run !== undefined) return;
    const reasons = mirror.outcomes
      .filter(({ eventId, functionId }) => eventId === event.id && functionId === program.slug)
      .map(({ reason }) => reason);
    const isExplained = verdict === "false" ? reasons.includes("expression-false") : isDuplicate(event, reasons);
    if (!isExplained)
      report(`event ${event.id} (${event.name}) has neither a run of ${program.slug} nor a reason; outcomes: ${reasons.join(", ")}`);
  };
  return {
    committing: ({ changeSet }) => {
      for (const { run } of ofKind(changeSet, "insert-run")) {
        for (const eventId of run.eventIds) {
          const pair = pairOf(eventId, run.functionId);
          if (runOfPair.has(pair)) report(`event ${eventId} started ${run.functionId} twice`);
          runOfPair.set(pair, run);
        }
      }
    },
    ended: ({ acknowledged }) => {
      for (const id of acknowledged) if (!mirror.events.has(id)) report(`the acknowledged event ${id} is not stored`);
      for (const { row, isProcessed } of mirror.events.values())
        if (isProcessed) for (const program of programs.values()) checkPair(row, program);
    },
  };
}

function isDuplicate(event: EventRow, reasons: readonly string[]): boolean {
  return event.externalId !== event.id && reasons.includes("duplicate-event-id");
}

/** What an event should do for a function: `false`: its name fits, its condition does not. */
function verdictOf(event: EventRow, { slug, trigger }: Program): "run" | "false" | "none" {
  const { data } = JSON.parse(event.body) as { readonly data: { readonly n?: number; readonly _inngest?: { readonly fn_id?: string } } };
  if (event.name === FUNCTION_INVOKED && data._inngest?.fn_id === slug) return "run";
  if (trigger?.event !== event.name) return "none";
  return trigger.above === undefined || (data.n !== undefined && data.n > trigger.above) ? "run" : "false";
}
