/**
 * What `step.waitForEvent` reports.
 *
 * I1  A server that knows one event per wait waits for the first of several, on that one's condition. So once an event of a list has a
 *     condition of its own, each has one, and the first one's is the wait's.
 *
 * Source: sdk 7, wire-protocol 6.11; `events` and `lookBack` are Pawl's own.
 */
import { EVENTS_PER_WAIT_MAX } from "@pawl/protocol";
import { NonRetriableError } from "../error/errors.ts";
import { EventType, type AnyEventType, type EventTypes } from "../event/event-type.ts";
import { matchExpression } from "../function/config.ts";
import { type Duration, durationText, type Timeout, timeoutText } from "../time/duration.ts";
import { eventNameOf } from "../trigger/trigger.ts";

type Condition = { readonly if?: string; readonly match?: string };

/** The options of `step.waitForEvent`, whatever their types say. */
export type WaitArguments = Condition & { readonly event: unknown; readonly timeout: Timeout; readonly lookBack?: Duration | "run" };

/** The op of a wait, and how its result is read. */
export type WaitOp = {
  readonly op: "WaitForEvent";
  readonly name: string;
  readonly opts: Readonly<Record<string, unknown>>;
  readonly restore?: (event: unknown) => unknown;
};

type Choice = { readonly name: string; readonly condition: string | undefined; readonly type: AnyEventType | undefined };

/** Reads the options of a wait. Throws a NonRetriableError that names the step. */
export function waitOp(options: WaitArguments, { stepId, known }: { readonly stepId: string; readonly known: EventTypes }): WaitOp {
  const list: readonly unknown[] = Array.isArray(options.event) ? options.event : [options.event];
  const choices = list.map((item) => choiceOf(item, known));
  const [first] = choices;
  if (first === undefined || choices.some(({ name }) => name === ""))
    throw new NonRetriableError(`Step "${stepId}": \`event\` must be an event name or event type, or a list of those.`);
  if (choices.length > EVENTS_PER_WAIT_MAX)
    throw new NonRetriableError(`Step "${stepId}": a wait can name ${EVENTS_PER_WAIT_MAX} events at most, not ${choices.length}.`);
  const types = choices.map(({ type }) => type);
  return {
    op: "WaitForEvent",
    name: first.name,
    opts: {
      timeout: timeoutText(options.timeout, `Step "${stepId}", option \`timeout\``),
      ...lookBackOption(options.lookBack, stepId),
      ...eventOptions(choices, conditionOf(options)),
    },
    ...(types.some((type) => type?.schema !== undefined) ? { restore: (event: unknown) => checkEvent(event, types) } : {}),
  };
}

/** One event: a name, a type, or either with a condition. */
function choiceOf(item: unknown, known: EventTypes): Choice {
  const hasCondition = typeof item === "object" && item !== null && !(item instanceof EventType) && "event" in item && !("name" in item);
  const target = hasCondition ? item.event : item;
  const name = eventNameOf(target);
  const type = target instanceof EventType ? target : known.find((candidate) => candidate.name === name);
  return { name, condition: hasCondition ? conditionOf(item as Condition) : undefined, type };
}

/** `if` and, where there are several events, `events` (I1). */
function eventOptions(choices: readonly Choice[], common: string | undefined): Readonly<Record<string, unknown>> {
  const condition = choices[0]?.condition ?? common;
  const shared = condition === undefined ? {} : { if: condition };
  if (choices.length === 1) return shared;
  const isPlain = choices.every((choice) => choice.condition === undefined);
  const events = isPlain
    ? choices.map(({ name }) => name)
    : choices.map(({ name, condition: own }) => ({ event: name, if: own ?? common ?? "true" }));
  return { events, ...shared };
}

function lookBackOption(lookBack: WaitArguments["lookBack"], stepId: string): Readonly<Record<string, unknown>> {
  if (lookBack === undefined) return {};
  return { lookBack: lookBack === "run" ? lookBack : durationText(lookBack, `Step "${stepId}", option \`lookBack\``) };
}

function conditionOf({ if: expression, match }: Condition): string | undefined {
  return expression ?? (match === undefined ? undefined : matchExpression(match));
}

/** An awaited event with its data as the schema of its type yields it; `null` after a timeout. */
async function checkEvent(event: unknown, types: readonly (AnyEventType | undefined)[]): Promise<unknown> {
  if (event === null) return null;
  const received = event as { readonly name: string; readonly data: unknown };
  const type = types.length === 1 ? types[0] : types.find((candidate) => candidate?.name === received.name);
  return type === undefined ? received : { ...received, data: await type.check(received.data) };
}
