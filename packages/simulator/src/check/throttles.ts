/**
 * Throttles: the first calls of runs are spread as the rule says, in every stretch of time; and where nothing fails, none waits longer
 * than the rule makes it wait.
 *
 * A repeated first call, after a crash, is not counted; that it is counted by the server makes it only slower. Where the store fails, a
 * first call may come some time after the decision that it may be made; how long is known only where no call keeps the workers for long.
 */
import { keyOf } from "../app/flow-options.ts";
import type { Program } from "../app/program.ts";
import { hasSoundStore, isClean } from "../world/scenario.ts";
import { ofKind, type CheckContext, type Checker } from "./checker.ts";
import { latenessMs } from "./lateness.ts";

/** What is taken up again after a fault of the store comes so much later, if it does not fail often. */
const FAULT_MS = 60_000;

type Throttle = NonNullable<Program["flow"]["throttle"]>;

type Key = {
  readonly name: string;
  readonly rule: Throttle;
  /** Whether nothing but the throttle holds its runs. */
  readonly isAlone: boolean;
  /** Instants at which runs could have started, by run. */
  readonly due: Map<string, number>;
  readonly calledAt: number[];
  readonly called: Set<string>;
};

/** Makes the checker. */
export function checkThrottles({ mirror, programs, scenario, now, report }: CheckContext): Checker {
  const keys = new Map<string, Key>();
  const isBusy = scenario.workers < 5 || scenario.app.hang > 0 || scenario.app.delay > 0;
  const late = hasSoundStore(scenario) ? latenessMs(scenario) : isBusy ? Infinity : FAULT_MS;
  const isPrompt = isClean(scenario) && scenario.pauses === 0 && scenario.workers === 100;
  const keyFor = (functionId: string, eventId: string): Key | undefined => {
    const program = programs.get(functionId);
    const rule = program?.flow.throttle;
    if (program === undefined || rule === undefined) return undefined;
    const name = `the throttle of ${functionId} for ${keyOf(rule, mirror.events.get(eventId)?.data ?? {}) ?? "none"}`;
    const isAlone = isPrompt && program.flow.runLimit === undefined && program.concurrency === undefined;
    const known = keys.get(name) ?? { name, rule, isAlone, due: new Map(), calledAt: [], called: new Set() };
    keys.set(name, known);
    return known;
  };
  return {
    committing: ({ changeSet, at }) => {
      const runs = new Map(ofKind(changeSet, "insert-run").map(({ run }) => [run.id, run]));
      for (const { item } of ofKind(changeSet, "insert-item")) {
        const run = item.kind === "start" ? runs.get(item.runId) : undefined;
        if (run !== undefined) keyFor(run.functionId, run.eventIds[0] ?? "")?.due.set(run.id, Math.max(item.dueAt, at));
      }
    },
    callBegan: ({ itemId, slug, body: { ctx } }) => {
      const run = mirror.runs.get(ctx.run_id);
      if (run === undefined || !itemId.endsWith("/start")) return;
      const key = keyFor(slug, run.eventIds[0] ?? "");
      if (key === undefined || key.called.has(run.id)) return;
      key.called.add(run.id);
      key.calledAt.push(now());
      const excess = excessOf(key, late);
      if (excess !== undefined) report(`${key.name} let ${excess} runs start within too short a time`);
    },
    ended: () => {
      for (const key of keys.values()) {
        // One that ended without its start has perhaps used up a start.
        if (!key.isAlone || key.called.size < key.due.size) continue;
        const waited = lateOf(key, late);
        if (waited !== undefined) report(`${key.name} held a run ${waited} ms longer than it should`);
      }
    },
  };
}

/** Of the starts until the last one: n of them within t are allowed where n ≤ limit + burst + t / emission. */
function excessOf({ rule: { limit, burst, periodMs }, calledAt }: Key, late: number): number | undefined {
  const last = calledAt.at(-1) ?? 0;
  for (const [index, first] of calledAt.entries()) {
    const count = calledAt.length - index;
    if (count > limit + burst + ((last - first + late) * limit) / periodMs) return count;
  }
  return undefined;
}

/** Starts as they would be if each went at the first allowed instant (GCRA). */
function lateOf({ rule: { limit, burst, periodMs }, due, calledAt }: Key, late: number): number | undefined {
  const emissionMs = periodMs / limit;
  let tat = 0;
  for (const [index, dueAt] of [...due.values()].toSorted((a, b) => a - b).entries()) {
    const at = Math.max(dueAt, tat - emissionMs * (limit + burst - 1));
    tat = Math.max(at, tat) + emissionMs;
    const actual = calledAt[index] ?? 0;
    if (actual > at + late + index) return actual - at;
  }
  return undefined;
}
