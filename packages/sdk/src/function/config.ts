/**
 * Functions to the configuration that is registered with a server.
 *
 * I1  A function with `onFailure` yields two configurations; the second is triggered by the failure of the first.
 *
 * Source: wire-protocol 4.4, sdk 4.2.
 */
import {
  RETRIES_DEFAULT,
  type CancelConfig,
  type ConcurrencyConfig,
  type EventTriggerConfig,
  type FunctionConfig,
  type TriggerConfig,
} from "@pawl/protocol";
import { formatGoDuration } from "../time/go-duration.ts";
import { FAILED_EVENT } from "../event/payload.ts";
import { durationMs, durationText, timeoutText } from "../time/duration.ts";
import { eventNameOf, listTriggers, triggerConfig } from "../trigger/trigger.ts";
import { isSplit, listConcurrency } from "./check.ts";
import type { AnyFunction } from "./function.ts";
import type { AnyFunctionOptions, CancelOption, RetryOptions } from "./options.ts";
import { retriesConfig } from "./retries.ts";

/** Ending of the slug of a failure handler. */
export const FAILURE_SUFFIX = "-failure";

/** Where the server calls the app, and by which means. */
export type RuntimeTarget = { readonly type: "http" | "ws"; readonly url: string };

/** One or two configurations (I1). */
export function functionConfigs(fn: AnyFunction, target: RuntimeTarget): FunctionConfig[] {
  const { options } = fn;
  const config: FunctionConfig = {
    id: fn.slug,
    name: fn.name,
    triggers: listTriggers(options.triggers)
      .map((trigger, index) => triggerConfig(trigger, `Function "${fn.id}", option \`triggers[${index}]\``))
      .filter((trigger): trigger is TriggerConfig => trigger !== undefined),
    steps: stepConfig(fn.slug, target, options.retries),
    ...flowControlConfig(options),
  };
  return options.onFailure === undefined ? [config] : [config, failureConfig(fn, target)];
}

function failureConfig(fn: AnyFunction, target: RuntimeTarget): FunctionConfig {
  const trigger: EventTriggerConfig = { event: FAILED_EVENT, expression: `event.data.function_id == '${fn.slug}'` };
  const slug = fn.slug + FAILURE_SUFFIX;
  return { id: slug, name: `${fn.name} (failure)`, triggers: [trigger], steps: stepConfig(slug, target, 1) };
}

function stepConfig(slug: string, target: RuntimeTarget, retries: RetryOptions | undefined): FunctionConfig["steps"] {
  const url = new URL(target.url);
  url.searchParams.set("fnId", slug);
  url.searchParams.set("stepId", "step");
  return {
    step: {
      id: "step",
      name: "step",
      runtime: { type: target.type, url: url.href },
      // With the count always there: a server that knows no backoff may read an object without it as "no retries".
      ...(retries === undefined ? {} : { retries: { attempts: RETRIES_DEFAULT, ...retriesConfig(retries, (option) => option) } }),
    },
  };
}

type FlowControl = Omit<FunctionConfig, "id" | "name" | "triggers" | "steps">;

function flowControlConfig(options: AnyFunctionOptions): FlowControl {
  const { concurrency, batchEvents, idempotency, rateLimit, throttle, debounce, priority, timeouts, singleton, cancelOn } = options;
  return {
    ...(concurrency === undefined ? {} : { concurrency: concurrencyConfig(concurrency) }),
    ...(batchEvents === undefined
      ? {}
      : { batchEvents: defined({ ...batchEvents, timeout: formatGoDuration(durationMs(batchEvents.timeout, "batchEvents.timeout")) }) }),
    ...(idempotency === undefined ? {} : { idempotency }),
    ...(rateLimit === undefined
      ? {}
      : { rateLimit: defined({ ...rateLimit, period: durationText(rateLimit.period, "rateLimit.period") }) }),
    ...(throttle === undefined ? {} : { throttle: defined({ ...throttle, period: durationText(throttle.period, "throttle.period") }) }),
    ...(debounce === undefined ? {} : { debounce: debounceConfig(debounce) }),
    ...(priority?.run === undefined ? {} : { priority: { run: priority.run } }),
    ...(timeouts === undefined ? {} : { timeouts: timeoutsConfig(timeouts) }),
    ...(singleton === undefined ? {} : { singleton: defined({ ...singleton }) }),
    ...(cancelOn === undefined ? {} : { cancel: cancelOn.map(cancelConfig) }),
  };
}

function concurrencyConfig(concurrency: NonNullable<AnyFunctionOptions["concurrency"]>): ConcurrencyConfig {
  if (typeof concurrency === "number") return concurrency;
  const step = listConcurrency(concurrency).map((limit) => defined({ ...limit }));
  if (!isSplit(concurrency) || concurrency.fn === undefined) return step;
  return { fn: [defined({ ...concurrency.fn })], ...(step.length === 0 ? {} : { step }) };
}

function debounceConfig(debounce: NonNullable<AnyFunctionOptions["debounce"]>): NonNullable<FunctionConfig["debounce"]> {
  const { period, key, timeout } = debounce;
  return {
    period: durationText(period, "debounce.period"),
    ...(key === undefined ? {} : { key }),
    ...(timeout === undefined ? {} : { timeout: durationText(timeout, "debounce.timeout") }),
  };
}

function timeoutsConfig(timeouts: NonNullable<AnyFunctionOptions["timeouts"]>): NonNullable<FunctionConfig["timeouts"]> {
  const { start, finish } = timeouts;
  return {
    ...(start === undefined ? {} : { start: durationText(start, "timeouts.start") }),
    ...(finish === undefined ? {} : { finish: durationText(finish, "timeouts.finish") }),
  };
}

function cancelConfig(cancel: CancelOption): CancelConfig {
  const expression = cancel.if ?? (cancel.match === undefined ? undefined : matchExpression(cancel.match));
  return {
    event: eventNameOf(cancel.event),
    ...(expression === undefined ? {} : { if: expression }),
    ...(cancel.timeout === undefined ? {} : { timeout: timeoutText(cancel.timeout, "cancelOn.timeout") }),
  };
}

/** Expression for "this path is equal in the triggering event and in the later one". */
export function matchExpression(path: string): string {
  return `event.${path} == async.${path}`;
}

/** The same object without members that are undefined. */
function defined<T extends object>(object: T): T {
  for (const [key, value] of Object.entries(object)) if (value === undefined) Reflect.deleteProperty(object, key);
  return object;
}
