/**
 * A store whose commits are counted.
 *
 * I1  It behaves as the store does: the same promises, at the same time, in the same order.
 */
import { type ApplyResult, callsApp, type ChangeSet } from "@pawl/engine";
import type { Store } from "@pawl/store";
import type { Meters } from "./meters.ts";

/** `now`: milliseconds, with a fraction. */
export function measuredStore(store: Store, { meters, now }: { readonly meters: Meters; readonly now: () => number }): Store {
  return {
    ...boundMembers(store),
    apply(changeSet) {
      const startedAt = now();
      const pending = store.apply(changeSet);
      pending.then(
        (result) => {
          meters.commitSeconds.observe((now() - startedAt) / 1_000);
          countCommit(meters, changeSet, result);
        },
        () => (meters.commitFailures += 1),
      );
      return pending;
    },
  };
}

function countCommit(meters: Meters, { changes }: ChangeSet, result: ApplyResult): void {
  if (result.kind === "conflict") {
    meters.conflicts += 1;
    return;
  }
  meters.commits += 1;
  for (const change of changes) {
    if (change.kind === "insert-event") {
      if (change.event.isInternal) meters.eventsMade += 1;
      else meters.eventsSent += 1;
    } else if ((change.kind === "insert-item" || change.kind === "reschedule-item") && callsApp(change.item)) {
      meters.of(change.item.functionId).callsScheduled += 1;
    }
  }
}

/** Members of an object, those of its class too, with methods that may be called without it. */
function boundMembers<T extends object>(object: T): T {
  const members = new Map<string, unknown>();
  for (
    let level: object | null = object;
    level !== null && level !== Object.prototype;
    level = Object.getPrototypeOf(level) as object | null
  )
    for (const name of Object.getOwnPropertyNames(level)) {
      if (name === "constructor" || members.has(name)) continue;
      const member: unknown = (object as Readonly<Record<string, unknown>>)[name];
      members.set(name, typeof member === "function" ? (member.bind(object) as unknown) : member);
    }
  return Object.fromEntries(members) as T;
}
