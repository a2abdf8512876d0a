/**
 * Searches for events that came before a wait began.
 *
 * I1  Bounded: of a wait that names a busy event, at most `EVENTS_MAX` are looked at, oldest first.
 */
import {
  type EventRow,
  type ExpressionEvent,
  isFinished,
  type ItemRow,
  matchesPause,
  mayMatchRun,
  pauseIdsOf,
  type PauseRow,
  type RunState,
} from "@pawl/engine";
import type { Store } from "@pawl/store";

const PAGE = 500;
const EVENTS_MAX = 10_000;

export type FoundEvent = { readonly pause: PauseRow; readonly event: EventRow };

/** Events that match the wait of an item, oldest first; at most one of each event name. */
export async function eventsBefore(
  store: Pick<Store, "eventsOfName" | "pauseById">,
  state: RunState,
  { item, now }: { readonly item: ItemRow; readonly now: number },
): Promise<readonly FoundEvent[]> {
  const step = state.steps.get(item.stepId ?? "");
  if (step === undefined || isFinished(step)) return [];
  const pauses = await Promise.all(pauseIdsOf(step).map((pauseId) => store.pauseById(pauseId)));
  const found: FoundEvent[] = [];
  for (const pause of pauses) {
    const event = pause === undefined ? undefined : await firstMatch(store, pause, { state, now });
    if (pause !== undefined && event !== undefined) found.push({ pause, event });
  }
  return found.toSorted((a, b) => (a.event.id < b.event.id ? -1 : 1));
}

async function firstMatch(
  store: Pick<Store, "eventsOfName">,
  pause: PauseRow,
  { state, now }: { readonly state: RunState; readonly now: number },
): Promise<EventRow | undefined> {
  let after: string | undefined;
  for (let seen = 0; seen < EVENTS_MAX; seen += PAGE) {
    const events: readonly EventRow[] = await store.eventsOfName({
      name: pause.eventName ?? "",
      receivedFrom: pause.createdAt,
      receivedUntil: now,
      limit: PAGE,
      ...(after === undefined ? {} : { after }),
    });
    const match = events.find(
      (event) => mayMatchRun(state, { pause, event }) && matchesPause(pause, { event, parsed: JSON.parse(event.body) as ExpressionEvent }),
    );
    if (match !== undefined) return match;
    after = events.at(-1)?.id;
    if (events.length < PAGE) return undefined;
  }
  return undefined;
}
