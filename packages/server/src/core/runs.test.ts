import { hashStepId } from "@pawl/protocol";
import {
  type ApplyResult,
  type Decision,
  type ItemRow,
  type RawReply,
  type RunRow,
  type RunState,
  runStateOf,
  type StepRow,
} from "@pawl/engine";
import type { Store } from "@pawl/store";
import { expect, test, vi } from "vitest";
import { answer, type CallBody, settled, testServer } from "../http/test-server.fixture.ts";
import { systemClock } from "../ports/clock.ts";
import { systemRandom } from "../ports/random.ts";
import { Runs } from "./runs.ts";

const STEPS = 20;

test("steps of a race that end together share one discovery", async () => {
  const ids = Array.from({ length: STEPS }, (_, n) => hashStepId(`step ${n}`));
  const opts = { parallelMode: "race" };
  const held: (() => void)[] = [];
  const app = ({ steps }: CallBody, { url }: { readonly url: string }): RawReply | Promise<RawReply> => {
    const stepId = new URL(url).searchParams.get("stepId") ?? "";
    if (stepId === "step") {
      const missing = ids.filter((id) => !(id in steps));
      return missing.length === 0
        ? answer(200, "done")
        : answer(
            206,
            missing.map((id) => ({ op: "StepPlanned", id, opts })),
          );
    }
    return new Promise((resolve) => held.push(() => resolve(answer(206, [{ op: "StepRun", id: stepId, opts, data: 1 }]))));
  };
  const server = await testServer({ app });
  const stored = commitInGroups(server.engine.store);
  await server.engine.send([{ name: "shop/imported", data: {} }]);
  while (held.length < STEPS) await settled();
  for (const finish of held) finish();
  while (server.engine.queue.sizes().items > 0) await settled();
  const [run] = await server.engine.store.history.listRuns({ filter: {}, timeField: "queuedAt", order: "desc", limit: 1 });
  expect(run).toMatchObject({ status: "COMPLETED", stepsDone: STEPS });
  expect(stored.filter(({ kind }) => kind === "discovery")).toHaveLength(1);
  await server.stop();
});

type Pending = {
  readonly run: RunRow;
  readonly runs: Runs;
  readonly settle: ((result: ApplyResult) => void)[];
  readonly inProgress: Set<string>;
};

/** Runs whose commits are pending until they are settled. */
function pendingRuns(): Pending {
  const run = { id: "run-1", functionId: "fn-1", eventIds: [], stateBytes: 0, version: 1 } as unknown as RunRow;
  const settle: ((result: ApplyResult) => void)[] = [];
  const inProgress = new Set<string>();
  const runs = new Runs({
    store: { loadRun: async () => runStateOf(run, [], []) },
    clock: systemClock,
    random: systemRandom(),
    commits: { commit: () => new Promise((resolve) => settle.push(resolve)) },
    functionById: () => ({}) as never,
    queuedDiscovery: () => undefined,
    isInProgress: (itemId) => inProgress.has(itemId),
    isDiscovering: () => false,
  });
  return { run, runs, settle, inProgress };
}

const EMPTY: Decision = { guards: [], changes: [], trace: [] };
const DISCOVERY = { runId: "run-1", id: "run-1/next/3", kind: "discovery" } as ItemRow;
const DISCOVERING: Decision = { ...EMPTY, changes: [{ kind: "insert-item", item: DISCOVERY }] };

/** Takes a decision that changes nothing, and notes which discovery it would have shared. */
function lookInto(runs: Runs): (ItemRow | undefined)[] {
  const seen: (ItemRow | undefined)[] = [];
  void runs.decide("run-1", (_state, env) => {
    seen.push(env.queuedDiscovery);
    return EMPTY;
  });
  return seen;
}

test("a decision on a state that was read anew does not share a discovery that others have pending (simulator seed 266)", async () => {
  const { runs, settle } = pendingRuns();
  const first = lookInto(runs);
  await settled();
  void runs.decide("run-1", () => DISCOVERING);
  const second = lookInto(runs);
  await settled();
  expect([first, second]).toEqual([[undefined], [DISCOVERY]]);
  settle[0]?.({ kind: "conflict", guard: { kind: "run-version", runId: "run-1", version: 1 } });
  await settled();
  expect(first).toEqual([undefined, undefined]);
});

test("a discovery that has begun is shared no more, although a commit that moves it is pending (simulator seed 52962)", async () => {
  const { runs, inProgress } = pendingRuns();
  void runs.decide("run-1", () => DISCOVERING);
  await settled();
  inProgress.add(DISCOVERY.id);
  const seen = lookInto(runs);
  await settled();
  expect(seen).toEqual([undefined]);
});

test("nothing to decide on a state that is ahead of a commit is no answer when that commit fails", async () => {
  const { run, runs, settle } = pendingRuns();
  const ending: Decision = { ...EMPTY, changes: [{ kind: "update-run", run: { ...run, version: 2 } }] };
  const endOnce = ({ run: { version } }: RunState): Decision | undefined => (version === 1 ? ending : undefined);
  void runs.decide("run-1", endOnce);
  await settled();
  const second = runs.decide("run-1", endOnce);
  await settled();
  expect(settle).toHaveLength(1);
  settle[0]?.({ kind: "conflict", guard: { kind: "event-unprocessed", eventId: "e" } });
  await settled();
  expect(settle).toHaveLength(2);
  settle[1]?.({ kind: "applied" });
  expect((await second).kind).toBe("committed");
});

/** Changes are durable some time after they were asked for, as in drivers that commit in groups. Returns the items that get stored. */
function commitInGroups(store: Store): readonly ItemRow[] {
  const stored: ItemRow[] = [];
  const apply = store.apply.bind(store);
  vi.spyOn(store, "apply").mockImplementation(async (changeSet) => {
    for (const change of changeSet.changes) if (change.kind === "insert-item") stored.push(change.item);
    const result = apply(changeSet);
    await new Promise((resolve) => setImmediate(resolve));
    return result;
  });
  return stored;
}

test("what is told to those who ask is stored: a commit under way is waited for, and what a failed one would have stored is not told", async () => {
  const { run, runs, settle } = pendingRuns();
  const step = { runId: "run-1", id: "a", result: "1", endedAt: 1, position: 0 } as StepRow;
  const storing: Decision = { ...EMPTY, changes: [{ kind: "put-step", step }] };
  const told: (readonly string[])[] = [];
  const ask = async (): Promise<void> => void told.push([...((await runs.stored("run-1"))?.steps.keys() ?? [])]);
  void runs.decide("run-1", () => storing);
  await settled();
  void ask();
  await settled();
  expect(told).toEqual([]);
  settle[0]?.({ kind: "conflict", guard: { kind: "run-absent", runId: run.id } });
  await settled();
  expect(told).toEqual([[]]);
  void runs.decide("run-1", () => storing);
  await settled();
  void ask();
  settle[1]?.({ kind: "applied" });
  await settled();
  expect(told).toEqual([[], ["a"]]);
});
