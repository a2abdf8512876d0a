/**
 * Runs that an app starts itself, by its own request (durable endpoints): beginning, and never reporting.
 *
 * I1  While the app works on it the run has one item, which fails it `SYNC_MS_MAX` after the app's last report. Nothing is stuck for ever.
 * I2  Such a run has request version -1 until the server takes over; then it is like any other run.
 *
 * Spec: wire 7.4; semantics 12.5.
 */
import { ulidTime } from "@pawl/protocol";
import type { Change } from "../change/change.ts";
import type { DecideContext, Decision } from "../decision/decision.ts";
import type { FunctionRow } from "../app/app-row.ts";
import type { ItemRow } from "../queue/item-row.ts";
import { type Draft, decisionOf, failRun } from "./draft.ts";
import { type RunState, runStateOf } from "./run-state.ts";
import { scheduleRun, type ScheduleInput, timeoutItem } from "./schedule-run.ts";

/** Time after the app's last report in which it must report again. */
export const SYNC_MS_MAX = 3_600_000;

export type SyncStartInput = Pick<ScheduleInput, "function" | "events" | "parsed" | "idempotencyKey"> & {
  /** Chosen by the app. */
  readonly runId: string;
  /** Runs of the endpoint with the same key since then refuse this one, ms since the epoch. */
  readonly keySince: number;
};

/** A run that the app is working on already. Conflicts on `run-absent` where the id is taken, on `idempotency-free` where the key is. */
export function startSyncRun(input: SyncStartInput, ctx: DecideContext): { readonly state: RunState; readonly decision: Decision } {
  const { runId, idempotencyKey, keySince, events } = input;
  const scheduled = scheduleRun(input, { now: ctx.now, random: { integer: (bound) => ctx.random.integer(bound), ulid: () => runId } });
  const startedAt = Math.min(ulidTime(runId) ?? ctx.now, ctx.now);
  const run = { ...scheduled.state.run, status: "RUNNING", startedAt } as const;
  const changes: readonly Change[] = [
    ...events.map((event) => ({ kind: "insert-event", event }) as const),
    { kind: "insert-run", run },
    { kind: "insert-item", item: timeoutItem(run, { which: "sync", dueAt: ctx.now + SYNC_MS_MAX }) },
  ];
  const functionId = run.functionId;
  const guards: Decision["guards"] = [
    { kind: "run-absent", runId },
    ...(idempotencyKey === undefined ? [] : [{ kind: "idempotency-free", functionId, key: idempotencyKey, since: keySince } as const]),
  ];
  const state = runStateOf(run, [], { events: events.map(({ body }) => body) });
  return { state, decision: { guards, changes, trace: [scheduled.trace, { kind: "run-started", runId, functionId }] } };
}

/** Whether the app is still working on a run that it started itself (I2). */
export function isSyncRun({ run }: Pick<RunState, "run">, { definition }: Pick<FunctionRow, "definition">): boolean {
  return definition.endpoint !== undefined && run.requestVersion === -1 && run.endedAt === undefined;
}

/** Fails a run whose app has not reported for too long (I1). */
export function timeOutSync(draft: Draft, item: ItemRow): Decision {
  if (!isSyncRun(draft, draft.env.function)) return decisionOf(draft, { id: item.id, keep: false });
  // Steps come to be when they are reported; when they ended is what the app's clock says.
  let reportedAt = draft.run.queuedAt;
  for (const { queuedAt } of draft.state.steps.values()) reportedAt = Math.max(reportedAt, queuedAt);
  const dueAt = reportedAt + SYNC_MS_MAX;
  if (dueAt > draft.env.ctx.now) {
    draft.changes.push({ kind: "reschedule-item", item: { ...item, dueAt } });
    return decisionOf(draft, { id: item.id, keep: true });
  }
  const minutes = SYNC_MS_MAX / 60_000;
  const message =
    `The endpoint did not report for ${minutes} minutes: neither another step nor its end. ` +
    "Its process may have been stopped in the middle of the request. Send the request again.";
  failRun(draft, { error: "endpoint did not report", name: "EndpointDidNotReport", message });
  return decisionOf(draft, { id: item.id, keep: false });
}
