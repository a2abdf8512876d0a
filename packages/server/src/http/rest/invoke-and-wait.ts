/**
 * Invoking a function and telling which run it started.
 *
 * I1  The answer comes when the run is durable, or with the reason why there is none: nothing is guessed and nothing polled.
 * I2  An idempotency key is a sender's event id, so that all rules about those hold: one run per key and function within 24 hours.
 *     (The reference starts a second run for a keyed call [bug].)
 *
 * Spec: wire 11.4; semantics 11.3.
 */
import { createHash, randomBytes } from "node:crypto";
import type { FunctionRow } from "@pawl/engine";
import { encodeUlid, type ReasonCode, ULID_ENTROPY_BYTES } from "@pawl/protocol";
import type { Engine } from "../../core/engine.ts";
import type { LiveChange } from "../../core/live.ts";
import { given } from "../../json.ts";

export type Invoked =
  | { readonly kind: "run"; readonly runId: string }
  /** The key was used before. */
  | { readonly kind: "duplicate"; readonly runId: string }
  | { readonly kind: "no-run"; readonly reason: ReasonCode; readonly detail?: string }
  /** The event is durable; its run is still to come. */
  | { readonly kind: "pending"; readonly eventId: string };

export type Invocation = {
  readonly function: FunctionRow;
  readonly data: Readonly<Record<string, unknown>>;
  readonly user?: Readonly<Record<string, unknown>>;
  readonly idempotencyKey?: string;
  /** The span that invokes. */
  readonly traceparent?: string;
};

/** Longest time an answer waits for the run; more than that means that the store fails, and the event is tried again later. */
const RUN_MS_MAX = 10_000;

/** Invokes (I1). */
export async function invokeAndWait(
  engine: Engine,
  { function: row, data, user, idempotencyKey, traceparent }: Invocation,
): Promise<Invoked> {
  const eventId = encodeUlid(Math.floor(engine.clock.now()), randomBytes(ULID_ENTROPY_BYTES));
  const outcome = Promise.withResolvers<Invoked>();
  const timer = engine.clock.setTimer(RUN_MS_MAX, () => outcome.resolve({ kind: "pending", eventId }));
  const unwatch = engine.live.watch((change) => {
    const found = outcomeIn(change, { eventId, functionId: row.id });
    if (found !== undefined) outcome.resolve(found);
  });
  try {
    const keyHash = idempotencyKey === undefined ? undefined : createHash("sha256").update(idempotencyKey).digest("hex");
    const payload = { data, ...given("user", user), ...given("id", keyHash === undefined ? undefined : `invoke-${keyHash}`) };
    const api = given("keyHash", keyHash);
    await engine.invoke({ target: row.id, payload, internalId: eventId, api, ...given("traceparent", traceparent) });
    return await outcome.promise;
  } finally {
    timer.cancel();
    unwatch();
  }
}

function outcomeIn(
  change: LiveChange,
  { eventId, functionId }: { readonly eventId: string; readonly functionId: string },
): Invoked | undefined {
  if (change.kind !== "trace") return undefined;
  for (const entry of change.entries) {
    if (entry.kind === "run-scheduled" && entry.eventId === eventId && entry.functionId === functionId)
      return { kind: "run", runId: entry.runId };
    if (entry.kind !== "event-outcome" || entry.eventId !== eventId || entry.functionId !== functionId) continue;
    const { reason, detail } = entry;
    if (reason === "duplicate-event-id" && detail !== undefined) return { kind: "duplicate", runId: detail };
    return { kind: "no-run", reason, ...given("detail", detail) };
  }
  return undefined;
}
