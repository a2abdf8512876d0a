/**
 * `WaitForEvent` and `WaitForSignal`: a pause and the item of its time-out, stored together.
 *
 * I1  One pause holds a signal. A second waiter fails its run, or takes the signal over; the first then ends by its time-out.
 * I2  A wait for several events has a pause for each; whatever ends the step deletes all of them.
 * I3  A wait that looks back has pauses that were made, as it were, that long ago: events that are being processed right now find them, and
 *     an item searches for those that were processed before. No event falls between the two.
 * I4  A wait that looks back and has no time left ends with the search, which so always comes first.
 *
 * Spec: wire 6.11, 6.15; semantics 5.2, 5.5, 14 (nos. 4, 5).
 */
import { EVENTS_PER_WAIT_MAX, LOOK_BACK_MS_MAX, parseDurationMs, WAIT_MS_DEFAULT, WAIT_MS_MAX, type WireOp } from "@pawl/protocol";
import { bindEvent, compileOnce, type ExpressionEvent, indexKeyOf } from "../../expression/index.ts";
import type { PauseRow } from "../../pause/pause-row.ts";
import { type ItemRow, itemIdOf } from "../../queue/item-row.ts";
import type { FunctionError } from "../../reply/reply.ts";
import { parseInstant } from "../../reply/retry-after.ts";
import type { StepRow } from "../../step/step-row.ts";
import { type Draft, failRun, itemOf, putStep, stepOf } from "../draft.ts";
import type { OpContext } from "./apply-op.ts";
import { optionText, stepOfOp } from "./op-step.ts";

/** What a run fails with that waits for a signal for which another waits already. */
export const SIGNAL_CONFLICT: FunctionError = {
  error: "signal conflict",
  name: "Error",
  message: "Signal conflict; signal wait already exists for another run",
};

/** Id of the pause of a step; of one that waits for several events, the first. */
export function pauseIdOf(runId: string, stepId: string): string {
  return `${runId}/${stepId}`;
}

/** Ids of all pauses of a step. */
export function pauseIdsOf({ runId, id, options }: Pick<StepRow, "runId" | "id" | "options">): readonly string[] {
  const first = pauseIdOf(runId, id);
  if (options?.includes('"events":') !== true) return [first];
  const { events } = JSON.parse(options) as { readonly events?: unknown };
  return Array.isArray(events) ? events.map((_, index) => (index === 0 ? first : `${first}/${String(index)}`)) : [first];
}

/** Waits for an event, or for the first of several (I2, I3); a condition that does not compile fails the run. */
export function waitForEvent(draft: Draft, op: WireOp): void {
  if (stepOf(draft, op.id) !== undefined) return;
  const { now } = draft.env.ctx;
  const expiresAt = timeoutAt(op.opts?.["timeout"] ?? "", now);
  if (expiresAt === undefined || expiresAt - now > WAIT_MS_MAX) return failRun(draft, badTimeout("wait-for-event", op.opts?.["timeout"]));
  const awaited = awaitedOf(op);
  if (typeof awaited === "string") return failRun(draft, { error: "invalid wait options", name: "Error", message: awaited });
  const since = lookBackSince(draft, op.opts?.["lookBack"]);
  if (since === undefined) return failRun(draft, badLookBack(op.opts?.["lookBack"]));
  const pauses: (Pick<PauseRow, "eventName"> & Exclude<Condition, { readonly problem: string }>)[] = [];
  for (const { event, condition: source } of awaited) {
    const condition = conditionOf(draft, source);
    if ("problem" in condition) return failRun(draft, badCondition(condition.problem));
    pauses.push({ eventName: event, ...condition });
  }
  const search = { id: itemIdOf.lookBack(draft.run.id, { stepId: op.id, stepsDone: draft.run.stepsDone }), kind: "look-back" } as const;
  // Also where the time is none: an event of this very millisecond may have been processed before.
  const looksBack = op.opts?.["lookBack"] !== undefined && op.opts["lookBack"] !== null;
  const endsWithSearch = looksBack && expiresAt <= now;
  // SDKs give the name as the op's or as an option; what is stored has it as an option.
  const named = { ...op, opts: { ...op.opts, event: awaited[0]?.event } };
  const step = addWaitingStep(draft, named, { kind: "wait-for-event", expiresAt, ...(endsWithSearch ? { item: search } : {}) });
  const ids = pauseIdsOf(step);
  for (const [index, pause] of pauses.entries())
    addPause(draft, step, { kind: "event", expiresAt, ...pause, id: ids[index] ?? pauseIdOf(step.runId, step.id), createdAt: since });
  if (looksBack && !endsWithSearch)
    draft.changes.push({ kind: "insert-item", item: itemOf(draft, { ...search, dueAt: now, stepId: step.id }) });
}

