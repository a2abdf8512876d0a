/** Options of a step's op, as the app reported them. Spec: wire 6. */
import { maskedOptions, type StepRow } from "@pawl/engine";
import { isRecord } from "../../json.ts";
import { parseJson } from "./stored-json.ts";

export type StepOptions = {
  readonly event?: string;
  readonly if?: string;
  readonly signal?: string;
  readonly function_id?: string;
};

/** Names of the events that a step waits for; one in most cases. */
export function awaitedEvents(step: Pick<StepRow, "options"> | undefined): readonly string[] {
  const { event } = stepOptions(step);
  const options = parseJson(step?.options);
  const events = isRecord(options) && Array.isArray(options["events"]) ? (options["events"] as readonly unknown[]) : [event];
  return events.map((each) => (isRecord(each) ? each["event"] : each)).filter((name) => typeof name === "string");
}

/** The options that are texts. */
export function stepOptions(step: Pick<StepRow, "options"> | undefined): StepOptions {
  const options = parseJson(step?.options);
  if (!isRecord(options)) return {};
  const texts = Object.entries(options).filter(([, value]) => typeof value === "string" && value !== "");
  return Object.fromEntries(texts) as StepOptions;
}

/** JSON text of what the step was given: arguments of a body, payload of an invocation, else all options. Undefined where there is nothing. */
export function stepInput({ kind, options, inputOverride }: Pick<StepRow, "kind" | "options" | "inputOverride">): string | undefined {
  if (inputOverride !== undefined) return inputOverride;
  const parsed = parseJson(options);
  if (!isRecord(parsed)) return undefined;
  if (kind === "invoke") return textOfValue(parsed["payload"]);
  if (kind === "run" || kind === "send-event") return textOfValue(parsed["input"]);
  if ((kind === "gateway" || kind === "ai-gateway") && options !== undefined) return maskedOptions(options);
  return options;
}

function textOfValue(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : JSON.stringify(value);
}
