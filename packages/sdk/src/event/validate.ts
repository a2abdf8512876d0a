/**
 * Checks the events of a call against the schemas of the function's triggers, before its handler is entered.
 *
 * I1  With several schemas for one event, it is enough that one accepts.
 * I2  What the schema yields is what the handler gets: defaults and conversions take effect.
 *
 * Source: sdk 3.3.
 */
import type { CallEvent } from "@pawl/protocol";
import { EventValidationError } from "../error/errors.ts";
import { schemasFor, type Trigger } from "../trigger/trigger.ts";
import { validateStandard, type StandardSchema } from "./standard-schema.ts";

/** The events as the handler gets them. Rejects with an EventValidationError. Returns the list itself when there is nothing to check. */
export function validateEvents(
  triggers: readonly Trigger[],
  events: readonly CallEvent[],
): readonly CallEvent[] | Promise<readonly CallEvent[]> {
  const name = events[0]?.name ?? "";
  if (triggers.length === 0 || (schemasFor(triggers, name).length === 0 && events.length === 1)) return events;
  return Promise.all(events.map((event) => validateOne(event, schemasFor(triggers, event.name))));
}

async function validateOne(event: CallEvent, schemas: readonly StandardSchema[]): Promise<CallEvent> {
  let issues: readonly string[] | undefined;
  for (const schema of schemas) {
    const result = await validateStandard(schema, event.data);
    if ("value" in result) return { ...event, data: result.value as CallEvent["data"] };
    issues ??= result.issues;
  }
  if (issues === undefined) return event;
  throw new EventValidationError(
    `Event "${event.name}" (${event.id}): its data doesn't fit the schema of the function's trigger: ${issues.join("; ")}.`,
  );
}
