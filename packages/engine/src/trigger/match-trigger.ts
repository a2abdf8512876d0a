/**
 * Which trigger of a function an event meets.
 *
 * I1  A trigger's name is the event's name, or ends in `/*` or `.*` after a prefix of it that ends before a `/` or `.`. Upper and
 *     lower case differ. No other `*` means anything.
 * I2  Triggers are tested in order; the first whose name and condition hold is the answer.
 * I3  A condition that fails does not hold and does not keep later triggers from being tested; it is reported only if none matches.
 *
 * Spec: semantics 2.2, 2.3.
 */
import { TRIGGER_NAME_LENGTH_MAX } from "@pawl/protocol";
import { compileOnce, evaluateCondition, type ExpressionEvent } from "../expression/index.ts";
import type { EventTrigger, TriggerDefinition } from "../registration/function-definition.ts";

/** `index` counts from 0. `message` names each trigger whose condition failed and says why. */
export type TriggerMatch =
  | { readonly kind: "matched"; readonly index: number }
  | { readonly kind: "none" }
  | { readonly kind: "error"; readonly message: string };

/**
 * The trigger names that match an event's name: the name and its wildcards, each once. Names that no trigger can have, because they are
 * longer than `TRIGGER_NAME_LENGTH_MAX`, are left out, so there are at most 255.
 */
export function triggerPatternsOf(eventName: string): string[] {
  const patterns = eventName.length <= TRIGGER_NAME_LENGTH_MAX ? new Set([eventName]) : new Set<string>();
  // A wildcard is one longer than its prefix with the separator.
  for (let at = 0; at < Math.min(eventName.length, TRIGGER_NAME_LENGTH_MAX - 1); at += 1) {
    const separator = eventName[at];
    if (separator === "/" || separator === ".") patterns.add(`${eventName.slice(0, at)}${separator}*`);
  }
  return [...patterns];
}

/** Finds the trigger that an event meets, at an instant in ms since the epoch. Cron triggers meet no event. */
export function matchTrigger(triggers: readonly TriggerDefinition[], event: ExpressionEvent, now: number): TriggerMatch {
  const names = new Set(triggerPatternsOf(event.name));
  const failures: string[] = [];
  for (const [index, trigger] of triggers.entries()) {
    if (trigger.kind !== "event" || !names.has(trigger.event)) continue;
    const result = trigger.condition === undefined ? HOLDS : testCondition(trigger.condition, event, now);
    if (result.kind === "error") failures.push(describeFailure(trigger, index, result.message));
    else if (result.value) return { kind: "matched", index };
  }
  return failures.length === 0 ? { kind: "none" } : { kind: "error", message: failures.join("; ") };
}

const HOLDS = { kind: "value", value: true } as const;

function testCondition(source: string, event: ExpressionEvent, now: number): ReturnType<typeof evaluateCondition> {
  const compiled = compileOnce(source);
  return compiled.kind === "invalid"
    ? { kind: "error", message: compiled.message }
    : evaluateCondition(compiled.expression, { event, now });
}

function describeFailure(trigger: EventTrigger, index: number, message: string): string {
  return `the condition of trigger ${index + 1} on ${JSON.stringify(trigger.event)} (${trigger.condition}): ${message}`;
}
