/**
 * Bulk operations: cancels or repeats the runs of a function that match, a page at a time. The rules: engine/flow/bulk.ts.
 *
 * I1  Cancelling a page twice is the same as once, so progress is stored after it; new runs are stored together with the progress.
 */
import {
  type BulkState,
  bulkKeyOf,
  type BulkKind,
  decideCancel,
  type EventRow,
  type ExpressionEvent,
  type FlowPlan,
  flowKeysOf,
  type FunctionRow,
  type ItemRow,
  meetsBulk,
  planBulk,
  planBulkPage,
  planBulkStop,
  planStart,
  type RandomSource,
  type RunRow,
  type StartInput,
} from "@pawl/engine";
import type { RunStatus } from "@pawl/protocol";
import type { Store } from "@pawl/store";
import type { Clock } from "../ports/clock.ts";
import type { Cells } from "./cells.ts";
import type { FlowCommits } from "./flow-commits.ts";
import type { ItemOutcome } from "./queue.ts";
import type { Registry } from "./registry.ts";
import type { Runs } from "./runs.ts";

/** Runs looked at in one page; operations, too. */
const PAGE = 100;

/** New runs each second, where nothing else is asked for. */
const PER_SECOND_DEFAULT = 10;

export type BulkRequest = {
  readonly kind: BulkKind;
  readonly functionId: string;
  readonly from?: number;
  readonly until: number;
  readonly statuses?: readonly RunStatus[];
  readonly condition?: string;
  /** Replays: new runs each second, 1 to 100. Default 10. */
  readonly perSecond?: number;
  /** Time in which it can be undone. Default 0. */
  readonly delayMs?: number;
};

export type Bulk = BulkState & { readonly id: string };

/** `kind`: only these. Operations are kept for a while only, so a page of one kind looks at few of the other. */
export type BulkListQuery = { readonly after?: string; readonly limit: number; readonly kind?: BulkKind };

export type BulksOptions = {
  readonly store: Pick<Store, "cells" | "cellsOfKind" | "history">;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly registry: Registry;
  readonly cells: Cells;
  readonly flowCommits: FlowCommits;
  readonly runs: Runs;
};

const LIVE: readonly RunStatus[] = ["QUEUED", "RUNNING"];
const ENDED: readonly RunStatus[] = ["COMPLETED", "FAILED", "CANCELLED", "SKIPPED"];

export class Bulks {
  readonly #options: BulksOptions;

  constructor(options: BulksOptions) {
    this.#options = options;
  }

  /** Stores an operation; it begins by itself. The request has been checked. */
  async create(request: BulkRequest): Promise<Bulk> {
    const { clock, random, flowCommits } = this.#options;
    const now = clock.now();
    const id = random.ulid(now);
    const { kind, functionId, from, until, statuses = [], condition, perSecond = PER_SECOND_DEFAULT, delayMs = 0 } = request;
    const state: BulkState = {
      kind,
      functionId,
      ...(from === undefined ? {} : { from }),
      until: Math.min(until, now),
      statuses,
      ...(condition === undefined ? {} : { condition }),
      perSecond,
      createdAt: now,
      beginsAt: now + delayMs,
      status: "scheduled",
      seen: 0,
      done: 0,
    };
    const key = bulkKeyOf(id);
    await flowCommits.decide([], () => ({ cellKeys: [key], plan: (plan) => (planBulk(plan, key, state), true) }));
    return { id, ...state };
  }

