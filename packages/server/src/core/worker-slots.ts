/**
 * Slots that stand for the capacity of an app's connected workers, so that lanes hold what no worker can take, and wake when one can.
 *
 * Spec: semantics 12.1.
 */
import type { Slot } from "@pawl/engine";
import type { ReasonCode } from "@pawl/protocol";

/** No key of a concurrency limit begins like this. */
const PREFIX = "workers:";

/** Key of the slots of an app or a function, by its id. */
export function workerSlotKey(id: string): string {
  return `${PREFIX}${id}`;
}

/** Why such a slot holds; undefined for a slot of another kind. */
export function workerHoldOf({ key, limit }: Slot): Extract<ReasonCode, "no-worker-connected" | "workers-at-capacity"> | undefined {
  if (!key.startsWith(PREFIX)) return undefined;
  return limit === 0 ? "no-worker-connected" : "workers-at-capacity";
}
