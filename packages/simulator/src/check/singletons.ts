/**
 * Singletons, and schedules without overlap: at no commit are two runs of a key alive; a run is skipped only because of one that is; and
 * the one that is cancelled makes room for a newer one.
 */
import type { RunRow } from "@pawl/engine";
import { cronOf, keyOf } from "../app/flow-options.ts";
import type { Program } from "../app/program.ts";
import { ofKind, type CheckContext, type Checker } from "./checker.ts";

/** How the reason of a run begins that a newer one has cancelled. */
const CANCELLED_BY_NEWER = "Cancelled by a newer run";

type Key = { readonly name: string; readonly reason: "singleton" | "schedule-overlap"; readonly mode: "skip" | "cancel" };

/** Makes the checker. */
export function checkSingletons({ mirror, programs, scenario, report }: CheckContext): Checker {
  const alive = new Map<string, string>();
  /** When the newest run of a key began to be. */
  const newest = new Map<string, string>();
  const cancelled: { readonly key: string; readonly run: RunRow }[] = [];
  const keysFor = (run: RunRow): readonly Key[] => {
    const program = programs.get(run.functionId);
    return program === undefined ? [] : keysOf(program, { run, k: mirror.events.get(run.eventIds[0] ?? "")?.data.k });
  };
  const begin = (run: RunRow): void => {
    for (const { name, reason, mode } of keysFor(run)) {
      const holder = alive.get(name);
      if (run.skipReason === reason && (holder === undefined || mode === "cancel"))
        report(`run ${run.id} is skipped, but ${name} has room`);
      if (run.endedAt !== undefined) continue;
      if (holder !== undefined) report(`run ${run.id} begins although run ${holder} of ${name} is alive`);
      alive.set(name, run.id);
      newest.set(name, run.id);
    }
  };
  const end = (run: RunRow): void => {
    for (const { name, reason } of keysFor(run)) {
      if (alive.get(name) === run.id) alive.delete(name);
      if (reason === "singleton" && run.endReason?.startsWith(CANCELLED_BY_NEWER) === true) cancelled.push({ key: name, run });
    }
  };
  return {
    committing: ({ changeSet }) => {
      for (const { run } of ofKind(changeSet, "update-run")) if (run.endedAt !== undefined) end({ ...mirror.runs.get(run.id), ...run });
      for (const { run } of ofKind(changeSet, "insert-run")) begin(run);
    },
    ended: () => {
      for (const { key, run } of cancelled) {
        const flow = programs.get(run.functionId)?.flow;
        // Between the cancellation and the new run, something else may refuse it.
        const isSure = flow?.rateLimit === undefined && flow?.isIdempotent !== true && scenario.pauses === 0;
        if (isSure && newest.get(key) === run.id) report(`run ${run.id} was cancelled for a newer run of ${key}, which there is not`);
      }
    },
  };
}

function keysOf({ slug, flow }: Program, { run, k }: { readonly run: RunRow; readonly k: unknown }): readonly Key[] {
  const keys: Key[] = [];
  const key = flow.singleton && keyOf(flow.singleton, { k });
  if (flow.singleton !== undefined && key !== undefined)
    keys.push({ name: `the singleton of ${slug} for ${key}`, reason: "singleton", mode: flow.singleton.mode });
  for (const schedule of flow.schedules)
    if (!schedule.overlaps && run.cron === cronOf(schedule))
      keys.push({ name: `the schedule ${run.cron} of ${slug}`, reason: "schedule-overlap", mode: "skip" });
  return keys;
}