type AwaitedEvent = { readonly event: string; readonly condition?: string };

/** What a wait is for; a sentence for what is wrong. `events` is ours: names, or `{ event, if }`. */
function awaitedOf(op: WireOp): readonly AwaitedEvent[] | string {
  const events = op.opts?.["events"];
  const condition = optionText(op, "if");
  if (events === undefined) return [{ event: optionText(op, "event") ?? op.name ?? "", ...(condition === undefined ? {} : { condition }) }];
  if (!Array.isArray(events) || events.length === 0 || events.length > EVENTS_PER_WAIT_MAX)
    return `A wait takes 1 to ${String(EVENTS_PER_WAIT_MAX)} events.`;
  const awaited: AwaitedEvent[] = [];
  for (const each of events as readonly unknown[]) {
    const { event, if: own } =
      typeof each === "string" ? { event: each, if: undefined } : ((each ?? {}) as { event?: unknown; if?: unknown });
    if (typeof event !== "string" || event === "") return "Each of a wait's events needs a name.";
    const source = typeof own === "string" && own !== "" ? own : condition;
    awaited.push({ event, ...(source === undefined ? {} : { condition: source }) });
  }
  return awaited;
}

/** From when on events count: from now, from so long ago, or since the run was scheduled. Undefined for what can't be read. */
function lookBackSince({ env, run }: Draft, lookBack: unknown): number | undefined {
  const { now } = env.ctx;
  if (lookBack === undefined || lookBack === null) return now;
  if (lookBack === "run") return Math.max(run.queuedAt, now - LOOK_BACK_MS_MAX);
  const ms = typeof lookBack === "string" ? parseDurationMs(lookBack) : undefined;
  return ms === undefined || ms > LOOK_BACK_MS_MAX ? undefined : now - Math.ceil(ms);
}

/** Waits for a signal (I1). */
export function waitForSignal(draft: Draft, op: WireOp, { signalHolders }: OpContext): void {
  if (stepOf(draft, op.id) !== undefined) return;
  const signal = optionText(op, "signal") ?? op.name ?? "";
  const timeout = op.opts?.["timeout"] ?? "";
  const { now } = draft.env.ctx;
  const expiresAt = timeout === "" ? now + WAIT_MS_DEFAULT : timeoutAt(timeout, now);
  if (signal === "" || expiresAt === undefined || expiresAt - now > WAIT_MS_MAX) return failRun(draft, badTimeout("signal", timeout));
  const own = pauseInDraft(draft, signal);
  const holder = own ?? signalHolders?.get(signal);
  if (holder !== undefined && op.opts?.["conflict"] !== "replace") return failRun(draft, SIGNAL_CONFLICT);
  if (holder !== undefined && own === undefined) draft.guards.push({ kind: "pause-open", pauseId: holder });
  if (holder !== undefined) draft.changes.push({ kind: "delete-pause", pauseId: holder });
  else draft.guards.push({ kind: "signal-free", signal });
  const step = addWaitingStep(draft, { ...op, opts: { ...op.opts, signal } }, { kind: "wait-for-signal", expiresAt });
  addPause(draft, step, { kind: "signal", signal, expiresAt });
}

/** A wait for the signal that this very answer has added before. */
function pauseInDraft({ changes }: Draft, signal: string): string | undefined {
  return changes.flatMap((change) => (change.kind === "insert-pause" && change.pause.signal === signal ? [change.pause.id] : [])).at(-1);
}