  /** Undoes or stops one. */
  async stop(id: string): Promise<ReturnType<typeof planBulkStop>> {
    const key = bulkKeyOf(id);
    let result: ReturnType<typeof planBulkStop> = "unknown";
    await this.#options.flowCommits.decide([], () => ({
      cellKeys: [key],
      plan: (plan) => {
        result = planBulkStop(plan, key);
        return true;
      },
    }));
    return result;
  }

  async byId(id: string): Promise<Bulk | undefined> {
    const [cell] = await this.#options.store.cells([bulkKeyOf(id)]);
    return cell === undefined ? undefined : { id, ...(JSON.parse(cell.state) as BulkState) };
  }

  /** Oldest first, after an id. A page has fewer than `limit` only at the end, also where one kind is asked for. */
  async list({ after, limit, kind }: BulkListQuery): Promise<readonly Bulk[]> {
    const found: Bulk[] = [];
    const page = kind === undefined ? limit : Math.max(limit, PAGE);
    let last = after;
    for (;;) {
      const from = last === undefined ? {} : { after: bulkKeyOf(last) };
      const cells = await this.#options.store.cellsOfKind({ kind: "bulk", limit: page, ...from });
      const bulks = cells.map(({ key, state }) => ({ id: key.slice(bulkKeyOf("").length), ...(JSON.parse(state) as BulkState) }));
      found.push(...bulks.filter((bulk) => kind === undefined || bulk.kind === kind));
      last = bulks.at(-1)?.id;
      if (found.length >= limit || bulks.length < page) return found.slice(0, limit);
    }
  }

  /** The last ones that were made, newest first. Reads all of them, a page at a time: they are kept for 30 days only. */
  async newest(limit: number): Promise<readonly Bulk[]> {
    let newest: readonly Bulk[] = [];
    for (;;) {
      const page = await this.list({ limit, ...(newest.length === 0 ? {} : { after: (newest.at(-1) as Bulk).id }) });
      newest = [...newest, ...page].slice(-limit);
      if (page.length < limit) return newest.toReversed();
    }
  }

  /** Does a page. */
  async process(item: ItemRow, generation: number): Promise<ItemOutcome> {
    const { store, flowCommits } = this.#options;
    const key = item.runId;
    const lease = { kind: "item-leased", itemId: item.id, generation } as const;
    const [cell] = await store.cells([key]);
    const state = cell === undefined ? undefined : (JSON.parse(cell.state) as BulkState);
    const page = state === undefined ? EMPTY : await this.#read(state);
    const cancelled = state?.kind === "cancel" ? await this.#cancel(page.matching) : 0;
    const starts = state?.kind === "replay" ? await this.#startsOf(page.matching, key) : [];
    const singletons = starts.flatMap(({ singletonKey }) => singletonKey ?? []);
    const plan = (current: FlowPlan): boolean => {
      const { seen, last, isLast } = page;
      const progress = { seen, isLast, done: cancelled + starts.length, ...(last === undefined ? {} : { last }) };
      if (planBulkPage(current, key, progress)) for (const start of starts) planStart(current, start);
      return true;
    };
    await flowCommits.decide([lease], () => ({ cellKeys: [key, ...singletons], plan }));
    return "decided";
  }

  async #read(state: BulkState): Promise<Page> {
    const { store, clock } = this.#options;
    const { from, until, after, functionId } = state;
    const statuses = state.statuses.length > 0 ? state.statuses : state.kind === "cancel" ? LIVE : ENDED;
    const filter = { functionIds: [functionId], statuses, until, ...(from === undefined ? {} : { from }) };
    const limit = this.#pageOf(state);
    const position = after === undefined ? {} : { after };
    const runs = await store.history.listRuns({ filter, timeField: "queuedAt", order: "asc", limit, ...position });
    const events = new Map<string, ExpressionEvent | undefined>();
    if (state.condition !== undefined)
      for (const { eventIds } of runs) events.set(eventIds[0] ?? "", await this.#eventOf(eventIds[0] ?? ""));
    const matching = runs.filter((run) => meetsBulk(state, { run, event: events.get(run.eventIds[0] ?? ""), now: clock.now() }));
    const last = runs.at(-1);
    return {
      seen: runs.length,
      matching,
      isLast: runs.length < limit,
      ...(last === undefined ? {} : { last: { at: last.queuedAt, id: last.id } }),
    };
  }

  /** A page of a replay makes the runs of a second; where only one run may be under way, one. */
  #pageOf({ kind, perSecond, functionId }: BulkState): number {
    if (kind === "cancel") return PAGE;
    return this.#options.registry.functionById(functionId)?.definition.singleton === undefined ? perSecond : 1;
  }

  async #cancel(runs: readonly RunRow[]): Promise<number> {
    const reason = "Cancelled by a bulk cancellation.";
    const decided = await Promise.all(
      runs.map(({ id }) => this.#options.runs.decide(id, (state, env) => decideCancel(state, { reason }, env))),
    );
    return decided.filter(({ kind }) => kind === "committed").length;
  }

  async #startsOf(runs: readonly RunRow[], bulkId: string): Promise<readonly StartInput[]> {
    const { registry, store, clock } = this.#options;
    const starts: StartInput[] = [];
    for (const run of runs) {
      const row: FunctionRow | undefined = registry.functionById(run.functionId);
      if (row === undefined || row.archivedAt !== undefined) continue;
      const stored = await store.history.eventsByIds(run.eventIds);
      const [first] = stored;
      if (first === undefined) continue;
      const parsed = JSON.parse(first.body) as ExpressionEvent;
      const { singleton } = flowKeysOf(row, { event: parsed, now: clock.now() });
      const events: readonly EventRow[] = stored.map((event) => ({ ...event, ts: 0 }));
      const common = { function: row, events, parsed, rerunOf: run.rerunOf ?? run.id, bulkId };
      starts.push(singleton === undefined ? common : { ...common, singletonKey: singleton });
    }
    return starts;
  }

  async #eventOf(eventId: string): Promise<ExpressionEvent | undefined> {
    const event = await this.#options.store.history.eventById(eventId);
    return event === undefined ? undefined : (JSON.parse(event.body) as ExpressionEvent);
  }
}

type Page = { readonly seen: number; readonly matching: readonly RunRow[]; readonly isLast: boolean; readonly last?: BulkState["after"] };

const EMPTY: Page = { seen: 0, matching: [], isLast: true };
