/**
 * Sessions: a run has those of its events; what it invokes has those that all of its events have, and what it has deferred those of the run.
 */
import { DEFERRED_SCHEDULE, type EventRow, FUNCTION_INVOKED, type RunRow } from "@pawl/engine";
import { sessionsIn } from "../app/session.ts";
import { ofKind, type CheckContext, type Checker } from "./checker.ts";
import { factsOf } from "./event-facts.ts";

type Sessions = Readonly<Record<string, string>>;

/** Makes the checker. */
export function checkSessions(context: CheckContext): Checker {
  const { mirror, report } = context;
  return {
    committed: ({ changeSet }) => {
      for (const { run } of ofKind(changeSet, "insert-run")) {
        const expected = textOf(sessionsOf(context, run).flatMap((sessions) => Object.entries(sessions)));
        if (textOf(pairsOf(run)) !== expected) report(`run ${run.id} has the sessions ${run.sessions}, its events ${expected}`);
      }
      for (const { event } of ofKind(changeSet, "insert-event")) {
        const parent = mirror.runs.get(parentOf(event) ?? "");
        const own = textOf(Object.entries(sessionsIn(JSON.parse(event.body) as object)));
        const expected = parent === undefined ? undefined : inheritedFrom(context, parent, event);
        if (expected !== undefined && own !== expected)
          report(`event ${event.id} (${event.name}) has the sessions ${own}, but run ${parent?.id} gives it ${expected}`);
      }
    },
  };
}

/** Of each event of a run. */
function sessionsOf({ mirror }: CheckContext, { eventIds }: RunRow): readonly Sessions[] {
  return eventIds.map((id) => sessionsIn(JSON.parse(mirror.events.get(id)?.row.body ?? "{}") as object));
}

function inheritedFrom(context: CheckContext, parent: RunRow, { name }: EventRow): string {
  if (name === DEFERRED_SCHEDULE) return textOf(Object.entries(Object.fromEntries(pairsOf(parent).toReversed())));
  const [first = {}, ...others] = sessionsOf(context, parent);
  return textOf(Object.entries(first).filter(([key, id]) => others.every((sessions) => sessions[key] === id)));
}

/** The run that has invoked or deferred a function; undefined for other events. */
function parentOf(event: EventRow): string | undefined {
  const { _inngest } = factsOf(event);
  if (event.name === DEFERRED_SCHEDULE) return _inngest?.parent_run_id;
  return event.name === FUNCTION_INVOKED ? _inngest?.correlation_id?.split(".")[0] : undefined;
}

function pairsOf({ sessions = "[]" }: RunRow): readonly (readonly [string, string])[] {
  return JSON.parse(sessions) as readonly (readonly [string, string])[];
}

/** Pairs in order, each once. */
function textOf(pairs: readonly (readonly [string, string])[]): string {
  return [...new Set(pairs.map((pair) => pair.join("=")))].toSorted().join(", ");
}
