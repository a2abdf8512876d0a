/**
 * Creating a run: its row, its first item, its time limit, its cancellations.
 *
 * I1  A run exists with its start item or not at all; one that is skipped has no item.
 * I2  The run's lane and order come from its first event, once.
 *
 * Spec: semantics 1.7, 3.3, 6, 7.1.
 */
import { PRIORITY_S_MAX, type ReasonCode, REASONS, SESSIONS_PER_RUN_MAX, utf8Bytes, WAIT_MS_DEFAULT } from "@pawl/protocol";
import type { FunctionRow } from "../app/app-row.ts";
import type { Change } from "../change/change.ts";
import type { DecideContext } from "../decision/decision.ts";
import type { EventRow } from "../event/event-row.ts";
import { compileOnce, evaluateNumber, type ExpressionEvent } from "../expression/index.ts";
import type { PauseRow } from "../pause/pause-row.ts";
import { type ItemRow, itemIdOf } from "../queue/item-row.ts";
import { laneOf, startLaneOf } from "../queue/lane.ts";
import type { CancelDefinition, FunctionDefinition } from "../registration/function-definition.ts";
import type { TraceEntry } from "../trace/trace-entry.ts";
import { boundCondition } from "./op/wait.ts";
import { type Memo, stepsOfMemo } from "./rerun-from.ts";
import type { RunRow } from "./run-row.ts";
import { type RunState, runStateOf } from "./run-state.ts";

export type ScheduleInput = {
  readonly function: FunctionRow;
  /** One, or a batch in the order of arrival. */
  readonly events: readonly EventRow[];
  /** The first event's body, parsed: keys and priority come from it. */
  readonly parsed: ExpressionEvent;
  readonly idempotencyKey?: string;
  /** For a batch, of one event or more: its key as a run. */
  readonly batchId?: string;
  /** Who waits for the run's result; of a batch, there may be several. */
  readonly correlationIds?: readonly string[];
  readonly rerunOf?: string;
  /** Expression of the schedule that it comes from. */
  readonly cron?: string;
  /** The bulk operation that it comes from. */
  readonly bulkId?: string;
  /** Cells that the run holds until it ends. */
  readonly holds?: readonly string[];
  /** Results that it begins with. */
  readonly memo?: Memo;
};

export type ScheduledRun = { readonly state: RunState; readonly changes: readonly Change[]; readonly trace: TraceEntry };

/** A new run of a function. It starts now, or when its event says; that a batch's events lie in the future means nothing. */
export function scheduleRun(input: ScheduleInput, ctx: DecideContext): ScheduledRun {
  const { events, parsed } = input;
  const { id: functionId, definition } = input.function;
  const row = newRun(input, ctx);
  const pauses = definition.cancelOn.flatMap((cancel, index) => cancelPause({ cancel, index, runId: row.id, parsed, now: ctx.now }));
  const steps = input.memo === undefined ? [] : stepsOfMemo(input.memo, row);
  const run: RunRow = { ...row, ...(input.memo === undefined ? {} : countsOf(input.memo, row)), hasPauses: pauses.length > 0 };
  const dueAt = Math.max(ctx.now, input.batchId === undefined ? (events[0]?.ts ?? 0) : 0);
  return {
    state: runStateOf(run, steps, { events: events.map(({ body }) => body) }),
    changes: [
      { kind: "insert-run", run },
      { kind: "insert-item", item: startItem(run, definition, dueAt) },
      ...startTimeout(run, definition, dueAt),
      ...steps.map((step) => ({ kind: "put-step", step }) as const),
      ...pauses.map((pause) => ({ kind: "insert-pause", pause }) as const),
    ],
    trace: { kind: "run-scheduled", runId: run.id, functionId, eventId: run.eventIds[0] ?? "", eventName: run.eventName, dueAt },
  };
}

/** What the results that a run begins with count for. */
function countsOf({ steps, requestVersion }: Memo, row: RunRow): Pick<RunRow, "stepsDone" | "stateBytes" | "requestVersion"> {
  const bytes = steps.reduce((sum, { result }) => sum + utf8Bytes(result ?? ""), 0);
  return { stepsDone: steps.length, stateBytes: row.stateBytes + bytes, requestVersion };
}

