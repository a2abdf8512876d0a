/**
 * Creating a run: its row, its first item, its cancellations.
 *
 * I1  A run exists with its start item or not at all.
 * I2  The run's lane and order come from its first event, once.
 *
 * Spec: semantics 3.3, 6, 7.1.
 */
import { PRIORITY_S_MAX, WAIT_MS_DEFAULT } from "@pawl/protocol";
import type { FunctionRow } from "../app/app-row.ts";
import type { Change } from "../change/change.ts";
import type { DecideContext } from "../decision/decision.ts";
import type { EventRow } from "../event/event-row.ts";
import { compileOnce, evaluateNumber, type ExpressionEvent } from "../expression/index.ts";
import type { PauseRow } from "../pause/pause-row.ts";
import { itemIdOf } from "../queue/item-row.ts";
import { laneOf } from "../queue/lane.ts";
import type { CancelDefinition } from "../registration/function-definition.ts";
import type { TraceEntry } from "../trace/trace-entry.ts";
import { boundCondition } from "./op/wait.ts";
import type { RunRow } from "./run-row.ts";
import { type RunState, runStateOf } from "./run-state.ts";

export type ScheduleInput = {
  readonly function: FunctionRow;
  readonly event: EventRow;
  /** The event's body, parsed. */
  readonly parsed: ExpressionEvent;
  readonly idempotencyKey?: string;
  readonly correlationId?: string;
  readonly rerunOf?: string;
};

export type ScheduledRun = { readonly state: RunState; readonly changes: readonly Change[]; readonly trace: TraceEntry };

/** A new run of a function for an event. It starts when the event says, or now. */
export function scheduleRun(input: ScheduleInput, ctx: DecideContext): ScheduledRun {
  const { event, parsed } = input;
  const { id: functionId, appId, version, definition } = input.function;
  const id = ctx.random.ulid(ctx.now);
  const pauses = definition.cancelOn.flatMap((cancel, index) => cancelPause({ cancel, index, runId: id, parsed, now: ctx.now }));
  const lane = laneOf({ functionId, definition, event: parsed, now: ctx.now });
  const run: RunRow = {
    id,
    functionId,
    appId,
    functionVersion: version,
    status: "QUEUED",
    version: 1,
    requestVersion: -1,
    eventIds: [event.id],
    eventName: event.name,
    queuedAt: ctx.now,
    lane,
    score: ctx.now - prioritySeconds(input, ctx) * 1_000,
    stateBytes: event.body.length,
    stepsDone: 0,
    stalls: 0,
    hasFannedOut: false,
    hasPauses: pauses.length > 0,
    ...(input.idempotencyKey === undefined ? {} : { idempotencyKey: input.idempotencyKey }),
    ...(input.correlationId === undefined ? {} : { correlationId: input.correlationId }),
    ...(input.rerunOf === undefined ? {} : { rerunOf: input.rerunOf }),
  };
  const dueAt = Math.max(ctx.now, event.ts);
  const item = {
    id: itemIdOf.start(id),
    runId: id,
    functionId,
    kind: "start",
    dueAt,
    score: run.score,
    lane,
    attempt: 0,
    attemptsMax: definition.attemptsMax,
  } as const;
  return {
    state: runStateOf(run, [], [event.body]),
    changes: [
      { kind: "insert-run", run },
      { kind: "insert-item", item },
      ...pauses.map((pause) => ({ kind: "insert-pause", pause }) as const),
    ],
    trace: { kind: "run-scheduled", runId: id, functionId, eventId: event.id, eventName: event.name, dueAt },
  };
}

/** Seconds by which the run goes ahead of others of its function; 0 where the expression gives none. */
function prioritySeconds({ function: { definition }, parsed }: ScheduleInput, { now }: DecideContext): number {
  if (definition.priority === undefined) return 0;
  const compiled = compileOnce(definition.priority.expression);
  const result = compiled.kind === "compiled" ? evaluateNumber(compiled.expression, { event: parsed, now }) : undefined;
  if (result?.kind !== "number") return 0;
  return Math.min(Math.max(Math.trunc(result.value), -PRIORITY_S_MAX), PRIORITY_S_MAX);
}

type CancelInput = {
  readonly cancel: CancelDefinition;
  readonly index: number;
  readonly runId: string;
  readonly parsed: ExpressionEvent;
  readonly now: number;
};

/** The listener of one `cancelOn`; none where its condition can never hold for this run. */
function cancelPause({ cancel, index, runId, parsed, now }: CancelInput): readonly PauseRow[] {
  const expiresAt = cancel.until.kind === "instant" ? cancel.until.at : now + cancel.until.ms;
  const compiled = cancel.condition === undefined ? undefined : compileOnce(cancel.condition);
  const condition = compiled?.kind === "compiled" ? boundCondition(compiled.expression, parsed) : {};
  if (expiresAt <= now || "problem" in condition || condition.expression === "false") return [];
  return [
    {
      id: `${runId}/cancel/${index}`,
      runId,
      kind: "cancel",
      eventName: cancel.event,
      createdAt: now,
      expiresAt: Math.min(expiresAt, now + WAIT_MS_DEFAULT),
      ...condition,
    },
  ];
}
