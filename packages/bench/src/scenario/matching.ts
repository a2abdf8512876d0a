/**
 * F3: what an event costs that meets waits, with 100,000 of them on its name. In this process, on a SQLite file: the server's own code
 * for finding and testing pauses, without the runs that go on.
 *
 * Growth with the matches and not with the waits: the same event with 1,000 waits stored, and an event that meets ten.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  bindEvent,
  compileOnce,
  type EventRow,
  type ExpressionEvent,
  indexKeyOf,
  matchesPause,
  type PauseRow,
  valueAtPath,
} from "@pawl/engine";
import { openSqliteStore } from "@pawl/store-sqlite";
import type { Store } from "@pawl/store";
import { percentile } from "../report/statistics.ts";
import type { Figures, LoneScenario } from "./scenario.ts";

const WAITS = 100_000;
const FEW_WAITS = 1_000;
const EVENTS = 500;
const NAME = "bench/answer";
const CREATED_AT = 1_790_000_000_000;

export const matching: LoneScenario = {
  id: "F3",
  title: `an event that meets one of ${WAITS} waits with event.data.id == async.data.id`,
  goals: { oneMatchMsP50: { atMost: 1 }, oneMatchMsP99: { atMost: 1 } },
  measureAlone: async () => ({
    ...(await figuresWith(FEW_WAITS, "Few")),
    ...(await figuresWith(WAITS, "")),
  }),
};

async function figuresWith(waits: number, suffix: string): Promise<Figures> {
  const dir = mkdtempSync(join(tmpdir(), "pawl-bench-"));
  const store = await openSqliteStore({ path: join(dir, "db"), synchronous: "normal" });
  try {
    for (let from = 0; from < waits; from += 1_000)
      await store.apply({
        guards: [],
        changes: Array.from({ length: 1_000 }, (_, n) => ({ kind: "insert-pause", pause: pauseOf(from + n) }) as const),
      });
    const one = await timesOf(store, { ids: (n) => `id-${String((n * 197) % (waits - 10))}`, expected: 1 });
    const ten = await timesOf(store, { ids: () => "shared", expected: 10 });
    return {
      [`oneMatch${suffix}MsP50`]: percentile(one, 0.5),
      [`oneMatch${suffix}MsP99`]: percentile(one, 0.99),
      [`tenMatches${suffix}MsP50`]: percentile(ten, 0.5),
    };
  } finally {
    await store.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The last ten wait for the same value; the others each for their own. */
function pauseOf(n: number): PauseRow {
  const id = n % FEW_WAITS >= FEW_WAITS - 10 && n < FEW_WAITS ? "shared" : `id-${String(n)}`;
  const compiled = compileOnce("event.data.id == async.data.id");
  if (compiled.kind === "invalid") throw new Error(compiled.message);
  const bound = bindEvent(compiled.expression, { name: "bench/waiter", data: { id } });
  if (bound.kind !== "residual") throw new Error(`The condition became ${bound.kind}.`);
  const runId = `01K7${String(n).padStart(22, "0")}`;
  const key = indexKeyOf(bound);
  return {
    id: `${runId}/wait`,
    runId,
    kind: "event",
    stepId: "wait",
    eventName: NAME,
    createdAt: CREATED_AT,
    expiresAt: CREATED_AT + 86_400_000,
    expression: bound.source,
    ...(key === undefined ? {} : { matchPath: key.path, matchValue: key.value }),
  };
}

async function timesOf(
  store: Store,
  { ids, expected }: { readonly ids: (n: number) => string; readonly expected: number },
): Promise<readonly number[]> {
  const times: number[] = [];
  for (let n = 0; n < EVENTS; n++) {
    const parsed: ExpressionEvent = { name: NAME, data: { id: ids(n) } };
    const event = { receivedAt: CREATED_AT + 1 } as EventRow;
    const startedAt = performance.now();
    const pauses = await store.findPauses({ eventName: NAME, valueAt: (path) => valueAtPath(parsed, path) });
    const matches = pauses.filter((pause) => matchesPause(pause, { event, parsed }));
    times.push(performance.now() - startedAt);
    if (matches.length !== expected) throw new Error(`${String(matches.length)} waits matched ${ids(n)}, expected ${String(expected)}.`);
  }
  return times;
}
