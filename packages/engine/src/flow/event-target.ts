/** An event on its way to one function. */
import type { FunctionRow } from "../app/app-row.ts";
import type { EventRow } from "../event/event-row.ts";
import type { ExpressionEvent } from "../expression/index.ts";
import type { FlowKeys } from "./flow-keys.ts";

/** An event that starts, or would start, a run of a function. */
export type EventTarget = {
  readonly function: FunctionRow;
  readonly event: EventRow;
  readonly parsed: ExpressionEvent;
  readonly keys: FlowKeys;
  /** For an invocation by a run: who waits for the result. */
  readonly correlationId?: string;
  /** For a tick of a schedule: its expression. */
  readonly cron?: string;
  readonly overlapKey?: string;
  /** The run that an event with this id has started before. */
  readonly duplicateOf?: string;
};
