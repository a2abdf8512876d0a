/**
 * What is known about a run at one instant: rows, and what this node does about them. Views are pure functions of it.
 *
 * I1  A finished run costs no read besides its row; an unfinished one costs one range of items, and its steps only where they explain
 *     why it stands still and are small.
 */
import {
  type AppRow,
  type AttemptRow,
  type DeferRow,
  type EventRow,
  type FunctionRow,
  type ItemRow,
  mergedMetadata,
  type Metadata,
  type PauseRow,
  type RunRow,
  type StepRow,
  type UserSpan,
  userSpansOf,
} from "@pawl/engine";
import { isTerminalStatus, type StepKind } from "@pawl/protocol";
import type { Engine } from "../../core/engine.ts";
import type { Hold } from "../../core/lanes.ts";
import { given } from "../../json.ts";
import type { ServerContext } from "../context.ts";

/** A queue item, and what this node does with it. */
export type ItemFact = {
  readonly item: ItemRow;
  /** When its call to the app began, while one is in progress. */
  readonly calledAt?: number;
  /** What holds it back. */
  readonly hold?: Hold;
  /** Runs that hold the slot it waits for, a few of them. */
  readonly holders?: readonly string[];
  /** The step it is about, as far as it is known. */
  readonly step?: StepFact;
};

type StepFact = Pick<StepRow, "name" | "kind" | "queuedAt" | "startedAt" | "options">;

export type RunFacts = {
  readonly run: RunRow;
  /** Undefined where it was deleted. */
  readonly function?: FunctionRow;
  readonly app?: AppRow;
  /** Empty for a run that has ended. */
  readonly items: readonly ItemFact[];
  /** In order of appearance; empty where they were not read. */
  readonly steps: readonly StepRow[];
  /** Oldest first; empty where they were not read. */
  readonly attempts: readonly AttemptRow[];
  /** Metadata of the run and its steps, put together; absent where it was not read. */
  readonly metadata?: readonly Metadata[];
  /** Functions to be started when it has ended; absent where they were not read. */
  readonly defers?: readonly DeferRow[];
  /** Spans of users' code; absent where they were not read. */
  readonly userSpans?: readonly UserSpan[];
  /** When this was read, milliseconds since the epoch. */
  readonly now: number;
  /** Every change up to this one is in it. */
  readonly seq: number;
};

/** State of a run up to which a list reads its steps, in bytes: a page of 200 such runs reads 12 MB at the most. */
const STATE_BYTES_LISTED_MAX = 65_536;

/** Changes of one process are numbered from here: after a restart numbers go on above the old ones as long as there were fewer than 1,000 changes per ms. */
export function seqOf({ engine, startedAt }: Pick<ServerContext, "engine" | "startedAt">): number {
  return firstSeqOf(startedAt) + engine.live.seq;
}

/** The number before the first change of this process. */
export function firstSeqOf(startedAt: number): number {
  return Math.floor(startedAt) * 1_000;
}

/** Facts for the lines of a list (I1). */
export function factsOfRuns(context: ServerContext, runs: readonly RunRow[]): Promise<readonly RunFacts[]> {
  return Promise.all(runs.map((run) => factsOfListed(context, run)));
}

/** Everything about one run; undefined where there is none. */
export async function factsOfRun(
  context: ServerContext,
  runId: string,
): Promise<(RunFacts & { readonly events: readonly EventRow[] }) | undefined> {
  const seq = seqOf(context);
  const { store } = context.engine;
  const [detail, items, spanRows] = await Promise.all([
    store.history.runDetail(runId),
    store.itemsOfRun(runId),
    store.history.spansOfRun(runId),
  ]);
  if (detail === undefined) return undefined;
  const { run, steps, attempts, events, defers } = detail;
  const living = isTerminalStatus(run.status) ? [] : items;
  const byId = new Map(steps.map((step) => [step.id, step]));
  return {
    ...common(context, run),
    seq,
    items: living.map((item) => itemFact(context.engine, item, byId.get(item.stepId ?? ""))),
    steps,
    attempts,
    events,
    defers,
    metadata: mergedMetadata(detail.metadata),
    userSpans: userSpansOf(spanRows),
  };
}

async function factsOfListed(context: ServerContext, run: RunRow): Promise<RunFacts> {
  const seq = seqOf(context);
  const { engine } = context;
  const bare: RunFacts = { ...common(context, run), seq, items: [], steps: [], attempts: [] };
  if (isTerminalStatus(run.status)) return bare;
  const items = await engine.store.itemsOfRun(run.id);
  if (!items.some((item) => isStanding(item, bare.now))) return { ...bare, items: items.map((item) => itemFact(engine, item)) };
  if (run.stateBytes > STATE_BYTES_LISTED_MAX)
    return { ...bare, items: await Promise.all(items.map((item) => itemFactOfPause(engine, item))) };
  const detail = await engine.store.history.runDetail(run.id);
  const byId = new Map(detail?.steps.map((step) => [step.id, step]));
  return {
    ...bare,
    items: items.map((item) => itemFact(engine, item, byId.get(item.stepId ?? ""))),
    steps: detail?.steps ?? [],
    attempts: detail?.attempts ?? [],
  };
}

/** Whether an item waits for a time or for something from outside. */
function isStanding({ kind, dueAt }: ItemRow, now: number): boolean {
  return kind === "sleep" || kind === "pause-timeout" || dueAt > now;
}

function common({ engine }: ServerContext, run: RunRow): Pick<RunFacts, "run" | "function" | "app" | "now"> {
  const { registry, clock } = engine;
  return {
    run,
    now: clock.now(),
    ...given("function", registry.functionById(run.functionId)),
    ...given("app", registry.appById(run.appId)),
  };
}

/** Holders of a slot that are named. */
const HOLDERS_SHOWN_MAX = 5;

function itemFact({ queue, executor }: Engine, item: ItemRow, step?: StepFact): ItemFact {
  const hold = queue.holdOf(item.id);
  const holders = hold !== undefined && "slot" in hold ? queue.holdersOf(hold.slot.key, HOLDERS_SHOWN_MAX) : undefined;
  return {
    item,
    ...given("calledAt", executor.callOf(item.id)?.startedAt),
    ...given("hold", hold),
    ...given("holders", holders),
    ...given("step", step),
  };
}

const KIND_OF_PAUSE = {
  event: "wait-for-event",
  invoke: "invoke",
  signal: "wait-for-signal",
  cancel: "function",
} as const satisfies Record<PauseRow["kind"], StepKind>;

/** Where the steps are too large to be read for a list, the pause tells what a run waits for. */
async function itemFactOfPause(engine: Engine, item: ItemRow): Promise<ItemFact> {
  const pause = item.kind === "pause-timeout" ? await engine.store.pauseById(`${item.runId}/${item.stepId ?? ""}`) : undefined;
  if (pause === undefined) return itemFact(engine, item);
  const options = JSON.stringify({ event: pause.eventName, signal: pause.signal });
  return itemFact(engine, item, {
    name: "",
    kind: KIND_OF_PAUSE[pause.kind],
    queuedAt: pause.createdAt,
    startedAt: pause.createdAt,
    options,
  });
}
