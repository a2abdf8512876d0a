/**
 * Puts a decision about a run together: reads through to the run's state, collects changes.
 *
 * I1  A finished step is never finished again (first write wins), whatever is asked.
 * I2  A draft that ends the run leaves no queue item, no pause and no held cell of it, and makes the events that tell of it.
 * I3  `decisionOf` raises the run's version by one and guards the version it was made on.
 *
 * Spec: semantics 3.4, 4.4, 4.6; wire 8.7.
 */
import { type RunStatus, RUN_STATE_BYTES_MAX, STEPS_PER_RUN_DEFAULT, utf8Bytes } from "@pawl/protocol";
import type { Change, Guard } from "../change/change.ts";
import type { DecideContext, Decision } from "../decision/decision.ts";
import type { FunctionRow } from "../app/app-row.ts";
import { type ItemRow, itemIdOf } from "../queue/item-row.ts";
import type { FunctionError } from "../reply/reply.ts";
import { isFinished, type StepRow, type StepStatus } from "../step/step-row.ts";
import type { TraceEntry } from "../trace/trace-entry.ts";
import { deferEvents } from "./defer-events.ts";
import type { DeferRow } from "./defer-row.ts";
import { lifecycleEvents } from "./lifecycle-events.ts";
import type { RunRow } from "./run-row.ts";
import type { RunState } from "./run-state.ts";

/**
 * How long a discovery waits, for each sibling under way, for those that finish together with a step of a race. Without it, 100 parallel
 * steps ask up to 100 times, and each answer names all 100 steps.
 */
const RACE_COALESCE_MS = 10;

/** A race that is decided must not wait longer than people notice. */
const RACE_COALESCE_MS_MAX = 200;

/** Answers in a row that bring nothing new before a run is failed: an app that answers so would be called for ever. */
export const STALLS_MAX = 10;

/** Limits of a function's runs that differ from the usual: steps, and bytes of their state. */
export type RunLimits = { readonly stepsMax?: number; readonly stateBytesMax?: number };

/** What a decision about a run needs besides the state. */
export type RunEnvironment = {
  readonly ctx: DecideContext;
  readonly limits?: RunLimits;
  /** The function's newest configuration. */
  readonly function: FunctionRow;
  /** A discovery of this run that waits in the queue and has not been claimed. */
  readonly queuedDiscovery?: ItemRow;
  /** Whether another call of this run is under way that will tell what is next. Default false. */
  readonly isDiscovering?: boolean;
};

export type Draft = {
  readonly state: RunState;
  readonly env: RunEnvironment;
  readonly guards: Guard[];
  readonly changes: Change[];
  readonly trace: TraceEntry[];
  /** The row as it will be, but for its version. */
  run: RunRow;
  /** Steps that this draft changed. */
  readonly steps: Map<string, StepRow>;
  readonly unfinished: Set<string>;
  /** Deferred functions that this draft changed. */
  readonly defers: Map<string, DeferRow>;
  /** When the app is to be asked what is next; undefined: not because of this draft. */
  discoveryAt: number | undefined;
  hasProgress: boolean;
};

/** An empty draft. */
export function draftOf(state: RunState, env: RunEnvironment): Draft {
  return {
    state,
    env,
    guards: [{ kind: "run-version", runId: state.run.id, version: state.run.version }],
    changes: [],
    trace: [],
    run: state.run,
    steps: new Map(),
    unfinished: new Set(state.unfinished),
    defers: new Map(),
    discoveryAt: undefined,
    hasProgress: false,
  };
}

/** The step as it will be. */
export function stepOf(draft: Draft, stepId: string): StepRow | undefined {
  return draft.steps.get(stepId) ?? draft.state.steps.get(stepId);
}

export function isEnded(draft: Draft): boolean {
  return draft.run.endedAt !== undefined;
}

/** Stores an unfinished step. */
export function putStep(draft: Draft, step: StepRow): void {
  draft.steps.set(step.id, step);
  draft.unfinished.add(step.id);
  draft.changes.push({ kind: "put-step", step });
}

