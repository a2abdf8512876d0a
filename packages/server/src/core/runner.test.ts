import { openMemoryStore } from "@pawl/store-memory";
import { expect, test } from "vitest";
import type { EventRow, FunctionRow } from "@pawl/engine";
import { systemClock } from "../ports/clock.ts";
import { silentLogger } from "../ports/logger.ts";
import { systemRandom } from "../ports/random.ts";
import { Engine } from "./engine.ts";

const invoker = { call: async () => ({ kind: "no-response", code: "x", message: "x" }) as const, close: async () => {} };

function eventRow(index: number): EventRow {
  const id = `01K6${String(index).padStart(22, "0")}`;
  const body = JSON.stringify({ data: {}, id, name: "a", ts: 1, user: {} });
  return { id, externalId: id, name: "a", ts: 1, receivedAt: 1, body, isInternal: false, isProcessed: false };
}

const listening: FunctionRow = {
  id: "fn-1",
  appId: "app-1",
  slug: "shop-f",
  name: "f",
  version: 1,
  config: "{}",
  createdAt: 1,
  definition: {
    slug: "shop-f",
    name: "f",
    url: "http://127.0.0.1:1/?fnId=shop-f",
    attemptsMax: 1,
    triggers: [{ kind: "event", event: "a" }],
    concurrency: { step: [] },
    cancelOn: [],
    timeouts: {},
  },
};

test("every event that a crash left unprocessed has its run after a restart, however many there are", async () => {
  const store = openMemoryStore();
  const changes = Array.from({ length: 1_203 }, (_, index) => ({ kind: "insert-event", event: eventRow(index) }) as const);
  await store.apply({ guards: [], changes: [{ kind: "put-function", function: listening }, ...changes] });
  const engine = new Engine({ store, clock: systemClock, random: systemRandom(), logger: silentLogger, invoker, workers: 1 });
  await engine.start();
  expect(await store.unprocessedEvents({ limit: 10 })).toEqual([]);
  expect(await store.history.countRuns({ filter: {}, timeField: "queuedAt", max: 5_000 })).toBe(1_203);
  await engine.stop(0);
});
