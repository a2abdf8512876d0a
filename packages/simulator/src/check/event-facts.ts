/** What checkers want to know of an event, read from its body. */
import { DEFERRED_SCHEDULE, type EventOutcome, type EventRow, FUNCTION_INVOKED, type RunRow } from "@pawl/engine";
import type { FlowData } from "../app/flow-options.ts";
import type { Program } from "../app/program.ts";

/** Name of a schedule's events. */
export const SCHEDULED_TIMER = "inngest/scheduled.timer";

/**
 * The event's `data`. `_inngest.fn_id`: the function that an invocation or a tick names; `_inngest.fn_slug`: one that was deferred, by
 * the statement `deferId`.
 */
export type EventFacts = FlowData & {
  readonly _inngest?: {
    readonly fn_id?: string;
    readonly correlation_id?: string;
    readonly fn_slug?: string;
    readonly parent_run_id?: string;
  };
  readonly deferId?: string;
  readonly cron?: string;
  readonly scheduledAt?: string;
  readonly fireAt?: string;
  readonly run_id?: string;
};

/** Reads an event. */
export function factsOf({ body }: EventRow): EventFacts {
  const { data } = JSON.parse(body) as { readonly data?: EventFacts | null };
  return data ?? {};
}

/** What an event should do for a function: `false`: its name fits, its condition does not. */
export type Verdict = "run" | "false" | "none";

/** Decides it without the engine. */
export function verdictOf({ row, data }: { readonly row: EventRow; readonly data: EventFacts }, { slug, trigger }: Program): Verdict {
  const isNamed = row.name === FUNCTION_INVOKED || row.name === SCHEDULED_TIMER;
  if (isNamed && data._inngest?.fn_id === slug) return "run";
  if (row.name === DEFERRED_SCHEDULE && data._inngest?.fn_slug === slug) return "run";
  if (trigger?.event !== row.name) return "none";
  return trigger.above === undefined || (typeof data.n === "number" && data.n > trigger.above) ? "run" : "false";
}

/** Names an event and a function. */
export function pairOf({ eventId, functionId }: Pick<EventOutcome, "eventId" | "functionId">): string {
  return `${eventId} ${functionId}`;
}

/** Whether a run was refused because its function was paused: it passed no limit. */
export function isRefusedByPause({ skipReason }: RunRow): boolean {
  return skipReason === "function-paused" || skipReason === "function-draining";
}

type Happened = { readonly row: EventRow; readonly data: EventFacts };

/** Whether a function's batches take an event: ticks of schedules are not collected, nor is what does not fit the condition. */
export function isCollected({ row, data }: Happened, { flow: { batch } }: Program): boolean {
  if (batch === undefined || row.name === SCHEDULED_TIMER) return false;
  return batch.above === undefined || (typeof data.n === "number" && data.n > batch.above);
}
