/** Mistakes in what events start: triggers, flow control, schedules, the queue. */
import { type BulkState, type CellRow, type DebounceState, FUNCTION_INVOKED, SCHEDULED_TIMER } from "@pawl/engine";
import { dropping, items, mapping, newRuns, options, sometimes, withoutGuards } from "./alterations.ts";
import type { Canary } from "./canary.ts";

const MINUTE_MS = 60_000;

export const FLOW_CANARIES: readonly Canary[] = [
  {
    name: "an event is not guarded against being processed twice",
    module: "event/decide-event",
    foundBy: ["events"],
    alter: withoutGuards("event-unprocessed"),
  },
  {
    name: "an event is marked as processed without its runs",
    module: "event/decide-event",
    foundBy: ["events"],
    alter: dropping((change) => change.kind === "insert-run" || (change.kind === "insert-item" && change.item.kind === "start")),
  },
  {
    name: "an invocation goes to nobody",
    module: "event/invocation",
    foundBy: ["invokes"],
    alter: mapping((change) =>
      change.kind === "insert-event" && change.event.name === FUNCTION_INVOKED
        ? [{ ...change, event: { ...change.event, body: change.event.body.replace(/"fn_id":"f\d"/, '"fn_id":"nobody"') } }]
        : [change],
    ),
  },
  {
    name: "a wait takes any event of its name",
    module: "event/match-pause",
    foundBy: ["waits"],
    alter: mapping((change) => {
      if (change.kind !== "insert-pause") return [change];
      const { expression: _expression, matchPath: _path, matchValue: _value, ...pause } = change.pause;
      return [{ ...change, pause }];
    }),
  },
  {
    name: "an event is put into no batch",
    module: "flow/batch",
    foundBy: ["batches"],
    alter: dropping(({ kind }) => kind === "insert-batch-event"),
  },
  {
    name: "a batch takes one event too many",
    module: "flow/batch",
    foundBy: ["batches"],
    alterFunction: options(({ batch }) => (batch === undefined ? {} : { batch: { ...batch, sizeMax: batch.sizeMax + 1 } })),
  },
  {
    name: "a bulk operation ends after its first page",
    module: "flow/bulk",
    foundBy: ["bulks"],
    alter: mapping((change) => {
      if (change.kind === "put-cell" && change.cell.kind === "bulk")
        return [
          {
            ...change,
            cell: withState<BulkState>(change.cell, (state) => (state.status === "running" ? { ...state, status: "ended" } : state)),
          },
        ];
      return change.kind === "reschedule-item" && change.item.kind === "bulk"
        ? [{ kind: "delete-item", itemId: change.item.id }]
        : [change];
    }),
  },
  {
    name: "a debounce ends early",
    module: "flow/debounce",
    foundBy: ["debounces"],
    alter: mapping((change) => {
      if (change.kind === "put-cell" && change.cell.kind === "debounce")
        return [{ ...change, cell: withState<DebounceState>(change.cell, (state) => ({ ...state, dueAt: state.dueAt - 500 })) }];
      const isItem = (change.kind === "insert-item" || change.kind === "reschedule-item") && change.item.kind === "debounce";
      return isItem ? [{ ...change, item: { ...change.item, dueAt: change.item.dueAt - 500 } }] : [change];
    }),
  },
  {
    name: "what is held comes a minute late",
    module: "flow/flow-item",
    foundBy: ["debounces", "batches"],
    alter: items((item) => (item.kind === "debounce" || item.kind === "batch" ? { ...item, dueAt: item.dueAt + MINUTE_MS } : item)),
  },
  {
    name: "the key of a limit is ignored",
    module: "flow/flow-keys",
    foundBy: ["rate-limits"],
    alterFunction: options(({ rateLimit }) =>
      rateLimit === undefined ? {} : { rateLimit: { limit: rateLimit.limit, periodMs: rateLimit.periodMs } },
    ),
  },
  {
    name: "a decision is not guarded by what it counted",
    module: "flow/flow-plan",
    foundBy: ["singletons", "rate-limits", "debounces", "batches"],
    alter: withoutGuards("cell-version"),
  },
  {
    name: "it is not said why there is no run",
    module: "flow/outcome",
    foundBy: ["events"],
    alter: dropping(({ kind }) => kind === "insert-event-outcome"),
  },
  {
    name: "a debounced event starts a run at once",
    module: "flow/plan-event",
    foundBy: ["debounces"],
    alterFunction: options(({ debounce }) => (debounce === undefined ? {} : { debounce: { ...debounce, periodMs: 1 } })),
  },
  {
    name: "a singleton is not looked at",
    module: "flow/plan-start",
    foundBy: ["singletons"],
    alterFunction: (row) => {
      const { singleton: _singleton, ...definition } = row.definition;
      return { ...row, definition };
    },
  },
  {
    name: "a rate limit forgets too soon",
    module: "flow/rate-window",
    foundBy: ["rate-limits"],
    alterFunction: options(({ rateLimit }) =>
      rateLimit === undefined ? {} : { rateLimit: { ...rateLimit, periodMs: Math.floor(rateLimit.periodMs * 0.8) } },
    ),
  },
  {
    name: "a throttle lets one more start",
    module: "flow/throttle",
    foundBy: ["throttles"],
    alterFunction: options(({ throttle }) => (throttle === undefined ? {} : { throttle: { ...throttle, burst: throttle.burst + 1 } })),
  },
  {
    name: "a concurrency limit is one too high",
    module: "queue/lane",
    foundBy: ["concurrency"],
    alterFunction: options(({ concurrency }) => ({
      concurrency: { ...concurrency, step: concurrency.step.map((limit) => ({ ...limit, limit: limit.limit + 1 })) },
    })),
  },
  {
    name: "a limit on runs is one too high",
    module: "queue/lane",
    foundBy: ["run-limits"],
    alterFunction: options(({ concurrency: { step, run } }) =>
      run === undefined ? {} : { concurrency: { step, run: { ...run, limit: run.limit + 1 } } },
    ),
  },
  {
    name: "runs start in the order in which they were scheduled",
    module: "queue/lane",
    foundBy: ["priorities"],
    alter: items((item) => (item.kind === "start" ? { ...item, score: item.dueAt } : item)),
  },
  {
    name: "a retry comes at once",
    module: "queue/retry",
    foundBy: ["attempts"],
    alter: mapping((change) =>
      change.kind === "insert-attempt" && change.attempt.retryAt !== undefined
        ? [{ ...change, attempt: { ...change.attempt, retryAt: change.attempt.endedAt + 1 } }]
        : [change],
    ),
  },
  {
    name: "a tick is left out",
    module: "cron/decide-tick",
    foundBy: ["schedules"],
    alter: sometimes(
      (change) =>
        change.kind === "reschedule-item" && change.item.kind === "cron"
          ? [{ ...change, item: { ...change.item, dueAt: change.item.dueAt + 10 * MINUTE_MS } }]
          : [change],
      (change) => change.kind === "reschedule-item" && change.item.kind === "cron",
    ),
  },
  {
    name: "a tick comes at the wrong minute",
    module: "cron/next-tick",
    foundBy: ["schedules"],
    alter: items((item) => (item.kind === "cron" ? { ...item, dueAt: item.dueAt + 20_000 } : item)),
  },
  {
    name: "a tick with jitter comes later than it may",
    module: "cron/jitter",
    foundBy: ["schedules"],
    alterFunction: options(({ triggers }) => ({
      triggers: triggers.map((trigger) =>
        trigger.kind === "cron" && trigger.jitterMs !== undefined ? { ...trigger, jitterMs: 200_000 } : trigger,
      ),
    })),
  },
  {
    name: "a tick has no time of its own",
    module: "cron/schedule-event",
    foundBy: ["schedules"],
    alter: mapping((change) =>
      change.kind === "insert-event" && change.event.name === SCHEDULED_TIMER
        ? [{ ...change, event: { ...change.event, externalId: change.event.id } }]
        : [change],
    ),
  },
  {
    name: "a run is refused by a pause that is over",
    module: "flow/plan-start",
    foundBy: ["pauses"],
    alter: newRuns((run) => (run.skipReason === "singleton" ? { ...run, skipReason: "function-paused" } : run)),
  },
  {
    name: "an acknowledged event is not stored",
    module: "server",
    foundBy: ["events"],
    alter: dropping((change) => change.kind === "insert-event" && !change.event.isInternal),
  },
  {
    name: "a crash loses what was committed",
    module: "store",
    foundBy: ["durability", "events", "guards"],
    alterCrash: (_now, before) => before,
  },
];

function withState<T>(cell: CellRow, map: (state: T) => T): CellRow {
  return { ...cell, state: JSON.stringify(map(JSON.parse(cell.state) as T)) };
}
