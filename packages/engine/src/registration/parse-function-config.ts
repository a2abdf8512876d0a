/**
 * One function's configuration, as an app sends it, to a `FunctionDefinition`.
 *
 * I1  All problems are reported at once, each with the function, the option's path, what was received and what is expected.
 * I2  Whatever would make a function never run, or fail on every event, is refused here and not found out later.
 *
 * Spec: wire-protocol 4.4; semantics 2.1, 6, 7.1.
 */
import { RETRIES_DEFAULT, RETRIES_MAX } from "@pawl/protocol";
import { compact } from "./compact.ts";
import { type ConfigProblem, isObject, OptionReader, ProblemList } from "./config-reader.ts";
import type { CheckpointDefinition, FunctionDefinition, TimeoutsDefinition } from "./function-definition.ts";
import { parseConcurrency } from "./parse-concurrency.ts";
import { type DurationRule, readDuration, readDurationOrNanos } from "./parse-duration.ts";
import { parseBatch, parseDebounce, parsePriority, parseRateLimit, parseSingleton, parseThrottle } from "./parse-flow-control.ts";
import { type Retries, readRetries } from "./parse-retry.ts";
import { parseCancels, parseTriggers } from "./parse-triggers.ts";

export type { ConfigProblem, ConfigProblemCode } from "./config-reader.ts";

/** Result of parsing: a definition, or everything that is wrong. */
export type FunctionConfigResult =
  | { readonly kind: "valid"; readonly config: FunctionDefinition }
  | { readonly kind: "invalid"; readonly problems: readonly ConfigProblem[] };

/** Parses one entry of `functions`. Unknown options are ignored; see `FunctionDefinition` for defaults and bounds. */
export function parseFunctionConfig(raw: unknown): FunctionConfigResult {
  const list = new ProblemList(functionNameOf(raw));
  const config = OptionReader.of({ path: "", value: raw }, list);
  const definition = config === undefined ? undefined : readDefinition(config, list);
  if (definition === undefined || list.problems.length > 0) return { kind: "invalid", problems: list.problems };
  return { kind: "valid", config: definition };
}

/** A slug made of a name: lower case, with `-` for everything but letters and digits. */
export function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-|-$/g, "");
}

function readDefinition(config: OptionReader, list: ProblemList): FunctionDefinition | undefined {
  config.require("name", "a text that is not empty");
  const name = config.text("name");
  const slug = config.option("id")?.value === "" || !config.has("id") ? slugOf(name ?? "") : config.text("id");
  if (slug === "" && name !== undefined) list.add({ path: "id", message: "must be a text, because the name has no letter or digit" });
  const step = readStep(config, list);
  const definition = compact({
    slug: slug ?? "",
    name: name ?? "",
    url: step.url ?? "",
    attemptsMax: 1 + Math.min(step.retries.attempts ?? config.integer("retries", { min: 0 }) ?? RETRIES_DEFAULT, RETRIES_MAX),
    retry: step.retries.policy,
    triggers: parseTriggers(config, list),
    concurrency: parseConcurrency(config, list),
    idempotency: config.expression("idempotency", "key"),
    rateLimit: parseRateLimit(config, list),
    throttle: parseThrottle(config, list),
    debounce: parseDebounce(config, list),
    batch: parseBatch(config, list),
    priority: parsePriority(config, list),
    singleton: parseSingleton(config, list),
    cancelOn: parseCancels(config, list),
    timeouts: readTimeouts(config, list),
    checkpoint: readCheckpoint(config, list),
  });
  noteCombinations(definition, list);
  return definition;
}

/** What can't go together with batches. */
function noteCombinations({ batch, cancelOn, debounce, singleton, priority }: FunctionDefinition, list: ProblemList): void {
  if (batch === undefined) return;
  const excluded = {
    cancel: cancelOn.length > 0,
    debounce: debounce !== undefined,
    singleton: singleton !== undefined,
    "priority.run": priority !== undefined,
  };
  for (const [option, isThere] of Object.entries(excluded)) {
    if (isThere)
      list.add({ path: "batchEvents", code: "combo_unsupported", message: `can't be combined with ${option}: remove one of them` });
  }
}

type Step = { readonly url?: string; readonly retries: Retries };

function readStep(config: OptionReader, list: ProblemList): Step {
  const option = config.option("steps");
  if (option === undefined || !isObject(option.value) || Object.keys(option.value).length !== 1) {
    list.add({ path: "steps", message: "must be an object with exactly one step" });
    return { retries: {} };
  }
  const [key = "", value] = Object.entries(option.value)[0] ?? [];
  const step = OptionReader.of({ path: `steps.${key}`, value }, list);
  if (step === undefined) return { retries: {} };
  step.require("name", "a text that is not empty");
  step.text("name");
  return compact({ url: readUrl(step, list), retries: readRetries(step.option("retries"), list) });
}

/** The server calls this URL: with a scheme that it can't speak, every run would fail. */
function readUrl(step: OptionReader, list: ProblemList): string | undefined {
  step.require("runtime", "an object with a url");
  const option = step.option("runtime");
  const runtime = option === undefined ? undefined : OptionReader.of(option, list);
  runtime?.require("url", "a URL");
  const url = runtime?.text("url");
  if (url === undefined || /^(?:https?|wss?):\/\/[^\s/?#]+/i.test(url)) return url;
  return list.reject({ path: `${step.path}.runtime.url`, value: url }, "a URL that begins with http, https, ws or wss");
}

const TIMEOUT_RULE: DurationRule = { min: 0, expected: "a duration such as 10m" };

/** Empty text and 0 count as none. */
function readTimeouts(config: OptionReader, list: ProblemList): TimeoutsDefinition {
  const option = config.option("timeouts");
  const reader = option === undefined ? undefined : OptionReader.of(option, list);
  const read = (key: string): number | undefined => {
    const timeout = reader?.option(key);
    return timeout?.value === "" ? undefined : readDuration(timeout, TIMEOUT_RULE, list) || undefined;
  };
  return compact({ startMs: read("start"), finishMs: read("finish") });
}

const CHECKPOINT_RULE: DurationRule = { min: 0, expected: "a duration such as 2s, or a whole number of nanoseconds" };

function readCheckpoint(config: OptionReader, list: ProblemList): CheckpointDefinition | undefined {
  const option = config.option("checkpoint");
  const reader = option === undefined ? undefined : OptionReader.of(option, list);
  if (reader === undefined) return undefined;
  return compact({
    batchSteps: reader.integer("batch_steps", { min: 0 }),
    batchIntervalMs: readDurationOrNanos(reader.option("batch_interval"), CHECKPOINT_RULE, list),
    runtimeMsMax: readDurationOrNanos(reader.option("max_runtime"), CHECKPOINT_RULE, list),
  });
}

/** The name by which messages call the function. */
function functionNameOf(raw: unknown): string {
  if (!isObject(raw)) return "(not an object)";
  const names = Object.entries(raw).filter(([key, value]) => /^(?:id|name)$/i.test(key) && typeof value === "string" && value !== "");
  const name = names.find(([key]) => key.toLowerCase() === "id") ?? names[0];
  return name === undefined ? "(without a name)" : JSON.stringify(name[1]);
}
