/**
 * Random commands on a driver and on the reference: both must answer alike all along and hold the same rows in the end.
 *
 * I1  Generations are compared by what they do, not by their numbers.
 */
import type { Guard } from "@pawl/engine";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Claim, Store } from "../store.ts";
import type { OpenedStore, OpenStore } from "./harness.ts";
import {
  BATCH_IDS,
  CELL_KEYS,
  commands,
  EVENT_IDS,
  RUN_IDS,
  SIGNALS,
  type Command,
  type GuardPlan,
  type SetPlan,
} from "./model-commands.ts";

export type ModelOptions = { readonly open: OpenStore; readonly model: OpenStore; readonly sequences: number };

/** Commands in a sequence are at most 40, of about 1 ms each. */
const TIMEOUT_MS = 60_000;

export function describeAgainstModel({ open, model, sequences }: ModelOptions): void {
  test(
    "property: answers and ends like the reference",
    async () => {
      const property = fc.asyncProperty(commands, async (sequence) => {
        const [actual, expected] = [new Subject(await open()), new Subject(await model())];
        try {
          for (const command of sequence) expect(await actual.run(command)).toEqual(await expected.run(command));
          expect(await actual.dump()).toEqual(await expected.dump());
        } finally {
          await actual.end();
          await expected.end();
        }
      });
      await fc.assert(property, { numRuns: sequences });
    },
    TIMEOUT_MS,
  );
}

/** A store and the claims it gave, by item, newest last. */
class Subject {
  #opened: OpenedStore;
  readonly #disposables: OpenedStore[];
  readonly #claims = new Map<string, Claim[]>();

  constructor(opened: OpenedStore) {
    this.#opened = opened;
    this.#disposables = [opened];
  }

  get #store(): Store {
    return this.#opened.store;
  }

  async run(command: Command): Promise<unknown> {
    switch (command.kind) {
      case "apply":
        return this.#apply(command.sets);
      case "claim":
        return this.#claim(command.itemIds);
      case "release":
        return this.#store.releaseItems([this.#claimOf(command.itemId, command.age)]);
      case "reopen":
        return this.#reopen();
      default:
        return answer(this.#store, command);
    }
  }

  /** All that can be read by id. */
  async dump(): Promise<unknown> {
    const { history } = this.#store;
    const runs = RUN_IDS.map(async (runId) => ({
      state: await this.#store.loadRun(runId),
      detail: await history.runDetail(runId),
      items: await this.#store.itemsOfRun(runId),
      pauses: await Promise.all(["a", "b"].map((id) => this.#store.pauseById(`${runId}/${id}`))),
    }));
    const events = EVENT_IDS.map(async (id) => [await history.eventById(id), await history.runsOfEvents([id])]);
    const signals = SIGNALS.map((signal) => this.#store.pauseBySignal(signal));
    const batches = BATCH_IDS.map(async (id) => [await this.#store.batchEvents(id), await this.#store.itemsOfRun(id)]);
    return {
      runs: await Promise.all(runs),
      events: await Promise.all(events),
      signals: await Promise.all(signals),
      batches: await Promise.all(batches),
      cells: await this.#store.cells(CELL_KEYS),
      outcomes: await history.outcomesOfEvents(EVENT_IDS),
    };
  }

  async end(): Promise<void> {
    for (const opened of this.#disposables) await opened.store.close();
    for (const opened of this.#disposables) await opened.dispose?.();
  }

  async #apply(sets: readonly SetPlan[]): Promise<unknown> {
    const applied = sets.map(({ guards, changes }) => this.#store.apply({ guards: guards.map((plan) => this.#guardOf(plan)), changes }));
    const results = await Promise.allSettled(applied);
    return results.map((result) => {
      if (result.status === "rejected") return String(Reflect.get(Object(result.reason), "code"));
      return result.value.kind === "applied" ? "applied" : result.value.guard.kind;
    });
  }

  async #claim(itemIds: readonly string[]): Promise<readonly string[]> {
    const claims = await this.#store.claimItems(itemIds);
    for (const claim of claims) {
      const earlier = this.#claims.get(claim.itemId) ?? [];
      expect(claim.generation).toBeGreaterThan(earlier.at(-1)?.generation ?? 0);
      this.#claims.set(claim.itemId, [...earlier, claim]);
    }
    return claims.map(({ itemId }) => itemId);
  }

  #claimOf(itemId: string, age: number): Claim {
    return this.#claims.get(itemId)?.at(-1 - age) ?? { itemId, generation: 0 };
  }

  #guardOf(plan: GuardPlan): Guard {
    return plan.kind === "lease" ? { kind: "item-leased", ...this.#claimOf(plan.itemId, plan.age) } : plan;
  }

  async #reopen(): Promise<void> {
    if (this.#opened.reopen === undefined) return;
    this.#opened = await this.#opened.reopen();
    this.#disposables.push(this.#opened);
  }
}

type Question = Exclude<Command, { kind: "apply" | "claim" | "release" | "reopen" }>;

async function answer(store: Store, question: Question): Promise<unknown> {
  switch (question.kind) {
    case "due-lanes":
      return (await store.dueLanes(question.dueBy)).toSorted((a, b) => (a.lane < b.lane ? -1 : 1));
    case "scan":
      return store.scanItems(question.scan);
    case "find-pauses":
      return store.findPauses({ eventName: question.eventName, valueAt: (path) => question.values[path] });
    case "list-runs": {
      const { filter, timeField } = question.query;
      return [await store.history.listRuns(question.query), await store.history.countRuns({ filter, timeField, max: 2 })];
    }
    case "list-events": {
      const { after: _, limit, ...whole } = question.query;
      return [await store.history.listEvents(question.query), await store.history.countEvents({ ...whole, max: limit })];
    }
    case "unprocessed":
      return store.unprocessedEvents({ limit: question.limit });
    case "key":
      return store.runByIdempotencyKey(question);
    case "cells-of-kind":
      return store.cellsOfKind(question.query);
    case "events-of-name":
      return store.eventsOfName(question.query);
    case "purge":
      return store.purge(question.query);
  }
}
