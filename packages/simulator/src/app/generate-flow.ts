/**
 * Flow control by chance: each option alone and in every combination that may be registered.
 *
 * I1  Numbers are small and times short, so that a world with some dozen events meets its limits.
 * I2  What registration refuses is not generated: a batch beside a debounce, a singleton, a priority or a `cancelOn` (semantics 6.9).
 */
import type { FunctionDefinition, TriggerDefinition } from "@pawl/engine";
import type { SeededRandom } from "../world/seeded-random.ts";
import { cronOf, type FlowOptions, keyExpressionOf, type ScheduleOption } from "./flow-options.ts";

const PERIODS_MS = [1_000, 5_000, 30_000, 300_000] as const;

/** How often a function has an option, where the world has flow control. */
const CHANCE = 0.22;

/** Options without any limit. */
export const NO_FLOW: FlowOptions = { schedules: [] };

/** Flow control of one function. `mayBatch`: nothing that can't go with a batch is set already. */
export function generateFlow(random: SeededRandom, { mayBatch }: { readonly mayBatch: boolean }): FlowOptions {
  const option = <T>(make: () => T): T | undefined => (random.chance(CHANCE) ? make() : undefined);
  const perK = (): boolean => random.chance(0.5);
  const period = (): number => random.pick(PERIODS_MS);
  const batch = mayBatch
    ? option(() => ({ sizeMax: random.between(2, 4), timeoutMs: period(), perK: perK(), ...(random.chance(0.3) ? { above: 3 } : {}) }))
    : undefined;
  const alone = <T>(make: () => T): T | undefined => (batch === undefined ? option(make) : undefined);
  return defined({
    rateLimit: option(() => ({ limit: random.between(1, 3), periodMs: period(), perK: perK() })),
    isIdempotent: option(() => true),
    batch,
    debounce: alone(() => ({ periodMs: period(), perK: perK(), ...(random.chance(0.5) ? { timeoutMs: period() * 2 } : {}) })),
    singleton: alone(() => ({ mode: random.pick(["skip", "cancel"] as const), perK: perK() })),
    throttle: option(() => ({ limit: random.between(1, 3), periodMs: period(), burst: random.integer(2), perK: perK() })),
    runLimit: option(() => ({ limit: random.between(1, 2), perK: perK() })),
    startMs: option(period),
    finishMs: option(period),
    prioritySeconds: alone(() => random.pick([1, 60, 600])) ?? alone(() => 60),
    schedules: option(() => generateSchedules(random)) ?? [],
  });
}

function generateSchedules(random: SeededRandom): readonly ScheduleOption[] {
  const one = (everyMinutes: number): ScheduleOption => ({
    everyMinutes,
    hasZone: random.chance(0.3),
    missed: random.pick(["one", "all", "skip"]),
    overlaps: random.chance(0.5),
    ...(random.chance(0.3) ? { jitterMs: random.pick([1_000, 20_000]) } : {}),
  });
  const first = one(random.pick([1, 2, 5]));
  return random.chance(0.3) ? [first, one(first.everyMinutes * 2)] : [first];
}

type Definition = Pick<
  FunctionDefinition,
  "rateLimit" | "idempotency" | "debounce" | "batch" | "singleton" | "throttle" | "priority" | "timeouts"
>;

/** The options as registered. Schedules are triggers (`scheduleTriggers`), a limit on runs is beside that on steps (`runLimitOf`). */
export function flowDefinitionOf(flow: FlowOptions): Definition {
  const { rateLimit, isIdempotent, debounce, batch, singleton, throttle, startMs, finishMs, prioritySeconds } = flow;
  return defined({
    rateLimit: rateLimit && { limit: rateLimit.limit, periodMs: rateLimit.periodMs, ...keyExpressionOf(rateLimit) },
    idempotency: isIdempotent === true ? "event.data.n" : undefined,
    debounce: debounce && defined({ periodMs: debounce.periodMs, timeoutMs: debounce.timeoutMs, ...keyExpressionOf(debounce) }),
    batch: batch && {
      sizeMax: batch.sizeMax,
      timeoutMs: batch.timeoutMs,
      ...keyExpressionOf(batch),
      ...(batch.above === undefined ? {} : { condition: `event.data.n > ${batch.above}` }),
    },
    singleton: singleton && { mode: singleton.mode, ...keyExpressionOf(singleton) },
    throttle: throttle && { limit: throttle.limit, periodMs: throttle.periodMs, burst: throttle.burst, ...keyExpressionOf(throttle) },
    priority: prioritySeconds === undefined ? undefined : { expression: `int(event.data.n) * ${prioritySeconds}` },
    timeouts: defined({ startMs, finishMs }),
  });
}

/** The limit on whole runs, as registered. */
export function runLimitOf({ runLimit }: FlowOptions): Pick<FunctionDefinition["concurrency"], "run"> {
  return runLimit === undefined ? {} : { run: { limit: runLimit.limit, ...keyExpressionOf(runLimit) } };
}

/** The schedules as registered. */
export function scheduleTriggers({ schedules }: FlowOptions): readonly TriggerDefinition[] {
  return schedules.map((schedule) => ({
    kind: "cron",
    cron: cronOf(schedule),
    ...(schedule.jitterMs === undefined ? {} : { jitterMs: schedule.jitterMs }),
    ...(schedule.missed === "one" ? {} : { missed: schedule.missed }),
    ...(schedule.overlaps ? {} : { overlap: false }),
  }));
}

/** An object without the keys whose value is undefined. */
function defined<T extends object>(value: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;
}