/** A run that is refused for a reason: it is kept, and never executed. */
export function skippedRun(input: ScheduleInput, { reason, ctx }: { readonly reason: ReasonCode; readonly ctx: DecideContext }): RunRow {
  const { idempotencyKey: _, ...run } = newRun({ ...input, holds: [] }, ctx);
  return { ...run, status: "SKIPPED", endedAt: ctx.now, skipReason: reason, endReason: REASONS[reason] };
}

function newRun(input: ScheduleInput, ctx: DecideContext): RunRow {
  const { events, parsed } = input;
  const { id: functionId, appId, version, definition } = input.function;
  const { batchId, idempotencyKey = batchId, correlationIds = [], rerunOf, cron, bulkId, holds = [] } = input;
  const sessions = sessionsOf(events, parsed);
  return {
    id: ctx.random.ulid(ctx.now),
    functionId,
    appId,
    functionVersion: version,
    status: "QUEUED",
    version: 1,
    requestVersion: -1,
    eventIds: events.map(({ id }) => id),
    eventName: parsed.name,
    queuedAt: ctx.now,
    lane: laneOf({ functionId, definition, event: parsed, now: ctx.now }),
    score: ctx.now - prioritySeconds(input, ctx) * 1_000,
    stateBytes: events.reduce((bytes, { body }) => bytes + utf8Bytes(body), 0),
    stepsDone: 0,
    stalls: 0,
    hasFannedOut: false,
    hasPauses: false,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(correlationIds.length === 1 && events.length === 1 && correlationIds[0] !== undefined ? { correlationId: correlationIds[0] } : {}),
    ...(rerunOf === undefined ? {} : { rerunOf }),
    ...(cron === undefined ? {} : { cron }),
    ...(bulkId === undefined ? {} : { bulkId }),
    ...(holds.length === 0 ? {} : { holds }),
    ...(sessions === undefined ? {} : { sessions }),
  };
}

function startItem(run: RunRow, { attemptsMax }: FunctionDefinition, dueAt: number): ItemRow {
  return {
    id: itemIdOf.start(run.id),
    runId: run.id,
    functionId: run.functionId,
    kind: "start",
    dueAt,
    score: run.score,
    lane: startLaneOf(run.lane),
    attempt: 0,
    attemptsMax,
  };
}

/** The time counts from the instant at which the run may start, so an event in the future is not late before its time. */
function startTimeout(run: RunRow, { timeouts }: FunctionDefinition, dueAt: number): readonly Change[] {
  if (timeouts.startMs === undefined) return [];
  return [{ kind: "insert-item", item: timeoutItem(run, { which: "start", dueAt: dueAt + timeouts.startMs }) }];
}

/** Whether a run is of a batch. */
export function isOfBatch({ idempotencyKey = "" }: Pick<RunRow, "idempotencyKey">): boolean {
  return idempotencyKey.startsWith("batch|");
}

/** The item that ends a run which takes too long to start or to finish. */
export function timeoutItem(
  run: RunRow,
  { which, dueAt }: { readonly which: "start" | "finish" | "sync"; readonly dueAt: number },
): ItemRow {
  const { id: runId, functionId, score, lane } = run;
  return { id: itemIdOf.timeout(runId, which), runId, functionId, kind: "run-timeout", dueAt, score, lane, attempt: 0, attemptsMax: 1 };
}

/** Labels of the events: sorted, each once. */
function sessionsOf(events: readonly EventRow[], first: ExpressionEvent): string | undefined {
  const pairs = new Map<string, readonly [string, string]>();
  for (const [index, { body }] of events.entries()) {
    if (!body.includes('"sessions"')) continue;
    const { meta } = index === 0 ? first : (JSON.parse(body) as ExpressionEvent);
    const { sessions = {} } = (meta ?? {}) as { readonly sessions?: Readonly<Record<string, string>> };
    for (const [key, id] of Object.entries(sessions)) pairs.set(`${key}\0${id}`, [key, id]);
  }
  if (pairs.size === 0) return undefined;
  return JSON.stringify(
    [...pairs]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, SESSIONS_PER_RUN_MAX)
      .map(([, pair]) => pair),
  );
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
