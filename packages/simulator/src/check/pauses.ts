/**
 * Paused functions: nothing of them starts while new runs are held, and only what is refused at that time is refused.
 *
 * That nothing starts is checked where the store never fails: a pause whose request failed may be stored, and is known only after the next
 * restart.
 */
import type { FunctionPause } from "@pawl/engine";
import { hasSoundStore } from "../world/scenario.ts";
import { ofKind, type CheckContext, type Checker } from "./checker.ts";
import { isRefusedByPause } from "./event-facts.ts";
import { latenessMs } from "./lateness.ts";

type Paused = { readonly mode: FunctionPause["mode"]; readonly at: number };

/** Makes the checker. */
export function checkPauses({ mirror, programs, scenario, now, report }: CheckContext): Checker {
  const paused = new Map<string, Paused>();
  const pausedEver = new Map<string, Set<FunctionPause["mode"]>>();
  const isSound = hasSoundStore(scenario);
  const called = new Set<string>();
  return {
    committing: ({ changeSet, at }) => {
      for (const { function: row } of ofKind(changeSet, "put-function")) {
        if (row.paused === undefined) paused.delete(row.id);
        else if (paused.get(row.id)?.mode !== row.paused.mode) paused.set(row.id, { mode: row.paused.mode, at });
        if (row.paused !== undefined) pausedEver.set(row.id, (pausedEver.get(row.id) ?? new Set()).add(row.paused.mode));
      }
      for (const { run } of ofKind(changeSet, "insert-run")) {
        const mode = run.skipReason === "function-paused" ? "drop" : "drain";
        if (isRefusedByPause(run) && pausedEver.get(run.functionId)?.has(mode) !== true)
          report(`run ${run.id} is skipped (${run.skipReason}), but ${run.functionId} was never paused so`);
        // A decision may be under way when the pause is stored.
        const state = paused.get(run.functionId);
        const isRefusing = state !== undefined && state.mode !== "hold" && state.at + latenessMs(scenario) < run.queuedAt;
        // An endpoint has begun already when the server hears of its run.
        const isBegun = programs.get(run.functionId)?.isEndpoint === true && run.rerunOf === undefined;
        if (isSound && isRefusing && !isBegun && run.skipReason === undefined)
          report(`run ${run.id} is accepted, but ${run.functionId} is paused (${state.mode})`);
      }
    },
    callBegan: ({ itemId, slug, body: { ctx } }) => {
      const isFirst = itemId.endsWith("/start") && !called.has(ctx.run_id) && mirror.runs.get(ctx.run_id)?.startedAt === undefined;
      called.add(ctx.run_id);
      const state = paused.get(slug);
      if (!isSound || !isFirst || state === undefined || state.mode === "drain") return;
      if (state.at + latenessMs(scenario) < now()) report(`run ${ctx.run_id} starts although ${slug} is paused (${state.mode})`);
    },
  };
}
