/** Nothing commits whose guards don't hold: not a stale decision, not one about a lost lease, and nothing at all by a zombie. */
import type { Guard } from "@pawl/engine";
import type { CheckContext, Checker } from "./checker.ts";

/** Makes the checker. */
export function checkGuards({ mirror, report }: CheckContext): Checker {
  const newest = new Map<string, number>();
  const holds = (guard: Guard): boolean => {
    switch (guard.kind) {
      case "event-unprocessed":
        return mirror.events.get(guard.eventId)?.isProcessed === false;
      case "run-version":
        return mirror.runs.get(guard.runId)?.version === guard.version;
      case "run-absent":
        return !mirror.runs.has(guard.runId);
      case "item-leased":
        return mirror.item(guard.itemId) !== undefined && newest.get(guard.itemId) === guard.generation;
      case "pause-open":
        return mirror.pause(guard.pauseId) !== undefined;
      default:
        return true;
    }
  };
  return {
    claimed: ({ itemId, generation }) => {
      if (generation <= (newest.get(itemId) ?? 0)) report(`the lease ${generation} of ${itemId} is not newer than ${newest.get(itemId)}`);
      newest.set(itemId, generation);
    },
    committing: ({ isZombie, changeSet: { guards } }) => {
      if (isZombie) report(`a zombie has committed under ${JSON.stringify(guards)}`);
      for (const guard of guards) if (!holds(guard)) report(`committed although a guard does not hold: ${JSON.stringify(guard)}`);
    },
  };
}
