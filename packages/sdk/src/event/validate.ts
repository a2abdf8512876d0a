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
import type { EventTypes } from "./event-type.ts";
import { validateStandard, type StandardSchema } from "./standard-schema.ts";

export type EventRules = {
  readonly triggers: readonly Trigger[];
  /** Event types that the client knows. */
  readonly known: EventTypes;
};

/** The events as the handler gets them. Rejects with an EventValidationError. Returns the list itself when there is nothing to check. */
export function validateEvents(events: readonly CallEvent[], rules: EventRules): readonly CallEvent[] | Promise<readonly CallEvent[]> {
  const schemas = events.map((event) => schemasFor(event.name, rules.triggers, rules.known));
  if (schemas.every((list) => list.length === 0)) return events;
  return Promise.all(events.map((event, index) => validateOne(event, schemas[index] ?? [])));
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