/** How a step ends. `result` is the memoised JSON text. */
export type StepEnd = {
  readonly status: Extract<StepStatus, "completed" | "failed" | "timed_out">;
  readonly result: string;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly matchedEventId?: string;
  readonly targetRunId?: string;
  readonly attempt?: number;
  /** Attempts that the step had, for the trace of a failure; default: the function's. */
  readonly attemptsMax?: number;
  /** `name: message`, for the trace of a failure. */
  readonly error?: string;
};

/** Ends a step, unless it has ended (I1). Fails the run where its state grows too large. */
export function finishStep(draft: Draft, step: StepRow, end: StepEnd): void {
  const known = stepOf(draft, step.id);
  if (known !== undefined && isFinished(known)) return;
  const { error: _error, attemptsMax: _attemptsMax, endedAt = draft.env.ctx.now, ...kept } = end;
  const finished: StepRow = { ...step, ...kept, position: draft.run.stepsDone, endedAt };
  draft.steps.set(step.id, finished);
  draft.unfinished.delete(step.id);
  draft.changes.push({ kind: "put-step", step: finished });
  draft.run = { ...draft.run, stepsDone: draft.run.stepsDone + 1, stateBytes: draft.run.stateBytes + utf8Bytes(end.result) };
  draft.hasProgress = true;
  draft.trace.push(stepTrace(draft, { step: finished, end }));
  askNext(draft, step.mode);
  const { stateBytesMax = RUN_STATE_BYTES_MAX, stepsMax = STEPS_PER_RUN_DEFAULT } = draft.env.limits ?? {};
  if (draft.run.stateBytes > stateBytesMax) failRun(draft, stateOverflow(stateBytesMax));
  else if (draft.run.stepsDone > stepsMax) failRun(draft, stepOverflow(stepsMax));
}

/** Notes that the app is to be asked: at once in race mode or where nothing else is unfinished; in wait mode the last sibling asks. */
function askNext(draft: Draft, mode: StepRow["mode"]): void {
  const { now } = draft.env.ctx;
  if (draft.unfinished.size === 0 || draft.run.requestVersion === 1) draft.discoveryAt = now;
  else if (mode === "race") draft.discoveryAt ??= now + Math.min(RACE_COALESCE_MS * draft.unfinished.size, RACE_COALESCE_MS_MAX);
  else if ([...draft.unfinished].every((id) => stepOf(draft, id)?.mode === "race")) draft.discoveryAt = now;
}

/** Asks the app what is next, now. */
export function discoverNow(draft: Draft): void {
  draft.discoveryAt = draft.env.ctx.now;
}

/** A queue item of the run. */
export function itemOf(draft: Draft, item: Pick<ItemRow, "id" | "kind" | "dueAt"> & { readonly stepId?: string }): ItemRow {
  const { run, env } = draft;
  return {
    ...item,
    runId: run.id,
    functionId: run.functionId,
    score: run.score,
    lane: run.lane,
    attempt: 0,
    attemptsMax: env.function.definition.attemptsMax,
  };
}

/** Ends the run with a function error. */
export function failRun(draft: Draft, error: FunctionError): void {
  endRun(draft, { status: "FAILED", error });
}

export type RunEnd = {
  readonly status: Extract<RunStatus, "COMPLETED" | "FAILED" | "CANCELLED">;
  readonly output?: string;
  readonly error?: FunctionError;
  readonly endReason?: string;
};

/** Ends the run (I2), unless it has ended. */
export function endRun(draft: Draft, end: RunEnd): void {
  if (isEnded(draft)) return;
  const { now } = draft.env.ctx;
  draft.run = {
    ...draft.run,
    status: end.status,
    endedAt: now,
    hasPauses: false,
    ...(end.output === undefined ? {} : { output: end.output }),
    ...(end.error === undefined ? {} : { error: JSON.stringify(end.error) }),
    ...(end.endReason === undefined ? {} : { endReason: end.endReason }),
  };
  for (const id of draft.unfinished) closeStep(draft, id);
  for (const key of draft.run.holds ?? []) draft.changes.push({ kind: "delete-cell", key });
  for (const event of [...lifecycleEvents(draft, end), ...deferEvents(draft)]) draft.changes.push({ kind: "insert-event", event });
  draft.trace.push({
    kind: "run-ended",
    runId: draft.run.id,
    functionId: draft.run.functionId,
    status: end.status,
    durationMs: now - (draft.run.startedAt ?? draft.run.queuedAt),
    ...(end.error === undefined ? {} : { error: `${end.error.name}: ${end.error.message}` }),
  });
}

