/**
 * Whether a run matches the expression of a search or of a bulk operation.
 *
 * I1  The expression sees `run` with `id`, `status`, `functionId`, `queuedAt`, `startedAt` and `endedAt` (milliseconds since the epoch),
 *     `event` (the run's first one), `output` and `error` as stored. What a run does not have is missing.
 *
 * Spec: semantics 7.2, 11.4.
 */
import { type ExpressionEvent, matchesSearch, type Search } from "../expression/index.ts";
import type { JsonValue } from "../expression/value.ts";
import type { RunRow } from "./run-row.ts";

/** The parts of a run that an expression can see. */
export type SearchedRun = Pick<RunRow, "id" | "status" | "functionId" | "queuedAt" | "startedAt" | "endedAt" | "output" | "error">;

/** What is known of a run. `event`: its first event, where the search reads it; `now`: milliseconds since the epoch. */
export type RunSearchInput = { readonly run: SearchedRun; readonly event?: ExpressionEvent | undefined; readonly now: number };

/** Whether a run matches. A search that fails on it does not. */
export function matchesRun(search: Search, { run, event, now }: RunSearchInput): boolean {
  const { id, status, functionId, queuedAt, startedAt, endedAt } = run;
  const facts = {
    id,
    status,
    functionId,
    queuedAt,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
  };
  return matchesSearch(search, { event, run: facts, output: parsed(run.output), error: parsed(run.error), now });
}

function parsed(text: string | undefined): JsonValue | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as JsonValue);
}
