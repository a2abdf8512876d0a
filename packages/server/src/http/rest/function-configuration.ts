/** A function's options as REST v2 and GraphQL show them. Spec: wire 11.4, 12.1. */
import type { ConcurrencyScope, FunctionDefinition } from "@pawl/engine";
import { formatDuration, RETRIES_DEFAULT } from "@pawl/protocol";
import { given } from "../../json.ts";

const SCOPE: Readonly<Record<ConcurrencyScope, string>> = { fn: "FUNCTION", env: "ENVIRONMENT", account: "ACCOUNT" };

/** Triggers: `value` is an event's name or a cron expression. */
export function triggersOf({
  triggers,
}: FunctionDefinition): readonly { readonly type: "EVENT" | "CRON"; readonly value: string; readonly condition?: string }[] {
  return triggers.map((trigger) =>
    trigger.kind === "cron"
      ? { type: "CRON", value: trigger.cron }
      : { type: "EVENT", value: trigger.event, ...given("condition", trigger.condition) },
  );
}

/** The configuration, with durations as texts such as `1h30m`. */
export function configurationOf(definition: FunctionDefinition): Readonly<Record<string, unknown>> {
  const { cancelOn, attemptsMax, priority, batch, rateLimit, debounce, throttle, singleton, concurrency } = definition;
  const keyOf = ({ keyExpression }: { readonly keyExpression?: string }) => given("key", keyExpression);
  return {
    cancellations: cancelOn.map(({ event, condition, until }) => ({
      event,
      timeout: until.kind === "duration" ? formatDuration(until.ms) : new Date(until.at).toISOString(),
      ...given("condition", condition),
    })),
    retries: { value: attemptsMax - 1, isDefault: attemptsMax - 1 === RETRIES_DEFAULT },
    ...given("priority", priority?.expression),
    ...given("eventsBatch", batch && { maxSize: batch.sizeMax, timeout: formatDuration(batch.timeoutMs), ...keyOf(batch) }),
    concurrency: concurrency.step.map((limit) => ({
      scope: SCOPE[limit.scope],
      limit: { value: limit.limit, isPlanLimit: false },
      ...keyOf(limit),
    })),
    ...given("rateLimit", rateLimit && { limit: rateLimit.limit, period: formatDuration(rateLimit.periodMs), ...keyOf(rateLimit) }),
    ...given("debounce", debounce && { period: formatDuration(debounce.periodMs), ...keyOf(debounce) }),
    ...given(
      "throttle",
      throttle && { burst: throttle.burst, limit: throttle.limit, period: formatDuration(throttle.periodMs), ...keyOf(throttle) },
    ),
    ...given("singleton", singleton && { mode: singleton.mode.toUpperCase(), ...keyOf(singleton) }),
  };
}
