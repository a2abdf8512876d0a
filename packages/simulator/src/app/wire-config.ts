/**
 * A function's definition as an SDK registers it. Spec: wire 4.4.
 *
 * I1  Reading it gives the definition again (wire-config.test.ts).
 */
import type { FunctionDefinition, TriggerDefinition } from "@pawl/engine";

/** One entry of `functions`. */
export function wireConfigOf(definition: FunctionDefinition): object {
  const { slug, name, url, attemptsMax, triggers, concurrency, idempotency, priority, cancelOn } = definition;
  return {
    id: slug,
    name,
    triggers: triggers.map(triggerOf),
    steps: { step: { id: "step", name: "step", runtime: { type: "http", url }, retries: { attempts: attemptsMax - 1 } } },
    concurrency: { step: concurrency.step.map(limitOf), ...(concurrency.run === undefined ? {} : { fn: [limitOf(concurrency.run)] }) },
    cancel: cancelOn.map(({ event, condition }) => ({ event, if: condition })),
    idempotency,
    ...(priority === undefined ? {} : { priority: { run: priority.expression } }),
    ...flowOf(definition),
  };
}

function flowOf({ rateLimit, throttle, debounce, batch, singleton, timeouts }: FunctionDefinition): object {
  return {
    ...(rateLimit === undefined ? {} : { rateLimit: keyed(rateLimit) }),
    ...(throttle === undefined ? {} : { throttle: keyed(throttle) }),
    ...(debounce === undefined ? {} : { debounce: { ...keyed(debounce), timeout: duration(debounce.timeoutMs) } }),
    ...(batch === undefined
      ? {}
      : { batchEvents: { maxSize: batch.sizeMax, timeout: duration(batch.timeoutMs), key: batch.keyExpression, if: batch.condition } }),
    ...(singleton === undefined ? {} : { singleton: { mode: singleton.mode, key: singleton.keyExpression } }),
    timeouts: { start: duration(timeouts.startMs), finish: duration(timeouts.finishMs) },
  };
}

type Keyed = { readonly keyExpression?: string; readonly periodMs: number };

function keyed({ keyExpression, periodMs, ...rest }: Keyed): object {
  return { ...rest, key: keyExpression, period: duration(periodMs) };
}

function triggerOf(trigger: TriggerDefinition): object {
  if (trigger.kind === "event") return { event: trigger.event, expression: trigger.condition };
  const { cron, jitterMs, missed, overlap } = trigger;
  return { cron, jitter: duration(jitterMs), missed, overlap };
}

function limitOf({ keyExpression, ...rest }: { readonly limit: number; readonly keyExpression?: string }): object {
  return { ...rest, key: keyExpression };
}

function duration(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : `${ms / 1_000}s`;
}
