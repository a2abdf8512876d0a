/**
 * Sending an event and telling what it started.
 *
 * I1  It waits until each function that the event triggers has a run or a reason why not (yet), at most `SEEN_MS_MAX`.
 * I2  Nothing polls: decisions are told as they commit.
 */
import { randomBytes } from "node:crypto";
import type { TraceEntry } from "@pawl/engine";
import { encodeUlid, ULID_ENTROPY_BYTES } from "@pawl/protocol";
import type { Engine } from "../core/engine.ts";
import type { NewEvent } from "../core/ingest.ts";

/** Decisions take milliseconds; more means that the store or the machine is slow, and the answer tells what is known by then. */
const SEEN_MS_MAX = 1_000;

/** Sends one event. Resolves with its internal id. */
export async function sendAndSee(engine: Engine, event: NewEvent): Promise<string> {
  const eventId = encodeUlid(Math.floor(engine.clock.now()), randomBytes(ULID_ENTROPY_BYTES));
  const expected = new Set(engine.registry.triggeredBy(event.name).map(({ id }) => id));
  const seen = Promise.withResolvers<void>();
  if (expected.size === 0) seen.resolve();
  const unwatch = engine.live.watch((change) => {
    if (change.kind !== "trace") return;
    for (const entry of change.entries) if (isAbout(entry, eventId)) expected.delete(entry.functionId);
    if (expected.size === 0) seen.resolve();
  });
  const timer = engine.clock.setTimer(SEEN_MS_MAX, () => seen.resolve());
  try {
    await engine.send([{ ...event, internalId: eventId }]);
    await seen.promise;
    return eventId;
  } finally {
    timer.cancel();
    unwatch();
  }
}

type About = Extract<TraceEntry, { readonly eventId: string }>;

function isAbout(entry: TraceEntry, eventId: string): entry is About {
  return (entry.kind === "run-scheduled" || entry.kind === "event-outcome") && entry.eventId === eventId;
}