type Waiting = {
  readonly kind: StepRow["kind"];
  readonly expiresAt: number;
  /** The item that ends it at the latest. Default: a time-out. */
  readonly item?: Pick<ItemRow, "id" | "kind">;
};

/** An unfinished step of a kind that waits, with the item of its time-out. */
export function addWaitingStep(draft: Draft, op: WireOp, { kind, expiresAt, item }: Waiting): StepRow {
  const { id, kind: itemKind } = item ?? { id: itemIdOf.step(draft.run.id, op.id), kind: "pause-timeout" };
  const step = { ...stepOfOp(draft, op, { kind, status: "waiting", itemId: id, until: expiresAt }), startedAt: draft.env.ctx.now };
  putStep(draft, step);
  draft.hasProgress = true;
  draft.changes.push({ kind: "insert-item", item: itemOf(draft, { id, kind: itemKind, dueAt: expiresAt, stepId: op.id }) });
  const { id: runId, functionId } = draft.run;
  draft.trace.push({ kind: "step-waiting", runId, functionId, stepId: op.id, stepKind: kind, name: step.name, until: expiresAt });
  return step;
}

/** Stores the pause of a step. */
export function addPause(
  draft: Draft,
  step: StepRow,
  pause: Omit<PauseRow, "id" | "runId" | "stepId" | "createdAt"> & Partial<Pick<PauseRow, "id" | "createdAt">>,
): void {
  draft.run = { ...draft.run, hasPauses: true };
  const place = { id: pauseIdOf(step.runId, step.id), createdAt: draft.env.ctx.now };
  draft.changes.push({ kind: "insert-pause", pause: { ...place, ...pause, runId: step.runId, stepId: step.id } });
}

/** Instant at which a wait ends: a date, or a duration from now; the empty text is now. Undefined for anything else. */
export function timeoutAt(timeout: unknown, now: number): number | undefined {
  if (typeof timeout !== "string") return undefined;
  if (timeout === "") return now;
  const ms = parseDurationMs(timeout);
  return ms === undefined ? parseInstant(timeout) : now + Math.ceil(ms);
}

type Condition = Pick<PauseRow, "expression" | "matchPath" | "matchValue"> | { readonly problem: string };

/** A condition bound to the run's event. What can never match still waits for its time-out, on a condition that is false. */
function conditionOf(draft: Draft, source: string | undefined): Condition {
  if (source === undefined) return {};
  const compiled = compileOnce(source);
  if (compiled.kind === "invalid") return { problem: compiled.message };
  return boundCondition(compiled.expression, firstEvent(draft));
}

/** What is stored of a condition once `event` is known; `never` becomes the condition `false`. */
export function boundCondition(expression: Parameters<typeof bindEvent>[0], event: ExpressionEvent): Condition {
  const binding = bindEvent(expression, event);
  switch (binding.kind) {
    case "always":
      return {};
    case "never":
      return { expression: "false" };
    case "error":
      return { problem: binding.message };
    case "residual": {
      const key = indexKeyOf(binding);
      return { expression: binding.source, ...(key === undefined ? {} : { matchPath: key.path, matchValue: key.value }) };
    }
  }
}

function firstEvent({ state }: Draft): ExpressionEvent {
  return JSON.parse(state.events[0] ?? `{"name":""}`) as ExpressionEvent;
}

function badCondition(problem: string): Parameters<typeof failRun>[1] {
  const message = "Wait for event If expression failed to compile";
  return { error: "invalid expression", name: "InvalidExpression", message, stack: problem };
}

function badLookBack(value: unknown): Parameters<typeof failRun>[1] {
  const message = `The look-back ${JSON.stringify(value)} of a wait is neither a duration of at most 24h nor "run".`;
  return { error: "invalid look-back", name: "Error", message };
}

/** The failure of a run that asks for a wait without an end, or with one too far away. */
export function badTimeout(what: string, timeout: unknown): Parameters<typeof failRun>[1] {
  const message = `The ${what} timeout ${JSON.stringify(timeout)} is no duration such as "1h30m" and no date, or it expires more than one year in the future.`;
  return { error: "invalid timeout", name: "InngestErrTimeoutTooLong", message };
}
