/**
 * What starts and what cancels a function's runs.
 *
 * I1  A trigger is on an event or on a schedule, never both; no two are the same.
 *
 * Spec: wire-protocol 4.4.1, 4.4.11; semantics 2.1, 2.5, 7.1.
 */
import {
  CANCELS_PER_FUNCTION_MAX,
  CRON_JITTER_MS_MAX,
  CRON_JITTER_MS_MIN,
  TRIGGER_NAME_LENGTH_MAX,
  TRIGGERS_PER_FUNCTION_MAX,
  WAIT_MS_DEFAULT,
} from "@pawl/protocol";
import { compact } from "./compact.ts";
import { type Option, OptionReader, type ProblemList } from "./config-reader.ts";
import { cronProblem } from "../cron/parse-cron.ts";
import type { CancelDefinition, CancelUntil, CronTrigger, EventTrigger, TriggerDefinition } from "./function-definition.ts";
import { instantOf, readDuration } from "./parse-duration.ts";

/** Reads `triggers`. */
export function parseTriggers(config: OptionReader, list: ProblemList): readonly TriggerDefinition[] {
  const items = config.items("triggers");
  if (items.length > TRIGGERS_PER_FUNCTION_MAX) {
    list.add({ path: "triggers", message: `must have at most ${TRIGGERS_PER_FUNCTION_MAX} items, got ${items.length}` });
    return [];
  }
  const triggers: TriggerDefinition[] = [];
  for (const item of items) {
    const trigger = parseTrigger(item, list);
    if (trigger === undefined) continue;
    if (triggers.some((other) => isSameTrigger(other, trigger)))
      list.add({ path: item.path, message: "must differ from the triggers before it" });
    triggers.push(trigger);
  }
  return triggers;
}

/** Reads `cancel`. */
export function parseCancels(config: OptionReader, list: ProblemList): readonly CancelDefinition[] {
  const items = config.items("cancel");
  if (items.length > CANCELS_PER_FUNCTION_MAX) {
    list.add({ path: "cancel", message: `must have at most ${CANCELS_PER_FUNCTION_MAX} items, got ${items.length}` });
    return [];
  }
  return items.map((item) => parseCancel(item, list)).filter((cancel) => cancel !== undefined);
}

function parseTrigger(item: Option, list: ProblemList): TriggerDefinition | undefined {
  const reader = OptionReader.of(item, list);
  if (reader === undefined) return undefined;
  if (reader.has("event") === reader.has("cron")) {
    const got = reader.has("event") ? "both" : "neither";
    list.add({ path: item.path, message: `must have either an event or a cron schedule, got ${got}` });
    return undefined;
  }
  return reader.has("event") ? parseEventTrigger(reader, list) : parseCronTrigger(reader, list);
}

function parseEventTrigger(reader: OptionReader, list: ProblemList): EventTrigger | undefined {
  const event = parseEventName(reader, list);
  const condition = reader.expression("expression", "trigger");
  return event === undefined ? undefined : compact({ kind: "event" as const, event, condition });
}

function parseEventName(reader: OptionReader, list: ProblemList): string | undefined {
  const event = reader.text("event", "event_name_invalid");
  if (event === undefined || event.length <= TRIGGER_NAME_LENGTH_MAX) return event;
  return list.reject(
    { path: `${reader.path}.event`, value: event, code: "event_name_invalid" },
    `at most ${TRIGGER_NAME_LENGTH_MAX} characters`,
  );
}

const JITTER_RULE = { min: 0, max: CRON_JITTER_MS_MAX, expected: "a duration from 1s to 5m, such as 30s" };

function parseCronTrigger(reader: OptionReader, list: ProblemList): CronTrigger | undefined {
  const cron = reader.text("cron", "schedule_invalid");
  const problem = cron === undefined ? undefined : cronProblem(cron);
  if (problem !== undefined) {
    const path = `${reader.path}.cron`;
    list.add({
      path,
      code: "schedule_invalid",
      message: `must be a cron schedule such as 0 9 * * MON, got ${JSON.stringify(cron)}: ${problem}`,
    });
  }
  const option = reader.option("jitter", "schedule_invalid");
  const jitterMs = readDuration(option, JITTER_RULE, list);
  if (option !== undefined && jitterMs !== undefined && jitterMs > 0 && jitterMs < CRON_JITTER_MS_MIN)
    list.reject(option, JITTER_RULE.expected);
  const missed = parseMissed(reader.option("missed", "schedule_invalid"), list);
  const overlap = parseOverlap(reader.option("overlap", "schedule_invalid"), list);
  return cron === undefined
    ? undefined
    : compact({ kind: "cron" as const, cron, jitterMs: jitterMs === 0 ? undefined : jitterMs, missed, overlap });
}

/** Ours, not the protocol's: which ticks are made up for. */
function parseMissed(option: Option | undefined, list: ProblemList): CronTrigger["missed"] {
  if (option === undefined || option.value === "one") return undefined;
  return option.value === "all" || option.value === "skip" ? option.value : list.reject(option, "one, all or skip");
}

/** Ours, not the protocol's: whether a run may begin while the last one of the schedule goes on. */
function parseOverlap(option: Option | undefined, list: ProblemList): CronTrigger["overlap"] {
  if (option === undefined || option.value === true) return undefined;
  return option.value === false ? false : list.reject(option, "true or false");
}

function isSameTrigger(a: TriggerDefinition, b: TriggerDefinition): boolean {
  if (a.kind === "cron") return b.kind === "cron" && a.cron === b.cron;
  return b.kind === "event" && a.event === b.event && a.condition === b.condition;
}

function parseCancel(item: Option, list: ProblemList): CancelDefinition | undefined {
  const reader = OptionReader.of(item, list);
  if (reader === undefined) return undefined;
  reader.require("event", "the name of an event", "event_name_invalid");
  const event = parseEventName(reader, list);
  const condition = reader.expression("if", "cancel");
  const until = parseUntil(reader.option("timeout"), list);
  return event === undefined || until === undefined ? undefined : compact({ event, condition, until });
}

const UNTIL_RULE = { min: 0, expected: "a duration such as 1h, or an RFC 3339 date" };

function parseUntil(option: Option | undefined, list: ProblemList): CancelUntil | undefined {
  if (option === undefined) return { kind: "duration", ms: WAIT_MS_DEFAULT };
  const at = typeof option.value === "string" ? instantOf(option.value) : undefined;
  if (at !== undefined) return { kind: "instant", at };
  const ms = readDuration(option, UNTIL_RULE, list);
  return ms === undefined ? undefined : { kind: "duration", ms };
}
