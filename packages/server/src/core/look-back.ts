/**
 * Searches for events that came before a wait began.
 *
 * I1  Bounded: for each event name of a wait, the oldest `EVENTS_MAX` events of its time are looked at; later ones are not found.
 */
import {
  type EventRow,
  type ExpressionEvent,
  isFinished,
  isUnused,
  type ItemRow,
  matchesPause,
  pauseIdsOf,
  type PauseRow,
  type RunState,
} from "@pawl/engine";
import type { Store } from "@pawl/store";

/** Events of one page; each can have megabytes. */
const PAGE = 100;

/** A second or two of reading at the most, for one event name. */
const EVENTS_MAX = 10_000;

type Wait = { readonly item: ItemRow; readonly now: number };

export type FoundEvent = { readonly pause: PauseRow; readonly event: EventRow };

/** Events that match the wait of an item, oldest first; at most one of each event name. Undefined where the run does not wait. */
export async function eventsBefore(
  store: Pick<Store, "eventsOfName" | "pauseById">,
  state: RunState,
  wait: Wait,
): Promise<readonly FoundEvent[] | undefined> {
  const step = state.steps.get(wait.item.stepId ?? "");
  if (step === undefined || isFinished(step)) return undefined;
  const pauses = await Promise.all(pauseIdsOf(step).map((pauseId) => store.pauseById(pauseId)));
  const found: FoundEvent[] = [];
  for (const pause of pauses) {
    const event = pause === undefined ? undefined : await firstMatch(store, pause, { state, ...wait });
    if (pause !== undefined && event !== undefined) found.push({ pause, event });
  }
  return found.toSorted(({ event: a }, { event: b }) => a.receivedAt - b.receivedAt || (a.id < b.id ? -1 : 1));
}

async function firstMatch(
  store: Pick<Store, "eventsOfName">,
  pause: PauseRow,
  { state, item, now }: Wait & { readonly state: RunState },
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
      (event) => isUnused(state, { item, event }) && matchesPause(pause, { event, parsed: JSON.parse(event.body) as ExpressionEvent }),
    );
    if (match !== undefined) return match;
    after = events.at(-1)?.id;
    if (events.length < PAGE) return undefined;
  }
  return undefined;
}