/** A step that was under way when its run ended; it keeps no result. */
function closeStep(draft: Draft, stepId: string): void {
  const step = stepOf(draft, stepId);
  if (step === undefined) return;
  const cancelled: StepRow = { ...step, status: "cancelled" };
  draft.steps.set(stepId, cancelled);
  draft.changes.push({ kind: "put-step", step: cancelled });
}

/** The finished decision (I3). `item` is deleted where the run goes on without it. */
export function decisionOf(draft: Draft, item?: { readonly id: string; readonly keep: boolean }): Decision {
  const hadPauses = draft.state.run.hasPauses || draft.run.hasPauses || draft.changes.some((change) => change.kind === "insert-pause");
  if (item !== undefined && !item.keep && !isEnded(draft)) draft.changes.push({ kind: "delete-item", itemId: item.id });
  if (isEnded(draft)) endWork(draft, hadPauses);
  else if (draft.discoveryAt !== undefined) draft.changes.push(...discoveryChanges(draft, draft.discoveryAt));
  const run = { ...draft.run, version: draft.state.run.version + 1, stalls: draft.hasProgress ? 0 : draft.run.stalls };
  return { guards: draft.guards, changes: [{ kind: "update-run", run }, ...draft.changes], trace: draft.trace };
}

/** Changes to items and pauses that a run which ends takes with it. */
const WORK_KINDS: ReadonlySet<Change["kind"]> = new Set(["insert-item", "reschedule-item", "amend-item", "insert-pause", "delete-pause"]);

/** Nothing of an ended run stays in the queue: what this draft would have added is taken out again (I2). */
function endWork(draft: Draft, hasPauses: boolean): void {
  const kept = draft.changes.filter(({ kind }) => !WORK_KINDS.has(kind));
  draft.changes.splice(0, draft.changes.length, ...kept, { kind: "delete-run-work", runId: draft.run.id, hasPauses });
}

function discoveryChanges(draft: Draft, dueAt: number): readonly Change[] {
  const queued = draft.env.queuedDiscovery;
  if (queued !== undefined) {
    // One that waits for its next attempt keeps the time that its function or the table asked for.
    const comesSoonEnough = queued.dueAt <= dueAt || queued.attempt > 0;
    return comesSoonEnough ? [] : [{ kind: "reschedule-item", item: { ...queued, dueAt } }];
  }
  const id = itemIdOf.discovery(draft.run.id, draft.state.run.version + 1);
  return [{ kind: "insert-item", item: itemOf(draft, { id, kind: "discovery", dueAt }) }];
}

function stepTrace(draft: Draft, { step, end }: { readonly step: StepRow; readonly end: StepEnd }): TraceEntry {
  const common = { runId: draft.run.id, functionId: draft.run.functionId, stepId: step.id, name: step.name };
  if (end.status === "failed") {
    const { attemptsMax = draft.env.function.definition.attemptsMax } = end;
    return { kind: "step-failed", ...common, attempt: step.attempt, attemptsMax, error: end.error ?? "" };
  }
  const durationMs = (step.endedAt ?? draft.env.ctx.now) - (step.startedAt ?? step.queuedAt);
  return { kind: end.status === "timed_out" ? "step-timed-out" : "step-completed", ...common, stepKind: step.kind, durationMs };
}

function stateOverflow(bytesMax: number): FunctionError {
  const message = `The function run exceeded the state size limit of ${bytesMax} bytes.`;
  return { error: "state size limit exceeded", name: "InngestErrStateOverflowed", message };
}

function stepOverflow(stepsMax: number): FunctionError {
  const message = `The function run exceeded the step limit of ${stepsMax} steps.`;
  return { error: "function has too many steps", name: "InngestErrFunctionOverflowed", message };
}
